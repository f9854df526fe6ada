"""Reads of clinics: rules in force, what can be booked, whose appointments, the day at a desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.capacity import selectors as capacity
from apps.clinics.errors import DepartmentUnknown, PatientUnknown, RuleMissing, SlotUnknown
from apps.clinics.models import (
    Appointment,
    AttendanceRule,
    BookingRule,
    ClinicSession,
    Department,
    Institution,
    Patient,
    PatientAccess,
    Referral,
    ReferralConsent,
    Restriction,
    Slot,
    WaitRequest,
)
from apps.clinics.states import AppointmentState
from apps.common.clock import local

# A list of sessions covers at most so many days.
MOST_DAYS = 31


def booking_rule(*, institution_id: int, on: dt.date) -> BookingRule:
    """Return the rule by which an institution is booked on a day: its own, else the district's.  1 query.

    Raises RuleMissing.
    """
    rule = _in_force(_for(BookingRule, institution_id), on)
    if rule is None:
        raise RuleMissing
    return rule  # type: ignore[no-any-return]


def booking_rule_of_department(*, department_id: int, on: dt.date) -> BookingRule:
    """Return the rule by which a department's institution is booked on a day.  1 query.  Raises RuleMissing."""
    institution = Department.objects.filter(pk=department_id).values("institution_id")
    rules = BookingRule.objects.filter(Q(institution_id__in=institution) | Q(institution=None))
    rule = _in_force(rules, on)
    if rule is None:
        raise RuleMissing
    return rule  # type: ignore[no-any-return]


def attendance_rule(*, institution_id: int, on: dt.date) -> AttendanceRule | None:
    """Return the rule on missed appointments in force, or None: then missing one has no consequence.  1 query."""
    return _in_force(_for(AttendanceRule, institution_id), on)  # type: ignore[no-any-return]


def _for(rules: type[BookingRule | AttendanceRule], institution_id: int) -> Any:
    return rules._default_manager.filter(Q(institution_id=institution_id) | Q(institution=None))


def _in_force(rules: Any, on: dt.date) -> Any:
    held = rules.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)
    return held.order_by("institution_id").first()  # NULL stands last: the district's rule


def residents_of_patient(*, patient_id: UUID, now: dt.datetime) -> list[UUID]:
    """Return the residents who may act for a patient at ``now``.  1 query."""
    return list(
        _accesses(now).filter(patient_id=patient_id).order_by("id").values_list("resident_id", flat=True)
    )


def _accesses(now: dt.datetime) -> QuerySet[PatientAccess]:
    today = local(now).date()
    return PatientAccess.objects.filter(Q(valid_to=None) | Q(valid_to__gte=today), ended_at=None)


def patient_hold(*, patient_id: UUID) -> None:
    """Let bookings for one person go one after the other, until the transaction ends.  1 query."""
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient_id)


def patients_of(*, resident_id: UUID, now: dt.datetime) -> QuerySet[PatientAccess]:
    """Return the persons a resident may book for.  1 query when read."""
    return _accesses(now).filter(resident_id=resident_id).select_related("patient")


@dataclass(frozen=True, slots=True)
class Booker:
    """A patient whom a resident may book for, and what stands in the way.

    ``stale_hold``  a hold of theirs whose moment passed and that no one has ended yet
    """

    patient: Patient
    restriction: Restriction | None
    stale_hold: bool


def booker_of(*, patient_id: UUID, resident_id: UUID | None, institution_id: int, now: dt.datetime) -> Booker:
    """Return the patient with what concerns a booking at an institution; without ``resident_id`` for staff.

    The patient's row stays locked: two bookings for one person go one after the other.  1 query, 1 more where booking is
    restricted.  Raises PatientUnknown.
    """
    today = local(now).date()
    restricted = Restriction.objects.filter(
        patient=OuterRef("pk"), institution_id=institution_id, first_on__lte=today, until_on__gt=today
    ).exclude(appeal="lifted")
    stale = Appointment.objects.filter(
        patient=OuterRef("pk"), state=AppointmentState.PROPOSED, hold_until__lte=now
    )
    rows = Patient.objects.select_for_update(of=("self",), no_key=True).annotate(
        restricted=Exists(restricted), stale=Exists(stale)
    )
    if resident_id is not None:
        mine = _accesses(now).filter(resident_id=resident_id, patient=OuterRef("pk"))
        rows = rows.filter(Exists(mine))
    patient = rows.filter(pk=patient_id).first()
    if patient is None:
        raise PatientUnknown(attr="patient")
    held = None
    if patient.restricted:
        held = (
            Restriction.objects.filter(
                patient=patient, institution_id=institution_id, first_on__lte=today, until_on__gt=today
            )
            .exclude(appeal="lifted")
            .select_related("rule", "institution__facility")
            .order_by("-until_on")
            .first()
        )
    return Booker(patient, held, patient.stale)


