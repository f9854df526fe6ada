"""The data in ``fixtures/`` fits together, names its sources and holds no personal data.  No database is needed."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.common.geo import Point
from apps.news.intake import BlockKind, DoubtReason, JoinReason, article_parse

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FILES = sorted(path.relative_to(FIXTURES).as_posix() for path in FIXTURES.rglob("*") if path.is_file())
ROLES = {
    "editor",
    "reviewer_first",
    "reviewer_second",
    "reviewer_final",
    "intake_clerk",
    "desk_head",
    "handler",
    "supervisor",
    "service_operator",
    "auditor",
    "administrator",
}


def loaded(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def divisions() -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in loaded("divisions.json")["divisions"]}


def departments() -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in loaded("departments.json")}


def subcategories() -> dict[str, dict[str, Any]]:
    return {row["code"]: row for group in loaded("categories.json") for row in group["children"]}


def column_slugs(columns: list[dict[str, Any]]) -> list[str]:
    return [slug for column in columns for slug in (column["slug"], *column_slugs(column["children"]))]


# --- divisions ----------------------------------------------------------------------------------------------------


def test_every_community_and_village_stands_in_a_street_that_exists():
    rows = divisions()

    assert Counter(row["kind"] for row in rows.values()) == {"street": 14, "community": 90, "village": 26}
    assert {rows[row["parent"]]["kind"] for row in rows.values() if row["kind"] != "street"} == {"street"}
    assert {row["parent"] for row in rows.values() if row["kind"] == "street"} == {"420107"}


def test_ten_streets_and_the_managed_one_are_offered_to_residents_today():
    offered = {code for code, row in divisions().items() if row["kind"] == "street" and row["selectable"]}

    assert offered == {f"420107{n:03d}" for n in (1, 2, 3, 4, 5, 6, 8, 9, 10, 13)} | {"420111061"}
    assert not any(row["valid_to"] for row in divisions().values() if row["selectable"])


def test_nothing_below_a_unit_that_is_not_offered_is_offered():
    rows = divisions()

    assert not [
        row
        for row in rows.values()
        if row["kind"] != "street" and row["selectable"] and not rows[row["parent"]]["selectable"]
    ]


def test_the_abolished_street_names_its_successor():
    rows = divisions()

    assert {k: rows["420107007"][k] for k in ("name", "valid_to", "replaced_by")} == {
        "name": "厂前街道",
        "valid_to": "2021-11-04",
        "replaced_by": "420107005",
    }
    assert (rows["420107005"]["name"], rows["420107013"]["valid_from"]) == ("工人村街道", "2021-11-04")
    assert {row["replaced_by"] for row in rows.values()} - {None} <= set(rows)


def test_points_lie_in_the_district_and_the_converter_agrees_with_the_pairs():
    district = loaded("divisions.json")["district"]
    west, south, east, north = district["bbox"]["gcj02"]
    pairs = [
        (row["point"]["lng"], row["point"]["lat"], *row["point"]["wgs84"])
        for row in divisions().values()
        if row["point"]
    ]

    assert len(pairs) == 10
    for lng, lat, wgs_lng, wgs_lat in pairs:
        assert west <= lng <= east
        assert south <= lat <= north
        assert Point(lng, lat, "gcj02").distance_m(Point(wgs_lng, wgs_lat, "wgs84")) < 1
    for check in district["conversion_checks"]:
        assert (
            Point(*check["gcj02"], "gcj02").distance_m(Point(*check["wgs84"], "wgs84")) < check["tolerance_m"]
        )


# --- departments, categories, profiles ----------------------------------------------------------------------------


def test_there_are_35_units_and_one_office_for_each_street_in_force():
    units = departments()
    offices = {code: row["street"] for code, row in units.items() if row["parent"] == "JD"}
    streets = {code for code, row in divisions().items() if row["kind"] == "street" and row["selectable"]}

    assert len(units) - len(offices) == 35
    assert offices == {
        f"JD-{code[-3:]}" if code.startswith("420107") else f"JD-{code}": code for code in streets
    }


def test_every_category_has_a_lead_a_profile_and_support_units_that_exist():
    groups, rows, units = loaded("categories.json"), subcategories(), set(departments())
    profiles = {row["code"] for row in loaded("deadline_profiles.json")}

    assert (len(groups), len(rows), len(profiles)) == (18, 86, 7)
    for group in groups:
        assert all(row["code"].startswith(group["code"]) for row in group["children"])
    for row in rows.values():
        assert {row["lead"], *row["support"]} <= units
        assert row["sla"] in profiles
        assert row["visibility"] in ("public", "private")
        assert len(row["notice"]) <= 60
        assert row["stopper"] is None or len(row["stopper"]) <= 80


def test_every_stopper_names_an_emergency_number():
    stoppers = [row["stopper"] for row in subcategories().values() if row["stopper"]]

    assert [text for text in stoppers if not re.search(r"\b(110|119|120)\b", text)] == []
    assert {"0502", "0703", "0903", "1401", "1403", "1404"} <= {
        code for code, row in subcategories().items() if row["stopper"]
    }


def test_every_profile_has_whole_terms_in_hours_or_workdays_and_is_not_confirmed():
    for row in loaded("deadline_profiles.json"):
        for term in (row["respond"], row["settle"]):
            assert term["unit"] in ("hour", "workday")
            assert isinstance(term["value"], int)
        assert row["extension"] is None or row["extension"] == {"max_workdays": 10, "times": 1}
        assert date.fromisoformat(row["valid_from"]) == date(2026, 1, 1)
        assert row["confirmed"] is False


def test_the_request_types_are_those_of_the_interface():
    assert [row["code"] for row in loaded("request_types.json")] == [
        "consultation",
        "help",
        "complaint",
        "report",
        "suggestion",
        "praise",
    ]


# --- calendar -----------------------------------------------------------------------------------------------------


def test_each_day_stands_once_and_2027_is_provisional():
    rows = loaded("calendar.json")

    assert [row["date"] for row in rows] == sorted({row["date"] for row in rows})
    assert {(row["date"][:4], row["status"]) for row in rows} == {
        ("2025", "official"),
        ("2026", "official"),
        ("2027", "provisional"),
    }
    assert {row["kind"] for row in rows if row["date"] >= "2027"} == {"off"}


def is_workday(day: date, kinds: dict[str, str]) -> bool:
    kind = kinds.get(day.isoformat())
    return kind == "workday" or (kind is None and day.weekday() < 5)


@pytest.mark.parametrize("year", [2025, 2026])
def test_each_official_year_has_248_working_days(year: int):
    kinds = {row["date"]: row["kind"] for row in loaded("calendar.json")}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]

    assert sum(is_workday(day, kinds) for day in days) == 248


@pytest.mark.parametrize(
    ("start", "add", "end"),
    [
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-13", 20, "2026-03-19"),
        ("2026-04-30", 2, "2026-05-07"),
        ("2026-09-24", 5, "2026-10-09"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2025-09-30", 5, "2025-10-14"),
        ("2026-01-01", 1, "2026-01-04"),
        ("2026-12-28", 3, "2026-12-31"),
        ("2026-12-28", 5, "2027-01-05"),
    ],
)
def test_terms_in_working_days_end_on_the_known_day(start: str, add: int, end: str):
    kinds = {row["date"]: row["kind"] for row in loaded("calendar.json")}
    day = date.fromisoformat(start)
    for _step in range(add):
        day += timedelta(days=1)
        while not is_workday(day, kinds):
            day += timedelta(days=1)

    assert day.isoformat() == end


# --- articles -----------------------------------------------------------------------------------------------------


def test_every_article_is_in_the_index_and_stands_on_named_facts():
    index = loaded("articles/index.json")
    slugs = column_slugs(loaded("columns.json"))

    assert sorted(row["file"] for row in index) == sorted(
        p.name for p in (FIXTURES / "articles").glob("*.txt")
    )
    assert len(slugs) == len(set(slugs)) == 10
    for row in index:
        assert row["column"] in slugs
        assert row["facts"]
        assert all(re.fullmatch(r"S\d\d|X\d\d", fact) for fact in row["facts"])
        assert row["published_on"] is None or date.fromisoformat(row["published_on"]).year == 2026


@pytest.mark.parametrize(
    "row", [r for r in loaded("articles/index.json") if r["file"][0].isdigit()], ids=lambda r: r["slug"]
)
def test_a_clean_article_is_read_without_a_join_or_a_doubt(row: dict[str, Any]):
    intake = article_parse(text=(FIXTURES / "articles" / row["file"]).read_text(encoding="utf-8"))

    assert intake.title == row["title"]
    assert (intake.joins, intake.doubts) == ((), ())
    assert {block.kind for block in intake.blocks} == {BlockKind.TITLE, BlockKind.PARAGRAPH}
    assert 150 <= sum(len("".join(block.text.split())) for block in intake.blocks) <= 500


def test_the_sample_with_print_defects_is_read_as_it_was_meant():
    intake = article_parse(text=(FIXTURES / "articles/print-defects-sample.txt").read_text(encoding="utf-8"))

    assert [(block.kind, block.lines) for block in intake.blocks] == [
        (BlockKind.TITLE, (3,)),
        (BlockKind.PARAGRAPH, (5, 7, 13)),
        (BlockKind.CAPTION, (11,)),
        (BlockKind.HEADING, (15,)),
        (BlockKind.HEADING, (17,)),
        (BlockKind.PARAGRAPH, (19, 21)),
        (BlockKind.PARAGRAPH, (23, 25)),
        (BlockKind.CAPTION, (29,)),
        (BlockKind.HEADING, (31,)),
        (BlockKind.PARAGRAPH, (33,)),
        (BlockKind.PARAGRAPH, (35,)),
        (BlockKind.HEADING, (37,)),
        (BlockKind.HEADING, (39,)),
        (BlockKind.PARAGRAPH, (41,)),
        (BlockKind.PARAGRAPH, (43,)),
    ]
    assert [(join.line, join.reason, join.dropped) for join in intake.joins] == [
        (7, JoinReason.CHARACTER_DOUBLED, "山"),
        (13, JoinReason.INTERRUPTED, ""),
        (21, JoinReason.WORD_BROKEN, ""),
        (25, JoinReason.SENTENCE_BROKEN, ""),
    ]
    assert [(doubt.line, doubt.reason) for doubt in intake.doubts] == [
        (33, DoubtReason.NO_FINAL_MARK),
        (41, DoubtReason.MISPRINT),
        (43, DoubtReason.PAGE_NUMBER),
    ]


# --- demonstration data -------------------------------------------------------------------------------------------


def test_the_sample_cases_point_to_categories_streets_and_types_that_exist():
    cases = loaded("demo_cases.json")
    keys = {row["key"] for row in cases}
    streets = {code for code, row in divisions().items() if row["kind"] == "street" and row["selectable"]}

    assert len(cases) == len(keys) == 27
    assert {row["category"] for row in cases} <= set(subcategories())
    assert {row["street"] for row in cases} <= streets
    assert {row["request_type"] for row in cases} == {row["code"] for row in loaded("request_types.json")}
    assert {row["duplicate_of"] for row in cases} - {None} == {"demo-01"}


def test_the_demo_staff_have_known_roles_and_units_and_no_password():
    staff = loaded("demo_staff.json")

    assert {role for row in staff for role in row["roles"]} == ROLES
    assert {row["department"] for row in staff} - {None} <= set(departments())
    assert all(row["username"].endswith(".demo") and row["display_name"].startswith("演示·") for row in staff)
    assert {key for row in staff for key in row} == {
        "username",
        "display_name",
        "roles",
        "department",
        "is_head",
    }


def test_the_demo_residents_live_in_communities_that_are_offered():
    rows = divisions()

    for resident in loaded("demo_residents.json"):
        assert rows[resident["community"]]["parent"] == resident["street"]
        assert rows[resident["community"]]["selectable"]


def test_the_privacy_policy_names_each_purpose_once():
    policy = loaded("privacy_policy.json")

    assert (policy["version"], policy["major"], date.fromisoformat(policy["valid_from"])) == (
        "2026-11",
        1,
        date(2026, 11, 1),
    )
    assert [item["purpose"] for item in policy["items"]] == [
        "basic_service",
        "notifications",
        "location_for_cases",
        "contact_phone",
        "patients",
        "children",
    ]
    assert all(item["fields"] and item["retention"] for item in policy["items"])


# --- all files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_the_list_of_sources_names_the_file(name: str):
    sources = (FIXTURES / "SOURCES.md").read_text(encoding="utf-8")
    known = f"`{name}`" in sources or (name.endswith(".txt") and f"`{Path(name).parent}/*.txt`" in sources)

    assert known or name == "SOURCES.md"


@pytest.mark.parametrize("name", FILES)
def test_no_file_holds_what_looks_like_a_phone_or_an_identity_number(name: str):
    text = (FIXTURES / name).read_text(encoding="utf-8")

    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)", text) == []
