"""Holding and booking: one claim of the kernel, one appointment, one notice, in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.capacity import services as capacity
from apps.capacity.errors import CapacityClosed, CapacityFull, CapacityNotOpen, CapacityUnknown, ClaimExpired
from apps.clinics import notices
from apps.clinics.errors import (
    AgeRefused,
    AppointmentUnknown,
    BookingRestricted,
    HoldExpired,
    Overlapping,
    SessionSuspended,
    SlotFull,
    SlotNotReleased,
    SlotOver,
    SlotUnknown,
)
from apps.clinics.models import Appointment, AppointmentEvent, Department, Patient, Restriction, Slot
from apps.clinics.numbers import check_in_code_new, number_next
from apps.clinics.selectors import Booker, booker_of, booking_rule, patient_hold, slot_get
from apps.clinics.services.holds import holds_end
from apps.clinics.services.patients import PatientDraft, patient_at_counter
from apps.clinics.states import AppointmentState, Channel, Verb
from apps.common.clock import local
from apps.common.ids import uuid7
from apps.common.times import moment_text
from apps.common.writing import rows_insert
from apps.notifications.services import notice_enqueue

PUBLIC, ELDERLY = "public", "elderly"
POOL_OF = {Channel.APP: PUBLIC, Channel.COUNTER: "counter", Channel.REFERRAL: "referral"}


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment with the slot it stands on, both as written."""

    appointment: Appointment
    slot: Slot


def hold_make(*, slot_id: UUID, patient_id: UUID, resident_id: UUID, now: dt.datetime) -> Appointment:
    """Keep a slot for a patient while they decide; this function will let it go by itself when its time has passed.

    About 10 queries.  Raises as ``appointment_book``.
    """
    with transaction.atomic():
        slot = slot_get(slot_id=slot_id)
        institution = slot.session.department.institution
        rule = booking_rule(institution_id=institution.pk, on=local(now).date())
        until = min(now + dt.timedelta(seconds=rule.hold_s), slot.starts_at)
        booker = booker_of(
            patient_id=patient_id, resident_id=resident_id, institution_id=institution.pk, now=now
        )
        return _make(slot, booker, Channel.APP, now, until=until, resident_id=resident_id).appointment


def appointment_book(
    *, slot_id: UUID, patient_id: UUID, resident_id: UUID, now: dt.datetime, reason: str = ""
) -> Booked:
    """Book a slot for a patient by a resident who may act for them; this function will write all of it or nothing.

    ``reason``  why they come, at most 200 characters, encrypted
    Runs in the caller's transaction or its own.  6 queries and a savepoint; one more for each 20th of a process (its
    number), and where units are kept for the elderly.
    Raises SlotUnknown, SlotOver, SlotNotReleased (``release_at``), SlotFull (``waitlist``), SessionSuspended,
    PatientUnknown, AgeRefused, BookingRestricted, Overlapping.
    """
    with transaction.atomic(savepoint=False):
        slot = slot_get(slot_id=slot_id)
        booker = booker_of(
            patient_id=patient_id, resident_id=resident_id,
            institution_id=slot.session.department.institution_id, now=now,
        )  # fmt: skip
        booked = _make(slot, booker, Channel.APP, now, resident_id=resident_id, reason=reason)
        booked_tell(booked.appointment, slot, now)
        return booked


def appointment_book_by_staff(
    *, slot_id: UUID, patient_id: UUID, staff: Any, channel: Channel, now: dt.datetime, reason: str = ""
) -> Booked:
    """Book at the counter or for a referral, from that pool; a slot that runs already can still be given at the counter.

    By staff of the institution only.  Restrictions keep nobody away who stands there or was referred.
    About 9 queries.  Raises as ``appointment_book``.
    """
    with transaction.atomic():
        slot = slot_get(slot_id=slot_id)
        institution = slot.session.department.institution
        if not staff.is_superuser and institution.department_id not in staff.department_ids:
            raise SlotUnknown(attr="slot")
        booker = booker_of(patient_id=patient_id, resident_id=None, institution_id=institution.pk, now=now)
        booked = _make(
            slot, Booker(booker.patient, None, booker.stale_hold), channel, now, staff=staff, reason=reason
        )
        booked_tell(booked.appointment, slot, now)
        return booked


