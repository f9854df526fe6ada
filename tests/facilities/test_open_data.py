"""The directory as open data: whole, with its sources, inert in a spreadsheet, without anybody's name."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.facilities import open_data
from apps.facilities.models import Alias, Assurance, Facility, Service, ServiceAtFacility
from tests.conftest import MORNING
from tests.factories.network_points import MIDDLE, hours_make, point_make, points_make

PATHS = ["/open-data/facilities.json", "/open-data/facilities.csv"]


def body(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer.streaming_content).decode()


def rows_json() -> list[dict]:
    return json.loads(body(PATHS[0]))["facilities"]


def rows_csv() -> list[dict[str, str]]:
    text = body(PATHS[1])
    assert text.startswith("\ufeffid,code,name")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def library(db, clock, staff):
    Facility.objects.update(status="ended")
    there = point_make(
        "钢花图书馆", at=MIDDLE, phone="027-00000000", languages=["普通话", "武汉话"], code="T1",
        provenance={"address": {"source": "现场", "confidence": "verified", "on": "2026-03-01"}},
        accessible_for=["wheelchair", "stroller"],
    )  # fmt: skip
    hours_make(there, (510, 690), (840, 1560), weekdays=[0, 5])
    Alias.objects.create(facility=there, name="书城")
    service = Service.objects.create(code="T-1", name="办证", kind="service")
    ServiceAtFacility.objects.create(facility=there, service=service)
    Assurance.objects.create(
        facility=there, by=staff(), assured_on="2026-03-01", valid_to="2026-08-28", method="visit", at=MORNING
    )
    return there


def test_json_holds_every_field_its_licence_and_its_sources(library):
    whole = json.loads(body(PATHS[0]))

    assert (whole["licence"], whole["crs"], tuple(whole["fields"])) == (
        "CC BY 4.0",
        "gcj02",
        open_data.FIELDS,
    )
    assert [tuple(row) for row in whole["facilities"]] == [open_data.FIELDS]
    row = whole["facilities"][0]
    assert row["hours"] == ["1 08:30-11:30", "1 14:00-26:00", "6 08:30-11:30", "6 14:00-26:00"]
    assert row["provenance"] == {"address": {"source": "现场", "confidence": "verified", "on": "2026-03-01"}}
    assert (row["lng"], row["lat"], row["crs"]) == (library.gcj_lng, library.gcj_lat, "gcj02")
    assert (row["aliases"], row["services"], row["accessible_for"]) == (
        ["书城"],
        ["T-1"],
        ["wheelchair", "stroller"],
    )
    assert (row["freshness"], row["assured_on"], row["assured_until"]) == (
        "verified",
        "2026-03-01",
        "2026-08-28",
    )


def test_csv_holds_the_same_with_lists_parted_by_semicolons(library):
    row = rows_csv()[0]

    assert (row["id"], row["name"], row["languages"]) == (str(library.id), "钢花图书馆", "普通话;武汉话")
    assert row["hours"] == "1 08:30-11:30;1 14:00-26:00;6 08:30-11:30;6 14:00-26:00"
    assert json.loads(row["provenance"])["address"]["source"] == "现场"
    assert row["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("name", ["=1+1", "+86", "-x", "@cmd", "\tx"])
def test_no_cell_begins_like_a_formula(library, name):
    Facility.objects.filter(id=library.id).update(name=name, phone=name)

    assert (rows_csv()[0]["name"], rows_csv()[0]["phone"]) == (f"'{name}", f"'{name}")
    assert rows_json()[0]["name"] == name


def test_what_is_not_verified_is_said_to_be_and_what_has_ended_is_left_out(library):
    points_make([MIDDLE], status="planned")
    points_make([MIDDLE], status="ended")

    assert [(row["status"], row["freshness"]) for row in rows_json()] == [
        ("active", "verified"),
        ("planned", "unverified"),
    ]


def test_nobody_is_named(library):
    text = body(PATHS[0]) + body(PATHS[1])

    by = library.assurances.get().by
    assert by.display_name not in text
    assert by.username not in text


@pytest.mark.parametrize("path", PATHS)
def test_who_has_the_file_gets_304_until_something_changes(library, path):
    first = Client().get(path)
    assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert first["Cache-Control"] == "public, max-age=300"

    Facility.objects.filter(id=library.id).update(updated_at=MORNING.replace(hour=11))

    assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_only_reading_is_possible(library, path):
    assert Client().post(path).status_code == 405
    head = Client().head(path)
    assert (head.status_code, b"".join(head)) == (200, b"")


def test_the_files_are_read_in_pieces_of_a_thousand(library, monkeypatch):
    monkeypatch.setattr(open_data, "_AT_ONCE", 3)
    points_make([MIDDLE] * 7)

    with CaptureQueriesContext(connection) as captured:
        rows = rows_json()

    assert len(rows) == 8
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    reads = [
        query
        for query in captured.captured_queries
        if 'FROM "facilities_facility" INNER JOIN' in query["sql"]
    ]
    assert len(reads) == 3
