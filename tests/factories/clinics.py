"""A clinic with sessions, and patients whose numbers no authority gives out (region 990000)."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.clinics import services
from apps.clinics.models import (
    Alliance,
    AttendanceRule,
    BookingRule,
    ClinicSession,
    Department,
    Institution,
    Patient,
    Practitioner,
    Room,
    Slot,
)
from apps.clinics.services import PatientDraft
from apps.common.identity import _CHECKS, _WEIGHTS
from apps.common.ids import uuid7
from apps.facilities.models import Facility, FacilityKind
from tests.factories.people import ResidentClient

_numbers = itertools.count(1)
FIRST_DAY = dt.date(2020, 1, 1)
BEIJING = dt.timezone(dt.timedelta(hours=8))


def id_number(*, born: dt.date = dt.date(1980, 5, 1), female: bool = True) -> str:
    """Return the number of an identity card that is well formed and nobody's."""
    digits = f"990000{born:%Y%m%d}{next(_numbers) % 100:02d}{2 if female else 1}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + _CHECKS[total % 11]


def rule_make(institution: Institution | None = None, **given: Any) -> BookingRule:
    """Make the rule by which everything (or one institution) is booked."""
    values: dict[str, Any] = {
        "valid_from": FIRST_DAY, "source": "test", "days_ahead": 7, "release_time": dt.time(7), "release_jitter_s": 0,
        "hold_s": 300, "cancel_hours": 12, "offer_s": 7200, "offer_least_s": 3600, "cool_min_s": 300, "cool_max_s": 600,
    } | given  # fmt: skip
    return BookingRule.objects.create(institution=institution, **values)


def attendance_make(institution: Institution | None = None, **given: Any) -> AttendanceRule:
    """Make the rule on missed appointments: three in 90 days, no booking for 30."""
    values = {
        "valid_from": FIRST_DAY, "source": "test", "strikes": 3, "window_days": 90, "restrict_days": 30,
    } | given  # fmt: skip
    return AttendanceRule.objects.create(institution=institution, **values)


def institution_make(
    *, unit: Any = None, alliance: Alliance | None = None, now: dt.datetime, level: str = "primary"
) -> Institution:
    """Make a clinic at a place of its own."""
    kind, _made = FacilityKind.objects.get_or_create(code="clinic", defaults={"name": "社区卫生服务中心"})
    place = Facility.objects.create(
        name=f"演示诊所{next(_numbers)}", kind=kind, address="演示路1号", created_at=now, updated_at=now
    )
    return Institution.objects.create(facility=place, level=level, department=unit, alliance=alliance)


def department_make(institution: Institution, **given: Any) -> Department:
    """Make a department."""
    number = next(_numbers)
    return Department.objects.create(
        **{"institution": institution, "code": f"D{number}", "name": f"全科{number}"} | given
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A session with its slots in order."""

    session: ClinicSession
    slots: list[Slot]


def session_make(
    department: Department,
    *,
    starts_at: dt.datetime,
    now: dt.datetime,
    slots: int = 2,
    minutes: int = 30,
    pools: dict[str, int] | None = None,
    release_at: dt.datetime | None = None,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    opens_to_all_hours: int = 24,
) -> Held:
    """Make a session of some slots, released already unless said otherwise."""
    number = next(_numbers)
    session = ClinicSession.objects.create(
        department=department, starts_at=starts_at, ends_at=starts_at + dt.timedelta(minutes=minutes * slots),
        on=starts_at.astimezone(BEIJING).date(), release_at=release_at or now - dt.timedelta(days=1),
        practitioner=practitioner
        or Practitioner.objects.create(institution=department.institution, name=f"演示医生{number}", title="医师"),
        room=room or Room.objects.create(institution=department.institution, name=f"{number}诊室"),
    )  # fmt: skip
    made = services.slots_make(
        session=session,
        pools=pools or {"public": 1},
        minutes=minutes,
        opens_to_all_hours=opens_to_all_hours,
        now=now,
    )
    return Held(session, made)


def patient_make(
    resident_id: UUID,
    *,
    now: dt.datetime,
    relation: str = "self",
    born: dt.date = dt.date(1980, 5, 1),
    name: str = "演示患者",
    number: str = "",
) -> Patient:
    """Make a person whom a resident may book for."""
    draft = PatientDraft(
        relation=relation, name=name, id_kind="resident", id_number=number or id_number(born=born), days=300
    )
    return services.patient_add(resident_id=resident_id, draft=draft, now=now).patient


def book(client: ResidentClient, slot: Slot, patient: Patient, **more: Any) -> Any:
    """Book over HTTP, each time under another key."""
    return client.post(
        "clinics/appointments", {"slot": str(slot.pk), "patient": str(patient.pk)} | more, key=str(uuid7())
    )
