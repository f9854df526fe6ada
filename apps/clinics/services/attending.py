"""Cancelling, checking in, being seen, not coming; what staff do at the desk, and how they undo it."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.capacity import services as capacity
from apps.clinics import notices
from apps.clinics.errors import (
    AppointmentChanged,
    AppointmentMoveRefused,
    AppointmentUnknown,
    CheckInCodeWrong,
    CheckInTooEarly,
    CheckInTooLate,
    MissTooEarly,
    Overlapping,
    ReasonMissing,
)
from apps.clinics.models import Appointment, BookingRule
from apps.clinics.referral_states import Verb as ReferralVerb
from apps.clinics.selectors import attendance_rule, booking_rule, own_appointment
from apps.clinics.services.booking import appointment_fields, event_write
from apps.clinics.services.referrals import appointment_moved
from apps.clinics.services.striking import strike_add, strike_void
from apps.clinics.states import Actor, AppointmentState, Verb, move_of
from apps.common.times import moment_text
from apps.notifications.services import notice_enqueue

_ROW = ("patient", "slot__session", "department__institution__facility")


def _locked(*own: Q, **by: Any) -> Appointment:
    found: Appointment | None = (
        Appointment.objects.select_for_update(of=("self",)).select_related(*_ROW).filter(*own, **by).first()
    )
    if found is None:
        raise AppointmentUnknown
    return found


def _move(appointment: Appointment, verb: Verb, actor: Actor) -> AppointmentState:
    move = move_of(state=AppointmentState(appointment.state), verb=verb, actor=actor)
    if move is None:
        raise AppointmentMoveRefused(state=str(Appointment.State(appointment.state).label))
    return move.target


def _saved(
    appointment: Appointment, target: AppointmentState, verb: Verb, now: dt.datetime, **who: Any
) -> None:
    before = appointment.state
    appointment.state, appointment.version = target, appointment.version + 1
    try:
        appointment.save()
    except IntegrityError as error:
        # An undo brings it back to life, and meanwhile the patient has a place somewhere else.
        if any(name in str(error) for name in ("patient_in_one_place", "appointment_once_a_day")):
            raise Overlapping from None
        raise
    event_write(appointment, verb, before, now, **who)


def _rule(appointment: Appointment) -> BookingRule:
    return booking_rule(institution_id=appointment.department.institution_id, on=appointment.on)


def appointment_cancel(*, number: str, resident_id: UUID, now: dt.datetime) -> Appointment:
    """Cancel by who booked or by the patient; this function will offer the unit to the next who waits, else let it cool a random time.

    Cancelling later than the institution's rule allows counts as missed where its attendance rule says so.  Cancelling
    what is cancelled changes nothing.  About 15 queries.  Raises AppointmentUnknown, AppointmentMoveRefused.
    """
    with transaction.atomic():
        appointment = _locked(own_appointment(resident_id=resident_id, now=now), number=number)
        if appointment.state == AppointmentState.CANCELLED:
            return appointment
        if appointment.starts_at <= now:
            raise AppointmentMoveRefused(state=str(Appointment.State(appointment.state).label))
        target = _move(appointment, Verb.CANCEL, Actor.PATIENT)
        rule, held = _rule(appointment), appointment.state == AppointmentState.PROPOSED
        _cancelled(appointment, target, rule, now, why="patient", resident_id=resident_id)
        late = now > rule.cancel_until(appointment.starts_at)
        if late and not held:
            attendance = attendance_rule(
                institution_id=appointment.department.institution_id, on=appointment.on
            )
            if attendance is not None and attendance.late_cancel_counts:
                strike_add(appointment=appointment, rule=attendance, now=now)
        if not held:
            _tell(appointment, notices.CANCELLED, "cancelled", now)
        return appointment


def _cancelled(
    appointment: Appointment,
    target: AppointmentState,
    rule: BookingRule,
    now: dt.datetime,
    *,
    why: str,
    **who: Any,
) -> None:
    # Between the two ends nobody knows when: who gives a place back can not hand it to a friend.
    cool_s = rule.cool_min_s + secrets.randbelow(rule.cool_max_s - rule.cool_min_s + 1)
    # Before the row says so: who books another place for the patient meanwhile is refused, not waited for.
    capacity.claim_release(claim_id=appointment.claim_id, why=why, now=now, cool_s=cool_s)
    appointment.ended_why = why
    _saved(appointment, target, Verb.CANCEL, now, **who)
    appointment_moved(appointment_id=appointment.pk, verb=ReferralVerb.UNBOOK, now=now)


def _tell(appointment: Appointment, kind: Any, what: str, now: dt.datetime, **more: str) -> None:
    if appointment.booked_by_id is not None:
        notice_enqueue(
            kind=kind, resident_id=appointment.booked_by_id,
            fields=appointment_fields(appointment, appointment.slot) | more,
            dedup_key=f"appointment:{appointment.pk}:{what}:{appointment.version}", now=now,
        )  # fmt: skip


def check_in(*, number: str, resident_id: UUID, door_code: str, now: dt.datetime) -> Appointment:
    """Check in with the code at the institution's door, within the rule's time; again changes nothing.

    About 6 queries.  Raises AppointmentUnknown, CheckInCodeWrong, CheckInTooEarly (``opens``), CheckInTooLate,
    AppointmentMoveRefused.
    """
    with transaction.atomic():
        appointment = _locked(own_appointment(resident_id=resident_id, now=now), number=number)
        if not secrets.compare_digest(
            appointment.department.institution.door_code.encode(), door_code.encode()
        ):
            raise CheckInCodeWrong(attr="code")
        if appointment.state == AppointmentState.ARRIVED:
            return appointment
        return _arrived(appointment, Actor.PATIENT, now, resident_id=resident_id)


def check_in_by_code(*, code: str, staff: Any, now: dt.datetime) -> Appointment:
    """Check in whoever shows the code of their appointment at the desk.  About 6 queries.  Raises as ``check_in``."""
    with transaction.atomic():
        try:
            appointment = _locked(check_in_code=code)
        except AppointmentUnknown:
            raise CheckInCodeWrong(attr="code") from None
        _staff_check(appointment, staff)
        if appointment.state == AppointmentState.ARRIVED:
            return appointment
        return _arrived(appointment, Actor.STAFF, now, staff=staff)


def _arrived(appointment: Appointment, actor: Actor, now: dt.datetime, **who: Any) -> Appointment:
    target = _move(appointment, Verb.CHECK_IN, actor)
    rule = _rule(appointment)
    opens = appointment.starts_at - dt.timedelta(minutes=rule.check_in_early_min)
    if now < opens:
        raise CheckInTooEarly(opens=moment_text(opens))
    closes = appointment.starts_at + dt.timedelta(minutes=rule.check_in_late_min)
    # Who is late is still let in at the desk; on the phone the time is over.
    if actor is Actor.PATIENT and now > closes:
        raise CheckInTooLate
    appointment.arrived_at = now
    _saved(appointment, target, Verb.CHECK_IN, now, **who)
    return appointment


def _staff_check(appointment: Appointment, staff: Any) -> None:
    institution = appointment.department.institution
    if not staff.is_superuser and institution.department_id not in staff.department_ids:
        raise AppointmentUnknown


def appointment_act(
    *, appointment_id: UUID, staff: Any, verb: Verb, version: int, now: dt.datetime, reason: str = ""
) -> Appointment:
    """Do one act of the table at the desk: check in, seen, did not come, cancel, undo, entered in error.

    ``version``  as the person saw it     ``reason``  needed to cancel, undo and void
    An undo of a missed appointment takes its strike back.  About 10 queries.
    Raises AppointmentUnknown, AppointmentChanged, AppointmentMoveRefused, ReasonMissing, CheckInTooEarly, MissTooEarly.
    """
    with transaction.atomic():
        appointment = _locked(pk=appointment_id)
        _staff_check(appointment, staff)
        if appointment.version != version:
            raise AppointmentChanged
        target = _move(appointment, verb, Actor.STAFF)
        if verb in (Verb.CANCEL, Verb.UNDO, Verb.VOID) and not reason.strip():
            raise ReasonMissing(attr="reason")
        if verb is Verb.CHECK_IN:
            return _arrived(appointment, Actor.STAFF, now, staff=staff)
        if verb is Verb.CANCEL:
            _cancelled(appointment, target, _rule(appointment), now, why="clinic", staff=staff, note=reason)
            _tell(appointment, notices.CANCELLED, "cancelled", now)
            return appointment
        if verb is Verb.MISS and now < appointment.starts_at:
            raise MissTooEarly(begins=moment_text(appointment.starts_at))
        before = appointment.state
        if verb is Verb.VOID:
            capacity.claim_release(claim_id=appointment.claim_id, why="entered_in_error", now=now)
        elif target is AppointmentState.BOOKED:
            appointment.arrived_at = None
        _saved(appointment, target, verb, now, staff=staff, note=reason)
        _consequences(appointment, verb, before, now, reason)
        return appointment


def _consequences(appointment: Appointment, verb: Verb, before: str, now: dt.datetime, reason: str) -> None:
    if verb is Verb.MISS:
        rule = attendance_rule(institution_id=appointment.department.institution_id, on=appointment.on)
        if rule is not None:
            strike_add(appointment=appointment, rule=rule, now=now)
    elif verb is Verb.UNDO and before == AppointmentState.NOSHOW:
        strike_void(appointment_id=appointment.pk, why=reason, now=now)
    elif verb is Verb.VOID:
        appointment_moved(appointment_id=appointment.pk, verb=ReferralVerb.UNBOOK, now=now)
        # Who booked must not come in vain.
        _tell(appointment, notices.CANCELLED, "void", now)
    elif verb is Verb.FULFIL:
        appointment_moved(appointment_id=appointment.pk, verb=ReferralVerb.SEE, now=now)


def noshow_sweep(*, now: dt.datetime, limit: int = 200) -> int:
    """Mark who was booked and did not come, once the session is over; returns how many.

    Only of sessions that took place: when the clinic cancelled nobody could check in.  1 query, about 8 for each.
    """
    over = Appointment.objects.filter(
        state=AppointmentState.BOOKED, session__ends_at__lte=now, session__state="open"
    )
    ids = list(over.order_by("starts_at").values_list("pk", flat=True)[:limit])
    for pk in ids:
        with transaction.atomic():
            appointment = _locked(pk=pk)
            if appointment.state != AppointmentState.BOOKED:
                continue
            target = _move(appointment, Verb.MISS, Actor.CLOCK)
            _saved(appointment, target, Verb.MISS, now)
            _consequences(appointment, Verb.MISS, AppointmentState.BOOKED, now, "")
    return len(ids)
