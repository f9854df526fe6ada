"""Rounds from presets, and schools from files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.common.changes import announce
from apps.common.clock import midnight
from apps.common.errors import constraint_of
from apps.facilities import selectors as facilities
from apps.schools.errors import PresetUnknown, RoundCodeTaken
from apps.schools.models import (
    AdmissionRound,
    CatchmentArea,
    CatchmentVersion,
    EducationCommunity,
    Intake,
    PlaceLockRule,
    PriorityCategory,
    School,
)
from apps.schools.presets import PRESETS

Row = Mapping[str, Any]
_DAYS = ("opens_at", "closes_at", "fix_until", "answer_until", "waiting_until")


def round_from_preset(
    *, preset: str, year: int, code: str, department_id: int, now: dt.datetime, **values: Any
) -> AdmissionRound:
    """Prepare a round of a kind with its usual calendar, classes and rule; nobody sees it before it is announced.

    ``year``  2020 to 2100    ``values``  fields of the round that are to be other than the preset's
    3 queries.  Raises PresetUnknown, RoundCodeTaken.
    """
    found = PRESETS.get(preset)
    if found is None or not 2020 <= year <= 2100:
        raise PresetUnknown(attr="preset" if found is None else "year")
    born_from, born_to = found.birthdays(year)
    days: dict[str, Any] = {name: midnight(f"{year}-{found.dates[name]}") for name in _DAYS}
    given = {
        "name": found.name.format(year=year), "stage": found.stage, "policy": found.policy, "max_choices": found.max_choices,
        "catchment_first": found.catchment_first, "home_papers": found.home_papers,
        "waiting_answer_hours": found.waiting_answer_hours, "public_number_source": found.public_number_source,
        "starts_on": dt.date.fromisoformat(f"{year}-{found.dates['starts_on']}"), "born_from": born_from, "born_to": born_to,
        "source": f"{found.code} {now:%Y-%m-%d}",
    } | days | values  # fmt: skip
    try:
        with transaction.atomic():
            held = AdmissionRound.objects.create(code=code, year=year, department_id=department_id, **given)
    except IntegrityError as error:
        if constraint_of(error) == "schools_admissionround_code_key":
            raise RoundCodeTaken(attr="code") from None
        raise
    PriorityCategory.objects.bulk_create([PriorityCategory(round=held, **row) for row in found.categories])
    return held


def schools_load(*, data: Mapping[str, Any]) -> int:
    """Add schools and rules on homes that are not there yet; what staff changed stays.  Returns how many schools are new.

    ``{"schools": [{"code", "name", "stage", "facility"?, "community"?, …}], "place_lock_rules": [{…}]}``
    About 6 queries.
    """
    with transaction.atomic():
        places = facilities.ids_by_code(
            codes=[row["facility"] for row in data["schools"] if "facility" in row]
        )
        communities = dict(EducationCommunity.objects.values_list("name", "id"))
        known = set(School.objects.values_list("code", flat=True))
        fresh = [row for row in data["schools"] if row["code"] not in known]
        School.objects.bulk_create(
            [
                School(
                    **{name: value for name, value in row.items() if name not in ("facility", "community")},
                    facility_id=places.get(row.get("facility", "")), community_id=communities.get(row.get("community", "")),
                )
                for row in fresh
            ]
        )  # fmt: skip
        if not PlaceLockRule.objects.exists():
            PlaceLockRule.objects.bulk_create([PlaceLockRule(**row) for row in data["place_lock_rules"]])
    announce("schools")
    return len(fresh)


def demo_rounds_load(*, data: Mapping[str, Any], now: dt.datetime) -> list[AdmissionRound]:
    """Prepare invented schools, a catchment and rounds for a demonstration, once; returns the rounds that are new.

    About 12 queries and 5 for each round.
    """
    unit = accounts.department_by_code(code=data["unit"])
    if unit is None or AdmissionRound.objects.exists():
        return []
    with transaction.atomic():
        EducationCommunity.objects.bulk_create(
            [EducationCommunity(**row) for row in data["communities"]], ignore_conflicts=True
        )
        schools_load(data={"schools": data["schools"], "place_lock_rules": []})
        _catchments_load(data["catchments"], now)
        School.objects.filter(department=None).update(department=unit)
        return [_demo_round(row, unit.pk, now) for row in data["rounds"]]


def _catchments_load(row: Row, now: dt.datetime) -> None:
    areas: Sequence[Row] = row["areas"]
    version = CatchmentVersion.objects.create(
        published_at=now, **{name: value for name, value in row.items() if name != "areas"}
    )
    CatchmentArea.objects.bulk_create(
        [
            CatchmentArea(version=version, school_id=area["school"], **{n: v for n, v in area.items() if n != "school"})
            for area in areas
        ]
    )  # fmt: skip


def _demo_round(row: Row, department_id: int, now: dt.datetime) -> AdmissionRound:
    """Prepare a round of the coming year's preset that takes applications around today."""
    day = dt.timedelta(days=1)
    year = now.year + 1
    held = round_from_preset(
        preset=row["preset"], year=year, name=PRESETS[row["preset"]].name.format(year=year) + "（演示）", code=f"{row['code']}{now.year + 1}", department_id=department_id, now=now,
        opens_at=now - day, closes_at=now + 20 * day, fix_until=now + 30 * day, answer_until=now + 60 * day,
        waiting_until=now + 90 * day, is_demo=True, source="演示",
    )  # fmt: skip
    Intake.objects.bulk_create(
        [
            Intake(round=held, school_id=one["school"], code=one["code"], name=one["name"], plan=one["plan"])
            for one in row["intakes"]
        ]
    )
    return held
