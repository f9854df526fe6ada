"""Admission rounds from any state on, families who apply, and an office of several people."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.accounts.models import Department, Staff
from apps.schools import services
from apps.schools.models import (
    AdmissionRound,
    Application,
    Intake,
    IntakeReserve,
    PriorityCategory,
)
from apps.schools.services import By, ChildDraft, Filing
from apps.schools.states import RoundState
from tests.factories.clinics import id_number
from tests.factories.people import ResidentClient, resident_make, staff_make
from tests.factories.schools_ground import COMMUNITY, school_make

_numbers = itertools.count(1)
UNIT = "JY"
DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Office:
    """People of the admission office: two who take the steps of a round, three who review."""

    head: Staff
    other_head: Staff
    reviewers: list[Staff]


def office_make() -> Office:
    """Make the office of the education unit."""
    return Office(
        staff_make("supervisor", unit=UNIT, is_head=True), staff_make("supervisor", unit=UNIT),
        [staff_make("service_operator", unit=UNIT) for _one in range(3)],
    )  # fmt: skip


@dataclass(slots=True)
class Round:
    """A round with its intakes by code and its classes."""

    row: AdmissionRound
    intakes: dict[str, Intake]
    categories: dict[str, PriorityCategory]
    office: Office
    families: list[Family] = field(default_factory=list)

    @property
    def pk(self) -> UUID:
        return self.row.pk


@dataclass(slots=True)
class Family:
    """A guardian with a phone, a child, and its application."""

    resident: ResidentClient
    child_id: UUID
    application_id: UUID

    @property
    def application(self) -> Application:
        return Application.objects.get(pk=self.application_id)

    @property
    def by(self) -> By:
        return By(resident_id=self.resident.resident_id)


def round_make(
    *,
    now: dt.datetime,
    office: Office | None = None,
    places: dict[str, int] | None = None,
    reserves: dict[tuple[str, str], int] | None = None,
    opened: bool = True,
    **given: Any,
) -> Round:
    """Make a round that families can apply in now; ``places`` intake → plan, ``reserves`` (intake, class) → places."""
    office = office or office_make()
    values: dict[str, Any] = {
        "name": "演示招生", "stage": "primary", "year": 2026, "opens_at": now - DAY, "closes_at": now + 10 * DAY,
        "fix_until": now + 20 * DAY, "answer_until": now + 40 * DAY, "waiting_until": now + 80 * DAY,
        "starts_on": dt.date(2026, 9, 1), "born_from": dt.date(2019, 9, 1), "born_to": dt.date(2020, 8, 31),
        "public_number_source": "演示：公证摇号", "source": "演示", "max_choices": 3, "home_papers": False,
    } | given  # fmt: skip
    row = AdmissionRound.objects.create(
        code=f"r{next(_numbers)}", department=Department.objects.get(code=UNIT), **values
    )
    categories = {
        code: PriorityCategory.objects.create(round=row, code=code, name=f"第{rank}类", rank=rank)
        for rank, code in enumerate(("a", "b"))
    }
    intakes = {
        code: Intake.objects.create(round=row, school=school_make(stage=row.stage), code=code, name=f"{code}班", plan=plan)
        for code, plan in (places or {"s1": 2, "s2": 2}).items()
    }  # fmt: skip
    for (intake, category), seats in (reserves or {}).items():
        IntakeReserve.objects.create(intake=intakes[intake], category=categories[category], seats=seats)
    if opened:
        services.round_open(round_id=row.pk, staff=office.head, now=now)
        row.refresh_from_db()
    for intake in intakes.values():
        intake.refresh_from_db()
    return Round(row, intakes, categories, office)


def draft(relation: str = "mother", *, name: str = "演示童", number: str = "", **given: Any) -> ChildDraft:
    """Return what a guardian enters for a child of nobody."""
    return ChildDraft(relation, name, "resident", number or id_number(born=dt.date(2020, 3, 1)), **given)


def family_make(
    held: Round,
    choices: Sequence[str],
    *,
    now: dt.datetime,
    category: str = "a",
    submitted: bool = True,
    address: str = "",
    resident: ResidentClient | None = None,
    child: ChildDraft | None = None,
    child_id: UUID | None = None,
) -> Family:
    """Make a family that has applied; ``child_id`` a child it acts for already."""
    resident = resident or resident_make()
    if child_id is None:
        child_id = services.child_add(
            resident_id=resident.resident_id, draft=child or draft(), now=now
        ).child_id
    by = By(resident_id=resident.resident_id)
    row = services.application_begin(
        round_id=held.pk, child_id=child_id, by=by, now=now,
        filing=Filing(
            address=address or f"和平大道{next(_numbers)}号1栋1单元101室", community=COMMUNITY, category=category,
            choices=[held.intakes[code].pk for code in choices],
        ),
    )  # fmt: skip
    family = Family(resident, child_id, row.pk)
    if submitted:
        services.application_submit(application_id=row.pk, by=by, now=now)
    held.families.append(family)
    return family


def second_guardian(family: Family, *, now: dt.datetime, relation: str = "father") -> Family:
    """Return the same family as its other guardian sees it, whom the first one has confirmed."""
    other, child = resident_make(), family.application.child
    asked = services.child_add(
        resident_id=other.resident_id, draft=draft(relation, name=child.name, number=child.id_number), now=now
    )
    services.guardian_confirm(guardianship_id=asked.pk, by_resident_id=family.resident.resident_id, now=now)
    return Family(other, family.child_id, family.application_id)


def verify(held: Round, family: Family, *, now: dt.datetime) -> None:
    """Have two people agree to an application."""
    for reviewer in held.office.reviewers[:2]:
        services.application_review(
            application_id=family.application_id, staff=reviewer, verdict="agree", now=now
        )


def round_run(held: Round, *, until: RoundState, now: dt.datetime) -> dt.datetime:
    """Take a round's steps, each at its time, until it is in a state; returns the moment of the last one."""
    head, other = held.office.head, held.office.other_head
    fixed = held.row.fix_until
    steps: list[tuple[RoundState, Any]] = [
        (RoundState.VERIFYING, lambda at: services.round_close(round_id=held.pk, staff=head, now=at)),
        (RoundState.FROZEN, lambda at: services.round_freeze(round_id=held.pk, staff=head, now=at)),
        (RoundState.COMMITTED, lambda at: services.round_commit(round_id=held.pk, staff=head, now=at)),
        (RoundState.DRAWN, lambda at: services.round_reveal(
            round_id=held.pk, public_number="20260511", public_source="演示公证", staff=other, now=at)),
        (RoundState.ALLOCATED, lambda at: services.round_allocate(round_id=held.pk, staff=head, now=at)),
        (RoundState.PUBLISHED, lambda at: services.round_publish(round_id=held.pk, staff=head, now=at)),
    ]  # fmt: skip
    order = list(RoundState)
    held.row.refresh_from_db()
    at = now
    for number, (target, step) in enumerate(steps):
        if order.index(RoundState(held.row.state)) >= order.index(target) or order.index(
            target
        ) > order.index(until):
            continue
        if target == RoundState.VERIFYING:
            at = max(now, held.row.closes_at)
            step(at)
            for family in held.families:
                if family.application.state == "submitted":
                    verify(held, family, now=at)
        else:
            at = max(now, fixed) + dt.timedelta(minutes=number)
            step(at)
        held.row.refresh_from_db()
    return at
