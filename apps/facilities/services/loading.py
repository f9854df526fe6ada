"""Loading the directory's data from files: what is there already stays as staff left it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common.changes import announce
from apps.facilities.access import Feature, Value
from apps.facilities.models import AssuranceTerm, Facility, FacilityKind, Organisation, Service
from apps.facilities.services.hours import RuleDraft, hours_write
from apps.facilities.services.places import Offer, aliases_write, facility_write, offers_write
from apps.facilities.services.trust import FactDraft, access_facts_write
from apps.facilities.times import spans_read

Row = Mapping[str, Any]
_SERVICE = (
    "code", "name", "kind", "description", "eligibility", "min_age", "max_age", "fee", "fee_source", "documents",
    "promised_days", "levels", "source",
)  # fmt: skip


def kinds_load(*, rows: Sequence[Row]) -> int:
    """Add kinds of places that are not there yet; returns how many were read.  1 query.

    ``{"code", "name", "circle_group"?, "walk_expected"?, "tier"?}`` in the order in which they are shown
    """
    kinds = [FacilityKind(**row, position=place) for place, row in enumerate(rows)]
    FacilityKind.objects.bulk_create(kinds, ignore_conflicts=True)
    announce("facilities")
    return len(kinds)


def terms_load(*, rows: Sequence[Row]) -> int:
    """Add terms of assurances ``{"kind", "days", "source"}`` where there is none at all; returns how many were read.  2 queries."""
    if not AssuranceTerm.objects.exists():
        AssuranceTerm.objects.bulk_create(
            AssuranceTerm(kind_id=row["kind"], days=row["days"], source=row["source"]) for row in rows
        )
    return len(rows)


def organisations_load(*, rows: Sequence[Row]) -> int:
    """Add organisations that are not there yet; returns how many were read.  2 queries.

    ``{"code", "name", "short"?, "kind", "department"?: code of a unit, "source"?, "confidence"?}``
    """
    units = _units(rows)
    made = [
        Organisation(
            **{name: value for name, value in row.items() if name != "department"},
            department_id=units.get(row.get("department") or ""),
        )
        for row in rows
    ]
    Organisation.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def services_load(*, rows: Sequence[Row]) -> int:
    """Add services and matters that are not there yet; returns how many were read.  2 queries.

    ``{"code", "name", "kind", …}`` by the names of the columns; ``department`` is the code of a unit
    """
    units = _units(rows)
    made = [
        Service(
            **{name: row[name] for name in _SERVICE if name in row},
            department_id=units.get(row.get("department") or ""),
        )
        for row in rows
    ]
    Service.objects.bulk_create(made, ignore_conflicts=True)
    announce("facilities")
    return len(made)


def _units(rows: Sequence[Row]) -> dict[str, int]:
    codes = {row["department"] for row in rows if row.get("department")}
    return {code: unit.id for code, unit in accounts.departments_by_code(codes=codes).items()}


def facilities_load(*, rows: Sequence[Row], now: dt.datetime) -> int:
    """Add places whose code is not there yet, with their other names; returns how many are new.

    ``{"code", "name", "kind", "organisation", "address", "street", "point": {"lng", "lat", "crs"} | null, "status",
    "description", "capacity_note", "holiday_mode", "aliases", "provenance"}``
    2 queries, and about 20 for each new place.
    """
    known = set(
        Facility.objects.filter(code__in=[row["code"] for row in rows]).values_list("code", flat=True)
    )
    fresh = [row for row in rows if row["code"] not in known]
    organisations = dict(Organisation.objects.values_list("code", "id"))
    for row in fresh:
        with transaction.atomic():
            place = facility_write(
                facility_id=None, values=_values(row, organisations), staff=None, version=None, now=now,
                provenance=row["provenance"],
            )  # fmt: skip
            aliases_write(facility_id=place.id, names=row["aliases"], staff=None, now=now)
    return len(fresh)


def _values(row: Row, organisations: Mapping[str, int]) -> dict[str, Any]:
    plain = ("code", "name", "address", "status", "description", "capacity_note", "holiday_mode")
    point = row["point"] or {}
    return {
        **{name: row[name] for name in plain},
        "kind_id": row["kind"],
        "street_id": row["street"],
        "organisation_id": organisations[row["organisation"]] if row["organisation"] else None,
        "lng": point.get("lng"),
        "lat": point.get("lat"),
        "crs": point.get("crs", "gcj02"),
    }


def opening_load(*, rows: Sequence[Row], now: dt.datetime) -> int:
    """Write hours, accessibility and offers of places that have neither hours nor facts yet; returns how many were written.

    ``{"code", "hours": {"0-4": "08:30-12:00、14:00-17:30"}, "access": {feature: value}, "services": [codes]}``; weekdays
    from 0, Monday.  2 queries, and about 25 for each place.
    """
    codes = [row["code"] for row in rows]
    bare = dict(
        Facility.objects.filter(code__in=codes, rules=None, access_facts=None).values_list("code", "id")
    )
    services = dict(Service.objects.values_list("code", "id"))
    for row in rows:
        if row["code"] not in bare:
            continue
        place = bare[row["code"]]
        hours_write(facility_id=place, rules=list(_rules(row["hours"])), staff=None, now=now)
        facts = [FactDraft(Feature(name), Value(value)) for name, value in row["access"].items()]
        access_facts_write(facility_id=place, facts=facts, staff=None, now=now)
        offers = [Offer(services[code]) for code in row["services"]]
        offers_write(facility_id=place, offers=offers, staff=None, now=now)
    return len(bare)


def _rules(hours: Mapping[str, str]) -> Iterable[RuleDraft]:
    for days, text in hours.items():
        first, _dash, last = days.partition("-")
        for weekday in range(int(first), int(last or first) + 1):
            for opens, closes in spans_read(text):
                yield RuleDraft(weekday, opens, closes)
