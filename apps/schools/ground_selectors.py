"""Reads of what places are given by: catchments, places used by homes, registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db.models import Exists, Q

from apps.schools.addresses import AddressParts, address_parts
from apps.schools.models import CatchmentArea, PlaceLock, PlaceLockRule, RegisterRow


@dataclass(frozen=True, slots=True)
class CatchmentHit:
    """A school in whose catchment a home lies.

    ``by``        the line of a road, or that of a community where no road's line fits
    ``facility``  the school's place in the directory
    ``valid_to``  the first day on which the version no longer holds, None where none is set
    """

    school_code: str
    school_name: str
    facility: UUID | None
    by: Literal["road", "community"]
    version_id: int
    version_name: str
    valid_from: dt.date
    valid_to: dt.date | None
    source: str


def catchment_schools(
    *, stage: str, on: dt.date, community: str | None = None, address: str = ""
) -> list[CatchmentHit]:
    """Return the schools of a home by the version in force on ``on``, by code, each once; several are 多校划片.

    A road's line that fits beats those of communities alone.  It fits when the road is the same, its community (if it
    names one) is the home's or not given, and the house number is in its range and of its parity; without numbers and
    parity it takes the whole road, and also an address without a number.
    ``community``  a code   ``address``  as people write it; it is not kept.  1 query, 0 with neither; no errors.
    """
    parts = address_parts(address)
    asked = Q()
    if parts.road:
        asked |= Q(road=parts.road)
    if community:
        asked |= Q(road="", community_id=community)
    if not asked:
        return []
    version = _in_force(on, "version__") & Q(version__stage=stage, version__published_at__isnull=False)
    areas = list(CatchmentArea.objects.filter(version, asked).select_related("version", "school"))
    by_road = [area for area in areas if area.road and _fits(area, parts, community)]
    found = {area.school_id: area for area in by_road or [area for area in areas if not area.road]}
    return [_hit(found[code], "road" if by_road else "community") for code in sorted(found)]


def _fits(area: CatchmentArea, parts: AddressParts, community: str | None) -> bool:
    if area.community_id is not None and community and area.community_id != community:
        return False
    number = parts.number
    if number is None:
        return area.number_from is None and area.parity == CatchmentArea.Parity.ALL
    first, last = area.number_from, area.number_to
    if first is not None and last is not None and not first <= number <= last:
        return False
    return area.parity == (CatchmentArea.Parity.ODD if number % 2 else CatchmentArea.Parity.EVEN) or (
        area.parity == CatchmentArea.Parity.ALL
    )


def _hit(area: CatchmentArea, by: Literal["road", "community"]) -> CatchmentHit:
    version, school = area.version, area.school
    return CatchmentHit(
        school_code=school.pk, school_name=school.name, facility=school.facility_id, by=by, version_id=version.pk,
        version_name=version.name, valid_from=version.valid_from, valid_to=version.valid_to, source=version.source,
    )  # fmt: skip


def _in_force(on: dt.date, path: str = "") -> Q:
    return Q(**{f"{path}valid_from__lte": on}) & (
        Q(**{f"{path}valid_to": None}) | Q(**{f"{path}valid_to__gt": on})
    )


def lock_rule(stage: str, on: dt.date) -> PlaceLockRule | None:
    """Return the rule on one place per home that is in force, None where there is none.  1 query, no errors."""
    return PlaceLockRule.objects.filter(_in_force(on), stage=stage).first()


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What is known of a home; a register is None where none of that kind and year was imported."""

    hukou: bool | None
    property: bool | None
    locked: bool


def home_columns(
    *, stage: str, year: int, on: dt.date, address_hash: str, child_hash: str, sibling_hashes: Any = ()
) -> dict[str, Exists]:
    """Return columns that ``home_facts`` reads, so that a caller asks all of it with one query of its own.

    ``on``              the day on which the home's place is looked at
    ``sibling_hashes``  a collection or a query: their locks do not count while the rule in force exempts siblings
    """
    registers = {
        f"register_{kind}{suffix}": Exists(rows)
        for kind, person in (("hukou", {"person_hash": child_hash}), ("property", {"person_hash": ""}))
        for suffix, rows in (
            (
                "",
                RegisterRow.objects.filter(kind=kind, year=year, address_hash=address_hash or "-", **person),
            ),
            ("_known", RegisterRow.objects.filter(kind=kind, year=year)),
        )
    }
    rules = PlaceLockRule.objects.filter(_in_force(on), stage=stage)
    locks = PlaceLock.objects.filter(
        stage=stage, address_hash=address_hash or "-", released_at=None, locked_from__lte=on, locked_to__gt=on
    ).exclude(child_hash=child_hash)
    return registers | {
        "lock_rule": Exists(rules), "lock_rule_strict": Exists(rules.filter(siblings_exempt=False)),
        "lock_of_other": Exists(locks), "lock_of_stranger": Exists(locks.exclude(child_hash__in=sibling_hashes)),
    }  # fmt: skip


def home_facts(row: Mapping[str, bool]) -> HomeFacts:
    """Return what the columns of ``home_columns`` say.  The place of a home is used by nobody where no rule is in force."""
    locked = row["lock_of_other"] if row["lock_rule_strict"] else row["lock_of_stranger"]
    return HomeFacts(
        hukou=row["register_hukou"] if row["register_hukou_known"] else None,
        property=row["register_property"] if row["register_property_known"] else None,
        locked=row["lock_rule"] and locked,
    )