def walk_in(*, slot_id: UUID, draft: PatientDraft, staff: Any, now: dt.datetime) -> Booked:
    """Book whoever stands at the counter with a card, known here or not; this function will write both or nothing.

    About 12 queries.  Raises as ``appointment_book`` and ``patient_at_counter``, SlotUnknown for another institution's.
    """
    with transaction.atomic():
        institution = slot_get(slot_id=slot_id).session.department.institution
        if not staff.is_superuser and institution.department_id not in staff.department_ids:
            raise SlotUnknown(attr="slot")
        patient = patient_at_counter(draft=draft, now=now)
        return appointment_book_by_staff(
            slot_id=slot_id, patient_id=patient.pk, staff=staff, channel=Channel.COUNTER, now=now
        )


def hold_book(*, hold_id: UUID, resident_id: UUID, now: dt.datetime, reason: str = "") -> Booked:
    """Make a hold an appointment.  5 queries.  Raises AppointmentUnknown, HoldExpired."""
    with transaction.atomic():
        held = (
            Appointment.objects.select_for_update(of=("self",))
            .filter(pk=hold_id, booked_by_id=resident_id)
            .first()
        )
        if held is None:
            raise AppointmentUnknown(attr="hold")
        if held.state == AppointmentState.BOOKED:
            return Booked(held, slot_get(slot_id=held.slot_id))
        if held.state != AppointmentState.PROPOSED or held.hold_until is None or held.hold_until <= now:
            raise HoldExpired(attr="hold")
        try:
            capacity.claim_confirm(claim_id=held.claim_id, now=now)
        except ClaimExpired:
            raise HoldExpired(attr="hold") from None
        slot = slot_get(slot_id=held.slot_id)
        held.state, held.hold_until, held.version = AppointmentState.BOOKED, None, held.version + 1
        if reason:
            held.reason = reason[:200]
        held.save()
        event_write(held, Verb.BOOK, AppointmentState.PROPOSED, now, resident_id=resident_id)
        booked_tell(held, slot, now)
        return Booked(held, slot)


def offer_book(
    *, entry_id: UUID, slot: Slot, patient_id: UUID, resident_id: UUID, now: dt.datetime
) -> Appointment:
    """Book on the offer that a waiting list made to ``entry_id``.  9 queries.

    Raises the kernel's OfferGone, Overlapping, AgeRefused, BookingRestricted, SessionSuspended, PatientUnknown.
    """
    booker = booker_of(
        patient_id=patient_id,
        resident_id=resident_id,
        institution_id=slot.session.department.institution_id,
        now=now,
    )
    _may(slot, booker, Channel.APP, now)
    if booker.stale_hold:
        holds_end(patient_id=patient_id, now=now)
    appointment = _row(slot, booker.patient, Channel.APP, now, resident_id=resident_id)
    appointment.claim_id = capacity.offer_accept(entry_id=entry_id, now=now).id
    _write(appointment, now, booker, resident_id=resident_id)
    booked_tell(appointment, slot, now)
    return appointment


