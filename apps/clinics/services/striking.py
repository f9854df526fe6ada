"""Missed appointments: strikes in a sliding window, restrictions by the rule in force, appeals that people decide."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.clinics import notices
from apps.clinics.errors import AppealRefused, ReasonMissing, RestrictionUnknown
from apps.clinics.models import Appointment, AttendanceRule, Restriction, Strike
from apps.clinics.selectors import residents_of_patient
from apps.clinics.states import strikes_out
from apps.common.clock import local
from apps.common.locks import Lock, lock_hold
from apps.common.times import day_text, moment_text
from apps.notifications.services import notice_enqueue


def strike_add(*, appointment: Appointment, rule: AttendanceRule, now: dt.datetime) -> Restriction | None:
    """Record a missed appointment once, and restrict booking where the rule's count is reached; returns that.

    A late cancellation counts from the day of cancelling, which may be before that of the appointment.
    Called with the appointment locked.  4 queries, 4 more where it restricts.
    """
    institution, today = appointment.department.institution, local(now).date()
    # Two of one person at once: each must see the other, or neither counts to the end.
    _hold(appointment.patient_id, institution.pk)
    _strike, made = Strike.objects.get_or_create(
        appointment=appointment,
        defaults={
            "patient": appointment.patient,
            "institution": institution,
            "on": min(appointment.on, today),
            "created_at": now,
        },
    )
    if not made:
        return None
    days = list(
        Strike.objects.filter(
            patient=appointment.patient, institution=institution, voided_at=None
        ).values_list("on", flat=True)
    )
    if not strikes_out(strikes_on=days, today=today, count=rule.strikes, window_days=rule.window_days):
        return None
    held = Restriction.objects.filter(
        patient=appointment.patient, institution=institution, until_on__gt=today
    ).exclude(appeal=Restriction.Appeal.LIFTED)
    if held.exists():
        return None
    restriction = Restriction.objects.create(
        patient=appointment.patient, institution=institution, rule=rule, first_on=today,
        until_on=today + dt.timedelta(days=rule.restrict_days), created_at=now,
    )  # fmt: skip
    if appointment.booked_by_id is not None:
        notice_enqueue(
            kind=notices.RESTRICTED, resident_id=appointment.booked_by_id,
            fields=_fields(restriction, appointment) | {"until": day_text(restriction.until_on)},
            dedup_key=f"restriction:{restriction.pk}", now=now,
        )  # fmt: skip
    return restriction


def _hold(patient_id: UUID, institution_id: int) -> None:
    """Let what concerns a patient's strikes at an institution go one after the other; before any of their rows is locked."""
    lock_hold(Lock.STRIKES, of=f"{patient_id}:{institution_id}")


def _fields(restriction: Restriction, appointment: Appointment) -> dict[str, str]:
    return {
        "number": appointment.number, "service": appointment.department.name,
        "place": restriction.institution.facility.name, "at": moment_text(appointment.starts_at),
        "state": str(Appointment.State(appointment.state).label),
    }  # fmt: skip


def strike_void(*, appointment_id: UUID, why: str, now: dt.datetime) -> bool:
    """Take a strike back, and lift the restriction that no longer has its count; returns whether there was one.

    6 queries.
    """
    struck = Strike.objects.filter(appointment_id=appointment_id)
    whose = struck.values_list("patient_id", "institution_id").first()
    if whose is None:
        return False
    _hold(*whose)
    if not struck.filter(voided_at=None).update(voided_at=now, voided_why=why[:120]):
        return False
    strike = struck.get()
    today = local(now).date()
    for held in (
        Restriction.objects.select_for_update(of=("self",))
        .filter(patient=strike.patient, institution=strike.institution, until_on__gt=today, decided_at=None)
        .select_related("rule")
    ):
        days = list(
            Strike.objects.filter(
                patient=strike.patient, institution=strike.institution, voided_at=None
            ).values_list("on", flat=True)
        )
        if not strikes_out(
            strikes_on=days, today=held.first_on, count=held.rule.strikes, window_days=held.rule.window_days
        ):
            Restriction.objects.filter(pk=held.pk).update(until_on=today)
    return True


def restriction_appeal(
    *, restriction_id: UUID, resident_id: UUID, text: str, now: dt.datetime
) -> Restriction:
    """Appeal once against a restriction of a person the resident may act for.  3 queries.

    Raises RestrictionUnknown, AppealRefused, ReasonMissing.
    """
    if not text.strip():
        raise ReasonMissing(attr="text")
    with transaction.atomic():
        held = Restriction.objects.select_for_update(of=("self",)).filter(pk=restriction_id).first()
        if held is None or resident_id not in residents_of_patient(patient_id=held.patient_id, now=now):
            raise RestrictionUnknown
        if held.appeal != Restriction.Appeal.NONE or held.until_on <= local(now).date():
            raise AppealRefused
        held.appeal, held.appeal_text, held.appealed_at = Restriction.Appeal.OPEN, text[:500], now
        held.save()
        return held


def restriction_decide(
    *, restriction_id: UUID, staff: Any, lift: bool, words: str, now: dt.datetime
) -> Restriction:
    """Decide an appeal by staff of the institution; lifting it voids the strikes it stood on.  About 8 queries.

    ``words``  what the patient reads.  Raises RestrictionUnknown, AppealRefused, ReasonMissing.
    """
    if not words.strip():
        raise ReasonMissing(attr="words")
    with transaction.atomic():
        whose = (
            Restriction.objects.filter(pk=restriction_id).values_list("patient_id", "institution_id").first()
        )
        if whose is None:
            raise RestrictionUnknown
        _hold(*whose)
        held = (
            Restriction.objects.select_for_update(of=("self",))
            .select_related("institution__facility", "rule")
            .filter(pk=restriction_id)
            .first()
        )
        if held is None or not (staff.is_superuser or held.institution.department_id in staff.department_ids):
            raise RestrictionUnknown
        if held.appeal != Restriction.Appeal.OPEN:
            raise AppealRefused
        held.appeal = Restriction.Appeal.LIFTED if lift else Restriction.Appeal.UPHELD
        held.decision, held.decided_by, held.decided_at = words[:300], staff, now
        held.save()
        if lift:
            Strike.objects.filter(
                patient=held.patient, institution=held.institution, voided_at=None, on__lte=held.first_on
            ).update(voided_at=now, voided_why=words[:120])
        for resident_id in residents_of_patient(patient_id=held.patient_id, now=now):
            notice_enqueue(
                kind=notices.APPEAL_DECIDED, resident_id=resident_id,
                fields={
                    "number": "", "service": str(notices.RESTRICTION_NAME), "place": held.institution.facility.name, "at": day_text(held.first_on),
                    "state": str(held.get_appeal_display()), "reason": held.decision,
                },
                dedup_key=f"restriction:{held.pk}:decided:{resident_id}", now=now,
            )  # fmt: skip
        return held