def slot_get(*, slot_id: UUID) -> Slot:
    """Return a slot with its session, department, institution and place.  1 query.  Raises SlotUnknown."""
    slot = (
        Slot.objects.select_related(
            "session__department__institution__facility",
            "session__practitioner",
            "session__room",
            "session__template",
        )
        .filter(
            pk=slot_id,
            session__department__is_active=True,
            session__department__institution__is_active=True,
        )
        .first()
    )
    if slot is None:
        raise SlotUnknown(attr="slot")
    return slot


def department_get(*, department_id: int) -> Department:
    """Return a department that can be booked.  1 query.  Raises DepartmentUnknown."""
    found = (
        Department.objects.select_related("institution__facility")
        .filter(pk=department_id, is_active=True, institution__is_active=True)
        .first()
    )
    if found is None:
        raise DepartmentUnknown(attr="department")
    return found


def departments_open(*, facility_id: UUID | None) -> QuerySet[Department]:
    """Return the departments that can be booked, of one place or of all.  1 query when read."""
    rows = Department.objects.filter(is_active=True, institution__is_active=True)
    if facility_id is not None:
        rows = rows.filter(institution__facility_id=facility_id)
    return rows.select_related("institution__facility", "institution__alliance")


# Counted by pools whose units the public may take by now; a claim whose moment passed counts as free.
_SESSIONS = """
WITH chosen AS (
    SELECT id, practitioner_id, room_id, starts_at, ends_at, release_at, state FROM clinics_clinicsession
    WHERE department_id = %(department)s AND "on" BETWEEN %(first)s AND %(last)s AND ends_at > %(now)s
        AND (%(after_at)s::timestamptz IS NULL OR (starts_at, id) > (%(after_at)s, %(after_id)s))
    ORDER BY starts_at, id LIMIT %(most)s
), units AS (
    SELECT s.session_id, sum(p.total - p.used) FILTER (WHERE s.starts_at > %(now)s AND NOT p.is_closed
            AND (p.opens_at IS NULL OR p.opens_at <= %(now)s)
            AND (p.name = 'public' OR p.opens_to_all_at <= %(now)s)) AS free,
        coalesce(sum(gone.units) FILTER (WHERE s.starts_at > %(now)s AND NOT p.is_closed
            AND (p.name = 'public' OR p.opens_to_all_at <= %(now)s)), 0) AS back
    FROM chosen JOIN clinics_slot s ON s.session_id = chosen.id
    JOIN capacity_pool p ON p.capacity_id = s.capacity_id
    LEFT JOIN LATERAL (
        SELECT sum(k.units) AS units FROM capacity_claim k
        WHERE k.pool_id = p.id AND k.state IN ('held', 'offered', 'cooling') AND k.expires_at <= %(now)s AND NOT %(waiting)s
    ) gone ON TRUE
    GROUP BY s.session_id
)
SELECT chosen.id, chosen.starts_at, chosen.ends_at, chosen.release_at, chosen.state, d.name, d.title, r.name,
    coalesce(units.free, 0) + coalesce(units.back, 0)
FROM chosen LEFT JOIN units ON units.session_id = chosen.id
LEFT JOIN clinics_practitioner d ON d.id = chosen.practitioner_id LEFT JOIN clinics_room r ON r.id = chosen.room_id
ORDER BY chosen.starts_at, chosen.id
"""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as residents see it; ``remaining`` units that can be taken now, 0 before ``release_at``."""

    id: UUID
    starts_at: dt.datetime
    ends_at: dt.datetime
    release_at: dt.datetime
    state: str
    practitioner: str | None
    title: str | None
    room: str | None
    remaining: int


def sessions_of(
    *,
    department: Department,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    limit: int,
    after: tuple[dt.datetime, UUID] | None = None,
) -> list[SessionLine]:
    """Return at most ``limit`` sessions of a department that are not over, behind ``after``, in order of time.  2 queries."""
    waiting = capacity.queue_waits(queue=department.queue)
    with connection.cursor() as cursor:
        cursor.execute(
            _SESSIONS,
            {
                "department": department.pk, "first": first, "last": last, "now": now, "most": limit,
                "waiting": waiting, "after_at": after and after[0], "after_id": after and after[1],
            },
        )  # fmt: skip
        return [SessionLine(*row) for row in cursor.fetchall()]


def session_get(*, session_id: UUID) -> ClinicSession | None:
    """Return a session with its department and place.  1 query."""
    return (
        ClinicSession.objects.select_related("department__institution__facility", "practitioner", "room")
        .filter(pk=session_id)
        .first()
    )


def slots_of_session(*, session_id: UUID, now: dt.datetime, pool: str = "public") -> list[tuple[Slot, int]]:
    """Return the slots of a session with how many units can be taken now.  2 queries."""
    return slots_free(
        slots=list(Slot.objects.filter(session_id=session_id).order_by("starts_at")), now=now, pool=pool
    )


def slots_free(*, slots: Sequence[Slot], now: dt.datetime, pool: str = "public") -> list[tuple[Slot, int]]:
    """Return slots with how many units of each can be taken now; 0 of those that have begun, but at the counter.  1 query."""
    free = capacity.free_of(capacity_ids=[one.capacity_id for one in slots], now=now, pool=pool)
    return [(one, free[one.capacity_id] if one.starts_at > now or pool == "counter" else 0) for one in slots]


def slots_free_after(*, department_id: int, after: dt.datetime, now: dt.datetime, limit: int) -> list[Slot]:
    """Return the next slots of a department that look free to the public, in order of time.  1 query."""
    return list(
        Slot.objects.raw(
            """
            SELECT s.* FROM clinics_slot s JOIN clinics_clinicsession c ON c.id = s.session_id
            JOIN capacity_pool p ON p.capacity_id = s.capacity_id AND p.name = 'public'
            WHERE c.department_id = %(department)s AND c.state = 'open' AND s.starts_at > %(after)s
                AND c."on" >= %(day)s AND NOT p.is_closed AND (p.opens_at IS NULL OR p.opens_at <= %(now)s)
                AND p.used < p.total
            ORDER BY s.starts_at, s.id LIMIT %(limit)s
            """,
            {"department": department_id, "after": after, "day": after.date() - dt.timedelta(days=1), "now": now, "limit": limit},
        )
    )  # fmt: skip


_APPOINTMENT = ("patient", "session__practitioner", "session__room", "department__institution__facility")


def own_appointment(*, resident_id: UUID, now: dt.datetime) -> Q:
    """Return the condition for what a resident booked, and what was booked for themselves."""
    selves = _accesses(now).filter(resident_id=resident_id, relation="self").values("patient_id")
    return Q(booked_by_id=resident_id) | Q(patient_id__in=selves)


def appointments_own(*, resident_id: UUID, now: dt.datetime) -> QuerySet[Appointment]:
    """Return what a resident booked, and what was booked for themselves, holds that expired left out.  1 query when read.

    Not what others booked for a person both may act for: who shares a parent does not share every visit.
    """
    return (
        Appointment.objects.filter(own_appointment(resident_id=resident_id, now=now))
        .exclude(state=AppointmentState.PROPOSED, hold_until__lte=now)
        .select_related(*_APPOINTMENT)
    )


def appointment_get(*, appointment_id: UUID) -> Appointment | None:
    """Return an appointment with its place.  1 query."""
    return Appointment.objects.select_related(*_APPOINTMENT).filter(pk=appointment_id).first()


def appointments_day(*, session_id: UUID) -> list[Appointment]:
    """Return the appointments of a session in order of time, for its day sheet.  1 query."""
    return list(
        Appointment.objects.filter(session_id=session_id)
        .exclude(state__in=[AppointmentState.PROPOSED, AppointmentState.ENTERED_IN_ERROR])
        .select_related("patient", "booked_by")
        .order_by("starts_at", "id")
    )


def waits_own(*, resident_id: UUID) -> QuerySet[WaitRequest]:
    """Return the resident's waiting requests, newest first.  1 query when read."""
    return (
        WaitRequest.objects.filter(resident_id=resident_id)
        .select_related("patient", "department__institution__facility", "entry__claim__pool", "appointment")
        .order_by("-id")
    )


