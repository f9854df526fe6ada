"""What is done with a referral: written, sent, answered, booked, read, reported, referred back down."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.services import access_record
from apps.clinics.models import Appointment, Department, Institution, Patient
from apps.clinics.models.referrals import Referral, ReferralConsent
from apps.clinics.referral_errors import (
    ReferralAnswered,
    ReferralAppointmentWrong,
    ReferralChanged,
    ReferralConsentMissing,
    ReferralMoveRefused,
    ReferralOtherAlliance,
    ReferralReasonMissing,
    ReferralRedirectedOften,
    ReferralUnknown,
)
from apps.clinics.referral_states import (
    FINAL,
    MAX_REDIRECTS,
    WAITING_FOR_SENDER,
    Direction,
    ReferralState,
    Side,
    Urgency,
    Verb,
    move_of,
)
from apps.clinics.selectors import residents_of_patient
from apps.clinics.services.referral_consents import consent_check, consent_write
from apps.clinics.services.referral_parts import (
    MAX_TEXT,
    event_add,
    institution_tell,
    referral_locked,
    referral_moved,
    referral_rows,
    sides_of,
)
from apps.clinics.states import AppointmentState
from apps.common.clock import local
from apps.common.ids import check_digit

# Two of a day may draw the same number: the index says so, and another is drawn.
NUMBER_TRIES = 5
# In which state an appointment is offered to, or booked for, the patient of a referral.
_STANDS = {Verb.OFFER: AppointmentState.PROPOSED, Verb.BOOK: AppointmentState.BOOKED}


def referral_draft(
    *,
    staff: Any,
    patient: Patient,
    sender: Institution,
    receiver: Institution,
    department: Department | None,
    urgency: Urgency,
    reason: str,
    summary: str,
    now: dt.datetime,
    original: Referral | None = None,
) -> Referral:
    """Write a referral that nobody else reads yet; this function will refuse institutions of different alliances.

    ``reason``, ``summary``  at most 2,000 characters each, encrypted
    ``original``             the referral up that this one answers; it keeps its number
    4 queries.  Raises ReferralOtherAlliance, ReferralAnswered, ReferralReasonMissing.
    """
    if not reason.strip():
        raise ReferralReasonMissing(attr="reason")
    if sender.alliance_id is None or sender.alliance_id != receiver.alliance_id or sender.pk == receiver.pk:
        raise ReferralOtherAlliance(attr="receiver")
    if department is not None and department.institution_id != receiver.pk:
        raise ReferralOtherAlliance(attr="department")
    direction = Direction.UP if original is None else Direction.DOWN
    referral = Referral(
        direction=direction, original=original, patient=patient, sender=sender, receiver=receiver,
        department=department, urgency=urgency, reason=reason[:MAX_TEXT], summary=summary[:MAX_TEXT],
        created_by=staff, created_at=now, number=original.number if original else "",
    )  # fmt: skip
    for left in reversed(range(NUMBER_TRIES)):
        if original is None:
            referral.number = _number(now)
        try:
            with transaction.atomic():
                referral.save(force_insert=True)
                event_add(referral, verb="draft", now=now, staff=staff)
            break
        except IntegrityError as error:
            if original is not None:
                raise ReferralAnswered from error
            if not left or "referral_number_once" not in str(error):
                raise
    return referral


def _number(now: dt.datetime) -> str:
    """Return ``ZZ`` + day + 6 digits drawn + check digit: said on the telephone, a wrong digit shows."""
    digits = f"{local(now):%y%m%d}{secrets.randbelow(1_000_000):06d}"
    return f"ZZ{digits}{check_digit(digits)}"


def referral_act(
    *,
    referral_id: UUID,
    staff: Any,
    verb: Verb,
    version: int,
    now: dt.datetime,
    text: str = "",
    receiver: Institution | None = None,
    consent_note: str = "",
    appointment_id: UUID | None = None,
) -> Referral:
    """Do one act of the table on a referral, by staff of either side; this function will write all of it or nothing.

    ``version``       as the person saw it; another one is refused
    ``text``          the words where the act needs some; of a report they are the report
    ``receiver``      to whom it is redirected; ``consent_note``  how the patient agreed to that
    ``appointment_id``  booked for the patient (BOOK) or kept for them (OFFER)
    About 12 queries.  Raises ReferralUnknown, ReferralChanged, ReferralMoveRefused, ReferralReasonMissing,
    ReferralConsentMissing, ReferralOtherAlliance, ReferralRedirectedOften, ReferralAppointmentWrong.
    """
    with transaction.atomic():
        referral = referral_locked(referral_id)
        if referral.version != version:
            raise ReferralChanged
        sides = sides_of(referral, staff)
        state = ReferralState(referral.state)
        move = next(
            (one for side in sides if (one := move_of(state=state, verb=verb, side=side)) is not None), None
        )
        if move is None:
            raise ReferralMoveRefused(state=referral.get_state_display())
        if move.reason and not text.strip():
            raise ReferralReasonMissing(attr="text")
        if verb is Verb.SEND:
            consent_check(referral)
        if verb is Verb.REDIRECT:
            _redirect(referral, receiver, consent_note, staff, now)
        if verb is Verb.REPORT:
            referral.report = text[:MAX_TEXT]
        if verb in (Verb.OFFER, Verb.BOOK):
            if appointment_id is None:
                raise ReferralReasonMissing(attr="appointment")
            referral.appointment_id = _appointment_for(referral, verb, appointment_id)
        referral_moved(referral, move.target, verb, now, staff=staff, text=text)
        _both_tell(referral, move.side, verb, now)
        return referral


def referral_refer_down(
    *, referral_id: UUID, staff: Any, version: int, reason: str, summary: str, now: dt.datetime
) -> Referral:
    """Answer a reported referral with one back down; this function will keep its number and its patient's consent apart.

    The new one needs the patient's consent like any other.  About 14 queries.  Raises as ``referral_act``, ReferralAnswered.
    """
    with transaction.atomic():
        referral = referral_act(
            referral_id=referral_id, staff=staff, verb=Verb.REFER_DOWN, version=version, now=now
        )
        return referral_draft(
            staff=staff, patient=referral.patient, sender=referral.receiver, receiver=referral.sender, department=None,
            urgency=Urgency.ROUTINE, reason=reason, summary=summary, now=now, original=referral,
        )  # fmt: skip


def appointment_moved(*, appointment_id: UUID, verb: Verb, now: dt.datetime) -> None:
    """Let a referral follow its appointment: seen, or free again for another one (SEE, UNBOOK, BOOK by the patient).

    Called by the services of appointments in their transaction.  1 query where no referral hangs on it, else 4.
    """
    referral = Referral.objects.select_for_update(of=("self",)).filter(appointment_id=appointment_id).first()
    if referral is None or referral.state in FINAL:
        return
    side = Side.PATIENT if verb is Verb.BOOK else Side.APPOINTMENT
    move = move_of(state=ReferralState(referral.state), verb=verb, side=side)
    if move is None:
        return
    if verb is Verb.UNBOOK:
        referral.appointment = None
    referral_moved(referral, move.target, verb, now, text="")


def referral_read(*, referral_id: UUID, staff: Any, reason: str, now: dt.datetime) -> Referral:
    """Return a referral with its texts; this function will record the look first, and show nothing without consent.

    Recorded with its reason in the access log of each resident who may act for the patient, and in the referral's own
    entries: of a patient whom nobody here acts for there only.

    Staff of the sender read it; staff of the receiver while the patient's consent stands.  5 queries.
    Raises ReferralUnknown, ReferralConsentMissing.
    """
    with transaction.atomic():
        referral: Referral | None = referral_rows().filter(pk=referral_id).first()
        if referral is None:
            raise ReferralUnknown
        sides = sides_of(referral, staff)
        if Side.SENDER not in sides:
            consent_check(referral)
        for resident_id in residents_of_patient(patient_id=referral.patient_id, now=now):
            access_record(
                staff=staff, resident_id=resident_id, subject=referral.number, data="referral", reason=reason, now=now
            )  # fmt: skip
        event_add(referral, verb="read", now=now, staff=staff, text=reason)
    return referral


def referrals_remind(*, now: dt.datetime, limit: int = 200) -> int:
    """Tell the staff who must act that a referral is late, once for each state it is in; returns how many.

    1 query and 4 for each, each in a transaction of its own.
    """
    late = Referral.objects.filter(due_at__lte=now, reminded_at=None).order_by("due_at")
    ids = list(late.values_list("pk", flat=True)[:limit])
    for pk in ids:
        with transaction.atomic():
            referral = referral_locked(pk)
            if referral.reminded_at is None and referral.due_at is not None and referral.due_at <= now:
                Referral.objects.filter(pk=pk).update(reminded_at=now)
                institution_tell(referral, _acting(referral), "late", now)
    return len(ids)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _redirect(
    referral: Referral, receiver: Institution | None, consent_note: str, staff: Any, now: dt.datetime
) -> None:
    if referral.redirects >= MAX_REDIRECTS:
        raise ReferralRedirectedOften(limit=MAX_REDIRECTS)
    if (
        receiver is None
        or receiver.alliance_id != referral.sender.alliance_id
        or receiver.pk in (referral.sender_id, referral.receiver_id)
    ):
        raise ReferralOtherAlliance(attr="receiver")
    if not consent_note.strip():
        raise ReferralConsentMissing(attr="consent_note", receiver=str(receiver))
    consent_write(referral, receiver, now, resident_id=None, staff=staff, note=consent_note)
    ReferralConsent.objects.filter(
        referral=referral, receiver_id=referral.receiver_id, withdrawn_at=None
    ).update(withdrawn_at=now)
    referral.receiver, referral.department = receiver, None
    referral.redirects += 1


def _appointment_for(referral: Referral, verb: Verb, appointment_id: UUID) -> UUID:
    """Return the appointment, held: the patient's own, at the receiver, and not called off.  1 query."""
    found = Appointment.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk=appointment_id, patient_id=referral.patient_id, department__institution_id=referral.receiver_id,
        state=_STANDS[verb],
    )  # fmt: skip
    if found.values_list("pk", flat=True).first() is None:
        raise ReferralAppointmentWrong(attr="appointment")
    return appointment_id


def _acting(referral: Referral) -> Institution:
    return referral.sender if referral.state in WAITING_FOR_SENDER else referral.receiver


def _both_tell(referral: Referral, side: Side, verb: Verb, now: dt.datetime) -> None:
    other = referral.receiver if side is Side.SENDER else referral.sender
    institution_tell(referral, other, verb.value, now)
