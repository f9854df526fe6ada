"""Institutions, rules and weekly sessions from files; what is there already stays as staff left it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.clinics.models import (
    Alliance,
    AttendanceRule,
    BookingRule,
    Department,
    Institution,
    Practitioner,
    ReferralTerm,
    Room,
    SessionTemplate,
)
from apps.common.changes import announce
from apps.facilities import selectors as facilities

Row = Mapping[str, Any]


def institutions_load(*, data: Mapping[str, Sequence[Row]]) -> int:
    """Add alliances, institutions at places that are known, and rules where there are none; returns how many institutions are new.

    ``{"alliances": [{"name", "source"}], "institutions": [{"facility": code, "level", "alliance"?, "leads"?, …}],
    "booking_rules", "attendance_rules", "referral_terms": rows by the names of their columns}``
    About 8 queries, 1 more for each new institution.
    """
    with transaction.atomic():
        Alliance.objects.bulk_create([Alliance(**row) for row in data["alliances"]], ignore_conflicts=True)
        alliances = dict(Alliance.objects.values_list("name", "id"))
        places = facilities.ids_by_code(codes=[row["facility"] for row in data["institutions"]])
        known = set(
            Institution.objects.filter(facility_id__in=places.values()).values_list("facility_id", flat=True)
        )
        fresh = [row for row in data["institutions"] if places.get(row["facility"]) not in (None, *known)]
        for row in fresh:
            more = {name: value for name, value in row.items() if name not in ("facility", "alliance")}
            Institution.objects.create(
                facility_id=places[row["facility"]],
                alliance_id=alliances.get(row.get("alliance", "")),
                **more,
            )
        _rules_load(BookingRule, data["booking_rules"])
        _rules_load(AttendanceRule, data["attendance_rules"])
        _rules_load(ReferralTerm, data["referral_terms"])
    announce("clinics")
    return len(fresh)


def _rules_load(model: type[Any], rows: Sequence[Row]) -> None:
    """Write a first set of rules; once staff have any, theirs hold."""
    if not model.objects.exists():
        model.objects.bulk_create(model(**row) for row in rows)


def templates_load(*, data: Mapping[str, Any]) -> int:
    """Add departments, practitioners, rooms and weekly sessions that are not there yet; returns how many of the last are new.

    ``{"staff_units": {code of a place: code of a unit}, "valid_from", "departments": [{"facility", "code", "name", "kind",
    …}], "templates": [{"facility", "department": code, "practitioner", "title", "room", "weekdays", "starts", "ends",
    "slot_minutes", "pools", "opens_to_all_hours"}]}``
    About 6 queries for each weekly session.
    """
    places = facilities.ids_by_code(codes=[row["facility"] for row in data["departments"]])
    units = accounts.departments_by_code(codes=data["staff_units"].values())
    made = 0
    with transaction.atomic():
        found = Institution.objects.filter(facility_id__in=places.values())
        by_place = {one.facility_id: one for one in found}
        institutions = {code: by_place[place] for code, place in places.items() if place in by_place}
        for code, unit in data["staff_units"].items():
            if code in institutions and unit in units:
                Institution.objects.filter(pk=institutions[code].pk, department=None).update(
                    department_id=units[unit].pk
                )
        for row in data["departments"]:
            if row["facility"] in institutions:
                values = {name: value for name, value in row.items() if name not in ("facility", "code")}
                Department.objects.get_or_create(
                    institution=institutions[row["facility"]], code=row["code"], defaults=values
                )
        for row in data["templates"]:
            if row["facility"] in institutions:
                made += _template_load(institutions[row["facility"]], row, data["valid_from"])
    announce("clinics")
    return made


def _template_load(institution: Institution, row: Row, valid_from: str) -> int:
    """Add a practitioner's weekly sessions in a room; returns how many are new."""
    department = Department.objects.get(institution=institution, code=row["department"])
    practitioner, _made = Practitioner.objects.get_or_create(
        institution=institution, name=row["practitioner"], defaults={"title": row["title"]}
    )
    room, _made = Room.objects.get_or_create(institution=institution, name=row["room"])
    starts, ends = dt.time.fromisoformat(row["starts"]), dt.time.fromisoformat(row["ends"])
    made = 0
    for weekday in row["weekdays"]:
        _template, new = SessionTemplate.objects.get_or_create(
            department=department, practitioner=practitioner, weekday=weekday, starts=starts,
            defaults={
                "room": room, "ends": ends, "slot_minutes": row["slot_minutes"], "pools": row["pools"],
                "opens_to_all_hours": row["opens_to_all_hours"], "valid_from": dt.date.fromisoformat(valid_from),
            },
        )  # fmt: skip
        made += new
    return made