def offered_slots(*, capacity_ids: Iterable[UUID]) -> dict[UUID, Slot]:
    """Return the slots that stand on capacities, by capacity.  1 query."""
    rows = Slot.objects.filter(capacity_id__in=list(capacity_ids)).select_related("session")
    return {one.capacity_id: one for one in rows}


def restrictions_own(*, resident_id: UUID, now: dt.datetime) -> QuerySet[Restriction]:
    """Return the restrictions of the persons a resident may book for.  1 query when read."""
    mine = _accesses(now).filter(resident_id=resident_id).values("patient_id")
    return Restriction.objects.filter(patient_id__in=mine).select_related(
        "patient", "rule", "institution__facility"
    )


def referrals_own(*, resident_id: UUID, now: dt.datetime) -> QuerySet[Referral]:
    """Return the referrals of the persons a resident may act for, drafts that ask for consent too.  1 query when read."""
    mine = _accesses(now).filter(resident_id=resident_id).values("patient_id")
    return (
        Referral.objects.filter(patient_id__in=mine)
        .select_related("patient", "sender__facility", "receiver__facility", "department")
        .order_by("-id")
    )


def institutions_of(*, staff: Any) -> Sequence[Institution]:
    """Return the institutions whose staff ``staff`` is; all of them for a superuser.  1 query."""
    rows = Institution.objects.filter(is_active=True).select_related("facility")
    if not staff.is_superuser:
        rows = rows.filter(department_id__in=staff.department_ids)
    return list(rows.order_by("facility__name"))


def consented(*, referrals: Sequence[Referral]) -> set[UUID]:
    """Return those of the referrals whose present receiver may read them.  1 query, 0 for none."""
    if not referrals:
        return set()
    given = ReferralConsent.objects.filter(referral__in=referrals, withdrawn_at=None)
    pairs = set(given.values_list("referral_id", "receiver_id"))
    return {one.pk for one in referrals if (one.pk, one.receiver_id) in pairs}
