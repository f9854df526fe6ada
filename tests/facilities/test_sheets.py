"""The directory in spreadsheets: places, hours, services and offers are exported and imported by code."""

from __future__ import annotations

import csv
import io

import pytest

from apps.common import clock as project_clock
from apps.facilities import services as facilities
from apps.facilities.models import Facility, FacilityEvent, OpeningRule, Service
from apps.facilities.services import Offer, RuleDraft
from apps.sheets import services
from apps.sheets.models import ExportLog
from apps.sheets.states import Verb
from tests.sheets.conftest import acted, counts, csv_of, errors, uploaded, xlsx_of

pytestmark = pytest.mark.usefixtures("clock")


def imported(staff, kind, rows, *, xlsx=False):
    raw = xlsx_of(rows) if xlsx else csv_of(rows)
    return acted(uploaded(staff, kind, raw, "t.xlsx" if xlsx else "t.csv"), Verb.COMMIT, staff)


def exported(staff, kind):
    export = services.sheet_export(
        kind=kind, format=ExportLog.Format.CSV, staff=staff, now=project_clock.now()
    )
    return list(csv.reader(io.StringIO(export.file.read().decode("utf-8-sig"))))


def test_places_of_a_spreadsheet_are_entered_with_history_and_found(operator):
    rows = [
        ("code", "name", "kind", "street", "lng", "lat", "crs", "languages"),
        (
            "X01",
            "示例服务中心",
            "service_hall",
            "420107003",
            114.391517,
            30.636475,
            "wgs84",
            "普通话；武汉话",
        ),
        ("X02", "示例公园", "park", "", "", "", "", ""),
    ]

    batch = imported(operator, "places", rows, xlsx=True)

    assert (batch.state, counts(batch)) == ("done", (2, 0, 0, 0))
    first, second = Facility.objects.order_by("code")
    assert (first.lng, first.crs, first.languages, first.pinyin) == (
        114.391517, "wgs84", ["普通话", "武汉话"], "shi li fu wu zhong xin",
    )  # fmt: skip
    assert first.provenance["street"]["confidence"] == "staff"
    assert (second.point, second.status, second.provenance.keys()) == (None, "active", {"name", "status"})
    assert [event.verb for event in FacilityEvent.objects.all()] == ["add", "add"]


def test_lines_that_can_not_be_are_refused_by_name(operator):
    rows = [
        ("code", "name", "kind", "lng", "lat"),
        ("X01", "示例", "no_such_kind", "", ""),
        ("X02", "示例", "park", "114.3", ""),
        ("X03", "示例", "park", "30.6", "114.3"),
        ("X04", "示例", "park", "东经", "30"),
    ]

    batch = uploaded(operator, "places", csv_of(rows))

    assert [(line, [column for column, _text in wrong]) for line, wrong in errors(batch)] == [
        (2, ["kind"]), (3, ["lat"]), (4, ["__all__"]), (5, ["lng"]),
    ]  # fmt: skip
    assert Facility.objects.count() == 0


def test_a_week_is_one_line_and_rules_with_dates_stay(enter, operator):
    place = enter(code="X01")
    later = project_clock.today().replace(month=7)
    dated = RuleDraft(5, 540, 660, valid_from=later)
    facilities.hours_write(
        facility_id=place.id, rules=[RuleDraft(0, 510, 720, note="取号至11:30"), dated], staff=operator,
        now=project_clock.now(),
    )  # fmt: skip

    batch = imported(
        operator,
        "place-hours",
        [("code", "mon", "tue"), ("X01", "8:30至12:00、14:00-17:30", "20:00-02:00")],
        xlsx=True,
    )

    assert (batch.state, counts(batch)) == ("done", (0, 1, 0, 0))
    assert list(OpeningRule.objects.values_list("weekday", "opens_min", "closes_min", "note", "valid_from")) == [
        (0, 510, 720, "取号至11:30", None), (0, 840, 1050, "", None), (1, 1200, 1560, "", None), (5, 540, 660, "", later),
    ]  # fmt: skip
    assert exported(operator, "place-hours")[1] == [
        "X01", "08:30-12:00、14:00-17:30", "20:00-26:00", "", "", "", "", "",
    ]  # fmt: skip


def test_hours_of_no_place_and_hours_that_overlap_are_refused(enter, operator):
    enter(code="X01")

    batch = uploaded(
        operator,
        "place-hours",
        csv_of([
            ("code", "mon", "tue"), ("X09", "08:30-12:00", ""), ("X01", "20:00-26:00", "01:00-05:00"), ("X01", "上午", ""),
        ]),
    )  # fmt: skip

    assert [(line, [column for column, _text in wrong]) for line, wrong in errors(batch)] == [
        (2, ["code"]), (3, ["__all__"]), (4, ["mon", "code"]),
    ]  # fmt: skip


def test_undoing_puts_the_week_back(enter, operator):
    place = enter(code="X01")
    facilities.hours_write(
        facility_id=place.id, rules=[RuleDraft(0, 510, 720)], staff=operator, now=project_clock.now()
    )
    batch = imported(operator, "place-hours", [("code", "mon"), ("X01", "09:00-11:00")])

    acted(batch, Verb.UNDO, operator)

    assert list(OpeningRule.objects.values_list("opens_min", "closes_min")) == [(510, 720)]


def test_services_and_where_they_are_offered(enter, operator):
    place = enter(code="X01")
    batch = imported(
        operator,
        "services",
        [
            ("code", "name", "kind", "documents", "levels", "department"),
            ("T-1", "示例事项", "matter", "居民身份证 | 1 | 原件；户口簿", "district；street", "XZSP"),
            ("T-2", "示例服务", "service", "", "", ""),
        ],
    )
    one = Service.objects.get(code="T-1")
    facilities.offers_write(
        facility_id=place.id, offers=[Offer(one.id, "二楼", "免费")], staff=operator, now=project_clock.now()
    )

    imported(operator, "place-services", [("code", "services"), ("X01", "T-2；T-1")])
    refused = uploaded(operator, "place-services", csv_of([("code", "services"), ("X01", "T-1；T-9")]))

    assert counts(batch) == (2, 0, 0, 0)
    assert one.documents == [
        {"name": "居民身份证", "copies": 1, "note": "原件"}, {"name": "户口簿", "copies": None, "note": ""},
    ]  # fmt: skip
    assert (one.levels, one.department.code) == (["district", "street"], "XZSP")
    assert list(place.offers.order_by("service__code").values_list("service__code", "note", "fee")) == [
        ("T-1", "二楼", "免费"), ("T-2", "", ""),
    ]  # fmt: skip
    assert [[column for column, _text in wrong] for _line, wrong in errors(refused)] == [["services"]]
    assert exported(operator, "place-services")[1] == ["X01", "T-1；T-2"]
    assert "居民身份证 | 1 | 原件；户口簿" in exported(operator, "services")[1]


def test_what_was_exported_changes_nothing_when_it_comes_back(enter, operator):
    enter(code="X01", lng=114.39, lat=30.63, street_id="420107003", languages=["普通话"])
    enter("没有编码的地方")

    rows = exported(operator, "places")

    assert [row[0] for row in rows[1:]] == ["X01"]
    assert counts(uploaded(operator, "places", csv_of(rows))) == (0, 0, 1, 0)
