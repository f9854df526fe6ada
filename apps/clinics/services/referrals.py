"""Every write of a referral: written, agreed to, sent, answered, booked, reported, referred back, withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.accounts.services import access_record
from apps.accounts.states import Role
from apps.clinics.models import Department, Institution, Patient
from apps.clinics.models.referrals import Referral, ReferralConsent, ReferralEvent, ReferralTerm
from apps.clinics.referral_errors import (
    ReferralAnswered,
    ReferralChanged,
    ReferralConsentMissing,
    ReferralMoveRefused,
    ReferralOtherAlliance,
    ReferralReasonMissing,
    ReferralRedirectedOften,
    ReferralUnknown,
)
from apps.clinics.referral_notices import ASKED, MOVED, staff_text
from apps.clinics.referral_states import (
    FINAL,
    MAX_REDIRECTS,
    Direction,
    ReferralState,
    Side,
    Urgency,
    Verb,
    move_of,
)
from apps.common.ids import check_digit
from apps.notifications.services import StaffTold, notice_enqueue, staff_tell

# The other side must read a whole case in a minute: what is longer belongs to the hospital's own records.
MAX_TEXT = 2000


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
    if original is None:
        referral.number = _number(referral.pk, now)
    try:
        with transaction.atomic():
            referral.save(force_insert=True)
            _event(referral, verb="draft", now=now, staff=staff)
    except IntegrityError as error:
        if original is None:
            raise
        raise ReferralAnswered from error
    return referral


def _number(pk: UUID, now: dt.datetime) -> str:
    """Return ``ZZ`` + day + 6 digits of the identifier + check digit: said on the telephone, a wrong digit shows."""
    digits = f"{now:%y%m%d}{pk.int % 1_000_000:06d}"
    return f"ZZ{digits}{check_digit(digits)}"


def referral_ask(*, referral_id: UUID, staff: Any, now: dt.datetime) -> int:
    """Ask the patient, or who may act for them, to agree on the phone; returns how many residents were asked.

    About 5 queries.  Raises ReferralUnknown.
    """
    with transaction.atomic():
        referral = _locked(referral_id)
        _side_check(referral, staff, Side.SENDER)
        residents = _residents_of(referral.patient_id, now)
        for resident_id in residents:
            notice_enqueue(
                kind=ASKED, resident_id=resident_id,
                fields={
                    "number": referral.number, "sender": str(referral.sender), "receiver": str(referral.receiver),
                    "referral_id": str(referral.pk),
                },
                dedup_key=f"referral:{referral.pk}:ask:{referral.receiver_id}:{resident_id}", now=now,
            )  # fmt: skip
        _event(referral, verb="ask", now=now, staff=staff)
    return len(residents)


def consent_give(
    *, referral_id: UUID, now: dt.datetime, resident_id: UUID | None = None, staff: Any = None, note: str = ""
) -> ReferralConsent:
    """Record that the patient agrees that the receiver reads the referral; the same again changes nothing.

    Either ``resident_id``, who agreed on the phone and must have access to the patient, or ``staff``, who saw it on paper
    (``note`` says how).  About 6 queries.  Raises ReferralUnknown (also for who has no access), ReferralReasonMissing.
    """
    with transaction.atomic():
        referral = _locked(referral_id)
        if resident_id is not None and resident_id not in _residents_of(referral.patient_id, now):
            raise ReferralUnknown
        if staff is not None:
            _side_check(referral, staff, Side.SENDER)
            if not note.strip():
                raise ReferralReasonMissing(attr="note")
        return _consent(referral, referral.receiver, now, resident_id=resident_id, staff=staff, note=note)


def _consent(
    referral: Referral,
    receiver: Institution,
    now: dt.datetime,
    *,
    resident_id: UUID | None,
    staff: Any,
    note: str,
) -> ReferralConsent:
    found = ReferralConsent.objects.filter(referral=referral, receiver=receiver, withdrawn_at=None).first()
    if found is not None:
        return found
    consent = ReferralConsent.objects.create(
        referral=referral,
        receiver=receiver,
        resident_id=resident_id,
        witness=staff,
        note=note[:120],
        given_at=now,
    )
    _event(referral, verb="consent", now=now, staff=staff, resident_id=resident_id)
    if resident_id is not None:
        _staff_of_tell(referral, referral.sender, "consent", now)
    return consent


def consent_withdraw(*, referral_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Take the consent back; this function will cancel what has not been seen yet, and hide the texts from the receiver.

    What the receiver has read can not be unread; that it was read stands in the access log.  About 8 queries.
    Raises ReferralUnknown.
    """
    with transaction.atomic():
        referral = _locked(referral_id)
        if resident_id not in _residents_of(referral.patient_id, now):
            raise ReferralUnknown
        if not ReferralConsent.objects.filter(referral=referral, withdrawn_at=None).exists():
            return
        move = move_of(state=ReferralState(referral.state), verb=Verb.CANCEL, side=Side.PATIENT)
        if move is not None:
            _moved(referral, move.target, Verb.CANCEL, now, resident_id=resident_id, text="")
        ReferralConsent.objects.filter(referral=referral, withdrawn_at=None).update(withdrawn_at=now)
        _event(referral, verb="withdraw", now=now, resident_id=resident_id)
        _staff_of_tell(referral, referral.receiver, "withdraw", now)


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
    ReferralConsentMissing, ReferralOtherAlliance, ReferralRedirectedOften.
    """
    with transaction.atomic():
        referral = _locked(referral_id)
        if referral.version != version:
            raise ReferralChanged
        sides = _sides_of(referral, staff)
        state = ReferralState(referral.state)
        move = next(
            (one for side in sides if (one := move_of(state=state, verb=verb, side=side)) is not None), None
        )
        if move is None:
            raise ReferralMoveRefused(state=referral.get_state_display())
        if move.reason and not text.strip():
            raise ReferralReasonMissing(attr="text")
        if verb is Verb.SEND:
            _consent_check(referral)
        if verb is Verb.REDIRECT:
            _redirect(referral, receiver, consent_note, staff, now)
        if verb is Verb.REPORT:
            referral.report = text[:MAX_TEXT]
        if verb in (Verb.OFFER, Verb.BOOK):
            if appointment_id is None:
                raise ReferralReasonMissing(attr="appointment")
            referral.appointment_id = appointment_id
        _moved(referral, move.target, verb, now, staff=staff, text=text)
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
    _moved(referral, move.target, verb, now, text="")


def referral_read(*, referral_id: UUID, staff: Any, reason: str, now: dt.datetime) -> Referral:
    """Return a referral with its texts; this function will record the look first, and show nothing without consent.

    Staff of the sender read it; staff of the receiver while the patient's consent stands.  5 queries.
    Raises ReferralUnknown, ReferralConsentMissing.
    """
    with transaction.atomic():
        referral = _referrals().filter(pk=referral_id).first()
        if referral is None:
            raise ReferralUnknown
        sides = _sides_of(referral, staff)
        if Side.SENDER not in sides:
            _consent_check(referral)
        for resident_id in _residents_of(referral.patient_id, now):
            access_record(
                staff=staff, resident_id=resident_id, subject=referral.number, data="referral", reason=reason, now=now
            )  # fmt: skip
        _event(referral, verb="read", now=now, staff=staff)
    return referral


def referrals_remind(*, now: dt.datetime, limit: int = 200) -> int:
    """Tell the staff who must act that a referral is late, once for each state it is in; returns how many.

    1 query and 4 for each, each in a transaction of its own.
    """
    late = Referral.objects.filter(due_at__lte=now, reminded_at=None).order_by("due_at")
    ids = list(late.values_list("pk", flat=True)[:limit])
    for pk in ids:
        with transaction.atomic():
            referral = _locked(pk)
            if referral.reminded_at is None and referral.due_at is not None and referral.due_at <= now:
                Referral.objects.filter(pk=pk).update(reminded_at=now)
                _staff_of_tell(referral, _acting(referral), "late", now)
    return len(ids)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _referrals() -> Any:
    return Referral.objects.select_related("sender__facility", "receiver__facility", "patient", "department")


def _locked(referral_id: UUID) -> Referral:
    referral: Referral | None = _referrals().select_for_update(of=("self",)).filter(pk=referral_id).first()
    if referral is None:
        raise ReferralUnknown
    return referral


def _sides_of(referral: Referral, staff: Any) -> list[Side]:
    """Return the sides that ``staff`` works for.  Raises ReferralUnknown for neither."""
    sides = [
        side
        for side, institution in ((Side.SENDER, referral.sender), (Side.RECEIVER, referral.receiver))
        if staff.is_superuser or institution.department_id in staff.department_ids
    ]
    if not sides:
        raise ReferralUnknown
    return sides


def _side_check(referral: Referral, staff: Any, side: Side) -> None:
    if side not in _sides_of(referral, staff):
        raise ReferralUnknown


def _consent_check(referral: Referral) -> None:
    if not ReferralConsent.objects.filter(
        referral=referral, receiver_id=referral.receiver_id, withdrawn_at=None
    ).exists():
        raise ReferralConsentMissing(receiver=str(referral.receiver))


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
    _consent(referral, receiver, now, resident_id=None, staff=staff, note=consent_note)
    ReferralConsent.objects.filter(
        referral=referral, receiver_id=referral.receiver_id, withdrawn_at=None
    ).update(withdrawn_at=now)
    referral.receiver, referral.department = receiver, None
    referral.redirects += 1


def _moved(
    referral: Referral,
    target: ReferralState,
    verb: Verb,
    now: dt.datetime,
    *,
    text: str,
    staff: Any = None,
    resident_id: UUID | None = None,
) -> None:
    """Write the new state with its term, the entry, and tell the patient what concerns them."""
    referral.state = target
    referral.version += 1
    referral.due_at, referral.reminded_at = _due(referral, target, now), None
    referral.closed_at = now if target in FINAL else None
    referral.save()
    _event(referral, verb=verb, now=now, staff=staff, resident_id=resident_id, text=text)
    if verb in _PATIENT_HEARS:
        for one in _residents_of(referral.patient_id, now):
            notice_enqueue(
                kind=MOVED, resident_id=one,
                fields={
                    "number": referral.number, "state": referral.get_state_display(), "receiver": str(referral.receiver),
                    "referral_id": str(referral.pk),
                },
                dedup_key=f"referral:{referral.pk}:{referral.version}:{one}", now=now,
            )  # fmt: skip


_PATIENT_HEARS = frozenset(
    {Verb.SEND, Verb.ACCEPT, Verb.RETURN, Verb.REDIRECT, Verb.ADVISE, Verb.OFFER, Verb.REPORT, Verb.CANCEL}
)


def _due(referral: Referral, state: ReferralState, now: dt.datetime) -> dt.datetime | None:
    """Return when whoever must act in ``state`` is late by the terms in force, None where no term is set.  1 query."""
    term = (
        ReferralTerm.objects.filter(urgency=referral.urgency, state=state, valid_from__lte=now.date())
        .order_by("-valid_from")
        .first()
    )
    return None if term is None else now + dt.timedelta(hours=term.hours)


def _event(
    referral: Referral,
    *,
    verb: str,
    now: dt.datetime,
    staff: Any = None,
    resident_id: UUID | None = None,
    text: str = "",
) -> None:
    ReferralEvent.objects.create(
        referral=referral, verb=str(verb), state=referral.state, text=text[:MAX_TEXT] or None, staff=staff,
        resident_id=resident_id, at=now,
    )  # fmt: skip


def _residents_of(patient_id: Any, now: dt.datetime) -> list[UUID]:
    """Return the residents who may act for a patient now.  1 query."""
    from apps.clinics.selectors import residents_of_patient

    return residents_of_patient(patient_id=patient_id, now=now)


def _acting(referral: Referral) -> Institution:
    return (
        referral.sender
        if referral.state in (ReferralState.REPORTED, ReferralState.RETURNED)
        else referral.receiver
    )


def _both_tell(referral: Referral, side: Side, verb: Verb, now: dt.datetime) -> None:
    other = referral.receiver if side is Side.SENDER else referral.sender
    _staff_of_tell(referral, other, verb.value, now)


def _staff_of_tell(referral: Referral, institution: Institution, event: str, now: dt.datetime) -> None:
    """Tell the staff of an institution's unit; nobody where it has no unit here.  2 queries."""
    if institution.department_id is None:
        return
    found = accounts.staff_to_tell(unit_ids=[institution.department_id], roles=[Role.SERVICE_OPERATOR])
    ids = frozenset[int]().union(*found.values())
    title, body = staff_text(event, referral.number, referral.get_state_display())
    staff_tell(
        told=[
            StaffTold(
                kind="clinics.referral", staff_ids=ids, title=title, text=body,
                path=f"/admin/clinics/referral/{referral.pk}/change/",
                dedup_key=f"referral:{referral.pk}:{event}:{referral.version}",
            )
        ],
        now=now,
    )  # fmt: skip
