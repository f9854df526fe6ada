"""Rounds from presets, the schools that public sources name, the demonstration's rounds."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from apps.facilities.models import Facility, FacilityKind
from apps.schools import services
from apps.schools.errors import PresetUnknown, RoundCodeTaken
from apps.schools.models import AdmissionRound, Intake, PlaceLockRule, School
from apps.schools.presets import PRESETS
from tests.factories.schools import UNIT

FIXTURES = Path(__file__).parents[2] / "fixtures"


def loaded(name: str):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_makes_a_round_that_only_lacks_its_intakes(office, now, preset) -> None:
    held = services.round_from_preset(
        preset=preset, year=2027, code="r27", department_id=next(iter(office.head.department_ids)), now=now
    )
    held.full_clean()
    assert (held.state, held.stage) == ("setup", PRESETS[preset].stage)
    assert held.categories.count() >= 2
    assert held.opens_at.isoformat() == f"2027-{PRESETS[preset].dates['opens_at']}T00:00:00+08:00"
    assert held.born_from < held.born_to
    with pytest.raises(RoundCodeTaken):
        services.round_from_preset(
            preset=preset,
            year=2028,
            code="r27",
            department_id=next(iter(office.head.department_ids)),
            now=now,
        )


def test_who_is_three_on_the_last_of_august_goes_to_kindergarten() -> None:
    assert PRESETS["kindergarten"].birthdays(2027) == (dt.date(2023, 9, 1), dt.date(2024, 8, 31))


@pytest.mark.parametrize(("preset", "year"), [("university", 2027), ("senior", 1999)])
def test_what_there_is_no_preset_for_is_refused(office, now, preset, year) -> None:
    with pytest.raises(PresetUnknown):
        services.round_from_preset(preset=preset, year=year, code="x", department_id=1, now=now)


def test_schools_come_once_with_their_place_and_what_staff_changed_stays(office, now) -> None:
    kind = FacilityKind.objects.get(code="school")
    place = Facility.objects.create(
        code="E02", name="武钢实验中学高中部", kind=kind, address="", created_at=now, updated_at=now
    )
    data = loaded("schools.json")
    assert services.schools_load(data=data) == len(data["schools"])
    assert School.objects.get(pk="WGSY-GZ").facility_id == place.pk
    School.objects.filter(pk="WGSY-GZ").update(name="改名")
    assert services.schools_load(data=data) == 0
    assert School.objects.get(pk="WGSY-GZ").name == "改名"
    assert PlaceLockRule.objects.get().years == 6


def test_the_demonstration_has_the_reported_numbers_and_says_that_the_rest_is_invented(office, now) -> None:
    facts = {one["stage"]: one for one in loaded("schools.json")["facts"]}
    services.schools_load(data=loaded("schools.json"))
    made = services.demo_rounds_load(data=loaded("schools_demo.json"), now=now)
    assert [(one.is_demo, one.source, one.department.code) for one in made] == [(True, "演示", UNIT)] * 2
    for fact in facts.values():
        plans = Intake.objects.filter(school__in=fact["schools"], school__stage=fact["stage"]).values_list(
            "plan", flat=True
        )
        assert sum(plans) == fact["places"]
    assert all("演示" in one.name for one in Intake.objects.all())
    assert services.demo_rounds_load(data=loaded("schools_demo.json"), now=now) == []
    assert AdmissionRound.objects.count() == 2
    services.round_open(round_id=made[0].pk, staff=office.head, now=now)
