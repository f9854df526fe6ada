"""``python -m benchmarks.school_rows COUNT SPARE``: drafts of applications, ready to be handed in; prints tokens and identifiers.

``full``   COUNT + SPARE drafts in a round that looks into everything: papers, both registers, the place that a home has used,
           the catchment, the distance; 3 choices of 80 schools
``plain``  SPARE drafts in a round like that of senior high schools: 6 choices, no home, no papers

Each child has a guardian and a home of its own.  Rows, not services: beginning an application is not what is measured.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import django

SCHOOLS, UNIT, BAND_M, ONCE = 80, "JY", 500, 1000
SOURCE = "benchmark"
DAY = dt.timedelta(days=1)
# A road for each school: nobody's, and read as one by the rules on addresses.
ROADS = [f"{first}{second}路" for first in "东南西北中上下前" for second in "山水林田湖花草木石云"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a round asks for."""

    stage: str
    choices: int
    home: bool


KINDS = {"full": _Kind("primary", 3, True), "plain": _Kind("senior", 6, False)}


def _head() -> Any:
    from apps.accounts.models import Staff

    return Staff.objects.create_user(
        username="bench.school.head", display_name="bench", is_staff=True, is_superuser=True
    )


def _schools(name: str, kind: _Kind, now: dt.datetime) -> list[Any]:
    """Make schools with a point each and, where the home counts, a catchment and a rule on homes."""
    from apps.facilities.models import Facility, FacilityKind
    from apps.schools.ground_selectors import lock_rule
    from apps.schools.models import CatchmentArea, CatchmentVersion, PlaceLockRule, School

    place, _made = FacilityKind.objects.get_or_create(code="school", defaults={"name": "school"})
    schools = [
        School(
            code=f"BENCH-{name}-{number}", name=f"基准{number}校", stage=kind.stage,
            facility=Facility.objects.create(
                name=f"{name} {number}", kind=place, lng=114.3 + number / 400, lat=30.6 + number / 800, created_at=now, updated_at=now,
            ),
        )
        for number in range(SCHOOLS)
    ]  # fmt: skip
    School.objects.bulk_create(schools)
    if not kind.home:
        return schools
    first = dt.date(now.year, 1, 1)
    known = CatchmentVersion.objects.filter(stage=kind.stage, published_at__isnull=False).first()
    version = known or CatchmentVersion.objects.create(
        stage=kind.stage, name="bench", valid_from=first, source=SOURCE, published_at=now
    )
    CatchmentArea.objects.bulk_create(
        [CatchmentArea(version=version, school=school, road=road) for school, road in zip(schools, ROADS, strict=True)]
    )  # fmt: skip
    if lock_rule(kind.stage, now.date()) is None:
        PlaceLockRule.objects.create(stage=kind.stage, years=6, valid_from=first, source=SOURCE)
    return schools


def _round(name: str, kind: _Kind, head: Any, now: dt.datetime) -> tuple[Any, list[Any]]:
    """Make a round that is open now; returns it and its intakes."""
    from apps.accounts.models import Department
    from apps.schools import services
    from apps.schools.models import AdmissionRound, Intake, PriorityCategory

    held = AdmissionRound.objects.create(
        code=f"bench-{name}", name="基准招生", stage=kind.stage, year=now.year, department=Department.objects.get(code=UNIT),
        opens_at=now - DAY, closes_at=now + 10 * DAY, fix_until=now + 20 * DAY, answer_until=now + 40 * DAY,
        waiting_until=now + 80 * DAY, starts_on=(now + 60 * DAY).date(), born_from=dt.date(2019, 9, 1), born_to=dt.date(2020, 8, 31),
        max_choices=kind.choices, catchment_first=kind.home, home_papers=kind.home, band_m=BAND_M if kind.home else 0,
        public_number_source=SOURCE, source=SOURCE,
    )  # fmt: skip
    PriorityCategory.objects.create(
        round=held, code="a", name="基准类", rank=0, needs_hukou=kind.home, needs_property=kind.home,
        papers="户口簿、房产证" if kind.home else "",
    )  # fmt: skip
    Intake.objects.bulk_create(
        [
            Intake(round=held, school=school, code=f"i{number}", name="基准班", plan=50)
            for number, school in enumerate(_schools(name, kind, now))
        ]
    )
    services.round_open(round_id=held.pk, staff=head, now=now)
    return held, list(held.intakes.order_by("code"))