def rebook_row(*, instead_of: Appointment, slot: Slot, until: dt.datetime, now: dt.datetime) -> Appointment:
    """Keep ``slot`` for the patient of an appointment that the clinic cancelled; once for each.  4 queries and a savepoint.

    Raises the kernel's CapacityFull, SessionSuspended, and IntegrityError where the patient is somewhere else then.
    """
    patient_hold(patient_id=instead_of.patient_id)
    session_hold(slot=slot)
    holds_end(patient_id=instead_of.patient_id, now=now)
    offered = _row(slot, instead_of.patient, Channel.APP, now, resident_id=instead_of.booked_by_id)
    offered.state, offered.hold_until, offered.instead_of = AppointmentState.PROPOSED, until, instead_of
    offered.claim_id = capacity.unit_take(
        capacity_id=slot.capacity_id, owner=f"clinics.patient:{offered.patient_id}", now=now, until=until,
        idempotency_key=f"clinics.rebook:{instead_of.pk}:{slot.pk}",
    ).id  # fmt: skip
    event = AppointmentEvent(
        appointment=offered, verb=Verb.HOLD, source="", target=offered.state, note="suspended", at=now
    )
    rows_insert(offered, event)
    return offered


# --- Parts ----------------------------------------------------------------------------------------------------------


def _make(
    slot: Slot,
    booker: Booker,
    channel: Channel,
    now: dt.datetime,
    *,
    until: dt.datetime | None = None,
    resident_id: UUID | None = None,
    staff: Any = None,
    reason: str = "",
) -> Booked:
    """Take the unit and write the appointment: proposed where it is kept ``until`` a moment, booked else."""
    _may(slot, booker, channel, now)
    appointment = _row(slot, booker.patient, channel, now, resident_id=resident_id)
    appointment.hold_until = until
    appointment.state = AppointmentState.PROPOSED if until else AppointmentState.BOOKED
    appointment.reason = reason[:200] or None
    if booker.stale_hold:
        holds_end(patient_id=booker.patient.pk, now=now)
    appointment.claim_id = _claim(slot, appointment, channel, now, until)
    _write(appointment, now, booker, resident_id=resident_id, staff=staff)
    return Booked(appointment, slot)


def _may(slot: Slot, booker: Booker, channel: Channel, now: dt.datetime) -> None:
    department = slot.session.department
    ends = slot.ends_at if channel is Channel.COUNTER else slot.starts_at
    if ends <= now:
        raise SlotOver(attr="slot")
    session_hold(slot=slot)
    day = local(slot.starts_at).date()
    age_check(department=department, patient=booker.patient, first_on=day, last_on=day)
    restriction_check(booker=booker)


def restriction_check(*, booker: Booker) -> None:
    """Refuse who may not book at the institution for now.  Raises BookingRestricted."""
    held = booker.restriction
    if held is not None:
        raise BookingRestricted(
            until=held.until_on.isoformat(), reason=restriction_text(held), appeal=held.appeal == "none",
            restriction=str(held.pk),
        )  # fmt: skip


_SESSION_HOLD = "SELECT state FROM clinics_clinicsession WHERE id = %s FOR SHARE"


