"""The directory's data from files: loaded once, with the source of each entry; what staff changed stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.common import clock as project_clock
from apps.common.geo import Point
from apps.facilities import services
from apps.facilities.access import Feature, Value
from apps.facilities.models import (
    Facility,
    FacilityKind,
    OpeningRule,
    Organisation,
    Service,
    ServiceAtFacility,
)
from apps.facilities.states import Confidence
from qingshan.management.commands.fixtures_load import directory_load

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
pytestmark = pytest.mark.django_db


def rows(name: str) -> list[dict[str, object]]:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def test_the_places_of_public_sources_are_loaded_once_and_staff_have_the_last_word(operator):
    directory_load()
    first = Facility.objects.get(code="H01")
    services.facility_write(
        facility_id=first.id,
        values={"phone": "027-0000"},
        staff=operator,
        version=None,
        now=project_clock.now(),
    )

    directory_load()

    assert (Facility.objects.count(), Organisation.objects.count(), Service.objects.count()) == (36, 16, 14)
    first = Facility.objects.get(code="H01")
    assert (first.name, first.phone, first.street_id, first.organisation.name) == (
        "武汉市第九医院", "027-0000", "420107001", "武汉市第九医院",
    )  # fmt: skip
    assert list(first.aliases.values_list("name", flat=True)) == ["市九医院"]
    assert first.provenance["point"]["confidence"] == "converted"
    assert set(Facility.objects.filter(status="planned").values_list("code", flat=True)) == {
        "E07",
        "H11",
        "N01",
    }
    assert Facility.objects.exclude(gcj_lng=None).count() == 6
    assert OpeningRule.objects.count() == 0


def test_invented_hours_come_with_the_demonstration_only_and_leave_what_is_there(operator):
    directory_load()
    park = Facility.objects.get(code="P03")
    services.hours_write(
        facility_id=park.id, rules=[services.RuleDraft(0, 0, 60)], staff=operator, now=project_clock.now()
    )

    for _time in range(2):
        services.opening_load(rows=rows("facilities_demo.json"), now=project_clock.now())

    assert Facility.objects.exclude(rules=None).count() == 24
    assert list(park.rules.values_list("opens_min", "closes_min")) == [(0, 60)]
    assert ServiceAtFacility.objects.count() == 40
    assert Facility.objects.get(code="G02").accessible_for == [
        "wheelchair",
        "rollator",
        "stroller",
        "low_vision",
        "hearing",
    ]


def test_the_files_fit_together():
    places, demo, kinds = rows("facilities.json"), rows("facilities_demo.json"), rows("facility_kinds.json")
    codes = {kind["code"] for kind in kinds}
    organisations = {row["code"] for row in rows("organisations.json")}
    offered = {row["code"] for row in rows("services.json")}

    assert {row["kind"] for row in places} <= codes
    assert {row["organisation"] for row in places} - {None} <= organisations
    assert {row["code"] for row in demo} <= {row["code"] for row in places if row["status"] == "active"}
    for row in demo:
        assert set(row["services"]) <= offered
        assert {Feature(name) for name in row["access"]}
        assert {Value(value) for value in row["access"].values()}
    for row in places:
        filled = {name for name in ("name", "address", "street", "point", "description") if row[name]}
        assert filled | {"status"} == set(row["provenance"])
        assert {Confidence(one["confidence"]) for one in row["provenance"].values()}
        assert row["point"] is None or Point(**row["point"]).in_china
    assert FacilityKind.objects.count() == len(kinds) == 26