def _families(name: str, count: int, now: dt.datetime) -> tuple[list[str], list[Any]]:
    """Make children with a guardian each; returns the guardians' tokens and the children's rows."""
    from apps.accounts import selectors as accounts
    from apps.accounts import services as people
    from apps.schools.models import Child, Guardianship
    from apps.schools.services.children import child_hash

    policy = accounts.policy_current(now=now)
    version = policy.version if policy else ""
    tokens, children, guardians = [], [], []
    for number in range(count):
        resident, pair, _new = people.resident_sign_in(
            openid=f"bench-school-{name}-{number}", unionid=None, privacy_version=version or None, now=now
        )
        document = f"BENCH{name.upper()}{number:06d}"
        child = Child(
            name="演示童", id_kind="other", id_number=document, id_hash=child_hash(id_kind="other", number=document),
            birth_on=dt.date(2020, 3, 1), gender="female", created_at=now,
        )  # fmt: skip
        tokens.append(pair.access)
        children.append(child)
        guardians.append(
            Guardianship(resident=resident, child=child, relation="mother", policy=version, created_at=now, confirmed_at=now)
        )  # fmt: skip
    Child.objects.bulk_create(children, batch_size=ONCE)
    Guardianship.objects.bulk_create(guardians, batch_size=ONCE)
    return tokens, guardians


def _drafts(kind: _Kind, held: Any, intakes: Sequence[Any], guardians: Sequence[Any], now: dt.datetime) -> list[Any]:  # fmt: skip
    """Make an application for each child that lacks nothing but being handed in."""
    from apps.common.clock import local
    from apps.common.crypto import lookup_hash
    from apps.common.models import Community
    from apps.schools.addresses import address_key
    from apps.schools.models import Application, ApplicationDocument, Preference, RegisterRow
    from apps.schools.numbers import number_next

    community, category = Community.objects.order_by("code")[0], held.categories.get()
    drafts, choices, papers, registers = [], [], [], []
    for number, guardian in enumerate(guardians):
        address = f"{ROADS[number % SCHOOLS]}{number // SCHOOLS + 1}号1栋1单元101室"
        row = Application(
            number=number_next(on=local(now).date()), round=held, child=guardian.child, filed_by_id=guardian.resident_id,
            category=category, address=address, community=community, created_at=now, home="114.380000,30.640000",
            address_hash=lookup_hash(address_key(address, community.pk), purpose="home"),
        )  # fmt: skip
        drafts.append(row)
        choices += [
            Preference(application=row, intake=intakes[(number + 7 * place) % SCHOOLS], position=place + 1)
            for place in range(kind.choices)
        ]
        if kind.home:
            papers.append(
                ApplicationDocument(application=row, kind="hukou", content=b"bench", size_bytes=5, sha256="0" * 64, added_at=now)
            )  # fmt: skip
            registers += [
                RegisterRow(kind=name, year=held.year, person_hash=person, address_hash=row.address_hash, imported_at=now)
                for name, person in (("hukou", guardian.child.id_hash), ("property", ""))
            ]  # fmt: skip
    for model, rows in (
        (Application, drafts), (Preference, choices), (ApplicationDocument, papers), (RegisterRow, registers)
    ):  # fmt: skip
        model.objects.bulk_create(rows, batch_size=ONCE)  # type: ignore[attr-defined]
    return drafts


def main(count: int, spare: int) -> dict[str, list[tuple[str, str]]]:
    """Make everything; returns of each round the guardians' tokens and their applications."""
    from django.db import connection

    from apps.common import clock

    now, head = clock.now(), _head()
    made: dict[str, list[tuple[str, str]]] = {}
    for name, kind in KINDS.items():
        held, intakes = _round(name, kind, head, now)
        tokens, guardians = _families(name, spare + (count if name == "full" else 0), now)
        drafts = _drafts(kind, held, intakes, guardians, now)
        made[name] = [(token, str(row.pk)) for token, row in zip(tokens, drafts, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*(int(one) for one in sys.argv[1:3]))))