def session_hold(*, slot: Slot) -> None:
    """Keep the slot's session from being suspended until the transaction ends.  1 query.  Raises SessionSuspended.

    Who suspends waits for those who book, so that nobody is missed.  Locks stand in one order everywhere: patient,
    session, appointment, then the kernel's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SESSION_HOLD, [slot.session_id])
        if cursor.fetchone() != ("open",):
            raise SessionSuspended(attr="slot")


def restriction_text(held: Restriction) -> str:
    """Return why someone is restricted, in words."""
    return _("%(count)s missed appointments within %(days)s days at %(place)s") % {
        "count": held.rule.strikes, "days": held.rule.window_days, "place": held.institution.facility.name,
    }  # fmt: skip


def age_check(*, department: Department, patient: Patient, first_on: dt.date, last_on: dt.date) -> None:
    """Refuse whom a department is not for on any of these days.  Raises AgeRefused."""
    low, high = department.min_age, department.max_age
    if (low is not None and patient.age_on(last_on) < low) or (
        high is not None and patient.age_on(first_on) > high
    ):
        raise AgeRefused(attr="patient", ages=f"{low or 0}–{high if high is not None else ''}")


def _row(
    slot: Slot, patient: Patient, channel: Channel, now: dt.datetime, *, resident_id: UUID | None
) -> Appointment:
    return Appointment(
        id=uuid7(), number=number_next(on=local(now).date()), patient=patient, slot=slot, session=slot.session,
        department=slot.session.department, on=slot.session.on, starts_at=slot.starts_at, ends_at=slot.ends_at,
        state=AppointmentState.BOOKED, channel=channel, booked_by_id=resident_id, check_in_code=check_in_code_new(),
        created_at=now,
    )  # fmt: skip


def _pools(slot: Slot, patient: Patient, channel: Channel, now: dt.datetime) -> tuple[str, ...]:
    """Return the pools to look into, in order.  1 query where some units are kept for the elderly."""
    session, own = slot.session, POOL_OF[channel]
    if own != PUBLIC:
        return own, PUBLIC
    if session.template is not None and ELDERLY in session.template.pools:
        rule = booking_rule(institution_id=session.department.institution_id, on=session.on)
        if patient.age_on(session.on) >= rule.elderly_from:
            return ELDERLY, PUBLIC
    return (PUBLIC,)


def _claim(
    slot: Slot, appointment: Appointment, channel: Channel, now: dt.datetime, until: dt.datetime | None
) -> UUID:
    """Take a unit of the pool that comes first for this patient and channel, else a public one."""
    for pool in _pools(slot, appointment.patient, channel, now):
        try:
            return capacity.unit_take(
                capacity_id=slot.capacity_id, pool=pool, owner=f"clinics.patient:{appointment.patient_id}",
                idempotency_key=f"clinics.appointment:{appointment.pk}", now=now, until=until,
            ).id  # fmt: skip
        except (CapacityFull, CapacityUnknown):
            continue
        except CapacityNotOpen as error:
            raise SlotNotReleased(
                attr="slot", release_at=local(error.facts["opens_at"]).isoformat()
            ) from None
        except CapacityClosed:
            raise SessionSuspended(attr="slot") from None
    raise SlotFull(attr="slot", waitlist=True)


def _write(
    appointment: Appointment, now: dt.datetime, booker: Booker, *, resident_id: UUID | None, staff: Any = None
) -> None:
    """Insert the appointment with its first entry; two places at once are the database's to refuse."""
    verb = Verb.HOLD if appointment.state == AppointmentState.PROPOSED else Verb.BOOK
    event = AppointmentEvent(
        appointment=appointment, verb=verb, source="", target=appointment.state, resident_id=resident_id, staff=staff,
        at=now,
    )  # fmt: skip
    try:
        rows_insert(appointment, event)
    except IntegrityError as error:
        if any(name in str(error) for name in ("patient_in_one_place", "appointment_once_a_day")):
            raise Overlapping(attr="patient") from None
        raise


def event_write(
    appointment: Appointment,
    verb: Verb,
    source: str,
    now: dt.datetime,
    *,
    resident_id: UUID | None = None,
    staff: Any = None,
    note: str = "",
) -> None:
    """Append an entry.  1 query."""
    AppointmentEvent.objects.create(
        appointment=appointment, verb=verb, source=source, target=appointment.state, resident_id=resident_id,
        staff=staff, note=note[:120], at=now,
    )  # fmt: skip


def appointment_fields(appointment: Appointment, slot: Slot) -> dict[str, str]:
    """Return what every notice about an appointment says."""
    return {
        "number": appointment.number, "service": slot.session.department.name,
        "place": slot.session.department.institution.facility.name, "at": moment_text(appointment.starts_at),
        "state": str(Appointment.State(appointment.state).label),
    }  # fmt: skip


def booked_tell(appointment: Appointment, slot: Slot, now: dt.datetime) -> None:
    """Tell who booked.  1 query; none for someone who only stood at the counter."""
    if appointment.booked_by_id is not None:
        notice_enqueue(
            kind=notices.BOOKED, resident_id=appointment.booked_by_id, fields=appointment_fields(appointment, slot),
            dedup_key=f"appointment:{appointment.pk}:booked", now=now,
        )  # fmt: skip
