"""The directory as the mini-program asks for it: lists, one network point, services, corrections."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.common.changes import forget_all
from apps.common.files import image_clean
from apps.common.geo import Point
from apps.common.models import Upload
from apps.common.uploads import upload_keep
from apps.facilities import selectors
from apps.facilities.models import (
    AccessibilityFact,
    Alias,
    Assurance,
    Closure,
    CorrectionReport,
    DayException,
    Photo,
    Service,
    ServiceAtFacility,
)
from apps.facilities.search_index import search_refresh
from tests.conftest import MORNING
from tests.factories.network_points import MIDDLE, hours_make, point_make, points_make, scattered
from tests.factories.people import attr_of, code_of, resident_make
from tests.factories.pictures import jpeg

NEAR = f"{MIDDLE.lng},{MIDDLE.lat}"
KIND = "test_kind"


def east(metres: float) -> Point:
    """Return a place so far east of the middle."""
    return Point(MIDDLE.lng + metres / 95_680, MIDDLE.lat)


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def all_names(anyone, **asked) -> list[str]:
    """Return the names of every page, one after the other."""
    found, cursor = [], None
    for _page in range(50):
        page = anyone.get("facilities", **asked, **({"cursor": cursor} if cursor else {})).json()
        found += [row["name"] for row in page["results"]]
        cursor = page["next"]
        if cursor is None:
            return found
    raise AssertionError("the pages have no end")


# --- Lists -----------------------------------------------------------------------------------------------------------
def test_a_line_says_where_whether_open_and_how_sure(db, anyone, clock, staff):
    there = point_make("钢花图书馆", at=east(500), street_id="420107003", address="建设三路1号")
    hours_make(there, (510, 690), (840, 1020), weekdays=range(5))
    Assurance.objects.create(
        facility=there, by=staff(), assured_on="2026-03-01", valid_to="2026-03-10", method="visit", at=MORNING
    )

    line = anyone.get("facilities", near=NEAR, kind=KIND).json()["results"][0]

    assert line.pop("status_label")
    assert line.pop("freshness_label")
    assert line == {
        "id": str(there.id), "name": "钢花图书馆", "kind": {"code": KIND, "name": "测试网点"}, "address": "建设三路1号",
        "street": {"code": "420107003", "name": there.street.name},
        "point": {"lng": there.gcj_lng, "lat": there.gcj_lat, "crs": "gcj02"}, "distance_m": 500,
        "open": {"now": True, "until": "2026-03-10T11:30:00+08:00", "next_open_at": None, "known": True},
        "status": "active", "assured_on": "2026-03-01", "freshness": "verified",
    }  # fmt: skip


def test_an_assurance_that_has_run_out_is_said_never_hidden(db, anyone, clock, staff):
    there = point_make("甲", at=MIDDLE)
    Assurance.objects.create(
        facility=there, by=staff(), assured_on="2025-01-01", valid_to="2026-03-09", method="call", at=MORNING
    )

    line = anyone.get("facilities", kind=KIND).json()["results"][0]

    assert (line["assured_on"], line["freshness"]) == ("2025-01-01", "stale")
    point_make("乙", at=MIDDLE)
    forget_all()
    assert anyone.get("facilities", kind=KIND).json()["results"][1]["freshness"] == "unverified"


def test_near_gives_the_nearest_first_with_pages_that_fit(db, anyone):
    points_make([east(40 * number) for number in (7, 3, 5, 3, 1)])

    assert all_names(anyone, near=NEAR, kind=KIND, limit=2) == ["网点4", "网点1", "网点3", "网点2", "网点0"]


def test_a_page_is_stable_while_nearer_ones_are_added(db, anyone):
    points_make([east(100), east(200), east(300)])
    first = anyone.get("facilities", near=NEAR, kind=KIND, limit=2).json()
    point_make("新", at=east(50))

    second = anyone.get("facilities", near=NEAR, kind=KIND, limit=2, cursor=first["next"])

    assert names(second) == ["网点2"]


def test_wgs84_is_another_place_than_gcj02(db, anyone):
    point_make("甲", at=MIDDLE)
    asked = MIDDLE.to("wgs84")

    def metres(crs: str) -> int:
        found = anyone.get("facilities", near=f"{asked.lng},{asked.lat}", crs=crs, kind=KIND).json()
        return found["results"][0]["distance_m"]

    assert metres("wgs84") == 0
    assert 500 < metres("gcj02") < 650


def test_without_a_place_the_order_is_the_one_of_names(db, anyone):
    for name in ("青山公园", "北湖小学", "钢花食堂"):
        point_make(name, at=None)

    assert all_names(anyone, kind=KIND, limit=1) == ["北湖小学", "钢花食堂", "青山公园"]
    line = anyone.get("facilities", kind=KIND).json()["results"][0]
    assert (line["point"], line["distance_m"]) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "九医院",
        "第九",
        "市九医院",
        "jiuyi",
        "JYY",
        "dijiu",
        "wuhanshi",
        "吉林街",
        "武汉 医院",
        "九",
        "ｊｙｙ",
    ],
)
def test_words_pieces_pinyin_initials_and_other_names_all_find_it(db, anyone, text):
    there = point_make("武汉市第九医院", at=MIDDLE, address="青山区吉林街20号")
    Alias.objects.create(facility=there, name="市九医院")
    search_refresh(facility_ids=[there.id])
    point_make("青山少年宫", at=MIDDLE)

    assert names(anyone.get("facilities", q=text, kind=KIND)) == ["武汉市第九医院"]
    assert names(anyone.get("facilities", q=text, kind=KIND, near=NEAR)) == ["武汉市第九医院"]


@pytest.mark.parametrize("text", ["，", "'", "\\", "%s %(x)s", "!", "a:*", "<->", "\x00", "& |"])
def test_what_has_a_meaning_in_a_query_is_a_word_like_others(db, anyone, text):
    point_make("钢花图书馆", at=MIDDLE)

    assert names(anyone.get("facilities", q=f"{text}", kind=KIND, near=NEAR)) in ([], ["钢花图书馆"])


def test_a_hit_in_the_name_comes_before_one_in_the_address(db, anyone):
    point_make("白玉山菜场", at=MIDDLE, address="图书馆旁")
    point_make("钢花图书馆", at=MIDDLE)

    assert all_names(anyone, q="图书馆", kind=KIND, limit=1) == ["钢花图书馆", "白玉山菜场"]


def test_what_is_offered_there_finds_it_too(db, anyone):
    there = point_make("红卫路服务站", at=MIDDLE)
    service = Service.objects.create(code="T-1", name="老年优待证", kind="matter", levels=["community"])
    ServiceAtFacility.objects.create(facility=there, service=service)
    search_refresh(facility_ids=[there.id])

    assert names(anyone.get("facilities", q="优待证", kind=KIND)) == ["红卫路服务站"]
    assert names(anyone.get("facilities", service="T-1", kind=KIND)) == ["红卫路服务站"]


def test_open_now_keeps_what_is_open_and_pages_past_what_is_not(db, anyone, clock, monkeypatch):
    """Three are looked at in a step and six for a page: pages may be short, and none is left out or comes twice."""
    monkeypatch.setattr(selectors, "LOOKED_AT_ONCE", 3)
    monkeypatch.setattr(selectors, "MOST_LOOKED", 6)
    rows = points_make([east(10 * number) for number in range(20)])
    for number, row in enumerate(rows):
        hours_make(row, (540, 1020) if number % 7 == 6 else (1080, 1200))

    first = anyone.get("facilities", near=NEAR, kind=KIND, open_now="1", limit=1).json()

    assert ([row["name"] for row in first["results"]], first["next"] is None) == ([], False)
    assert all_names(anyone, near=NEAR, kind=KIND, open_now="1", limit=1) == ["网点6", "网点13"]
    assert all_names(anyone, kind=KIND, open_now="1", limit=5) == ["网点6", "网点13"]
    assert len(all_names(anyone, kind=KIND, open_now="0")) == 20


def test_what_is_closed_planned_or_without_hours_is_not_open(db, anyone, clock):
    whole_day = (0, 1440)
    open_, closed, planned, _unknown = (
        point_make(name, at=MIDDLE, status="planned" if name == "筹建" else "active")
        for name in ("开着", "停电", "筹建", "不详")
    )
    for row in (open_, closed, planned):
        hours_make(row, whole_day)
    Closure.objects.create(
        facility=closed, starts_at=MORNING - dt.timedelta(hours=1), ends_at=MORNING + dt.timedelta(hours=2),
        reason="停电检修", created_at=MORNING,
    )  # fmt: skip

    answers = {
        row["name"]: (row["open"]["now"], row["open"]["next_open_at"], row["open"]["known"])
        for row in anyone.get("facilities", kind=KIND).json()["results"]
    }

    assert names(anyone.get("facilities", kind=KIND, open_now="1")) == ["开着"]
    assert answers == {
        "开着": (True, None, True),
        "停电": (False, "2026-03-10T12:00:00+08:00", True),
        "筹建": (False, None, True),
        "不详": (False, None, False),
    }


@pytest.mark.parametrize(
    ("day", "now"),
    [
        ("2026-09-30", True),  # Wednesday
        ("2026-10-01", False),  # National Day
        ("2026-10-10", True),  # an adjusted Saturday
        ("2026-10-11", False),  # Sunday
    ],
)
def test_holidays_and_adjusted_workdays_decide(db, anyone, day, now):
    there = point_make("服务站", at=MIDDLE)
    hours_make(there, (540, 1020), weekdays=range(5))

    with time_machine.travel(f"{day}T10:00:00+08:00", tick=False):
        forget_all()
        assert anyone.get("facilities", kind=KIND).json()["results"][0]["open"]["now"] is now


@pytest.mark.parametrize(
    ("asked", "code", "attr"),
    [
        ({"near": "114.4"}, "near_invalid", "near"),
        ({"near": "114.4,30.6,1"}, "near_invalid", "near"),
        ({"near": "nan,30.6"}, "near_invalid", "near"),
        ({"near": "30.6,114.4"}, "near_invalid", "near"),
        ({"near": NEAR, "crs": "bd09"}, "near_invalid", "crs"),
        ({"near": NEAR, "radius_m": "0"}, "radius_invalid", "radius_m"),
        ({"near": NEAR, "radius_m": "20001"}, "radius_invalid", "radius_m"),
        ({"near": NEAR, "radius_m": "1e3"}, "radius_invalid", "radius_m"),
        ({"radius_m": "500"}, "radius_invalid", "radius_m"),
        ({"open_now": "yes"}, "choice_invalid", "open_now"),
        ({"accessible_for": "bicycle"}, "choice_invalid", "accessible_for"),
        ({"q": "长" * 61}, "parameter_too_long", "q"),
        ({"kind": "k" * 31}, "parameter_too_long", "kind"),
        ({"limit": "101"}, "limit_invalid", "limit"),
        ({"cursor": "x"}, "cursor_invalid", "cursor"),
        ({"near": NEAR, "cursor": "WyJhIiwiYiJd"}, "cursor_invalid", "cursor"),
        ({"near": NEAR, "cursor": "W05hTiwgIjAxYTIwOWRlLTBjNjAtNzBmNS1hNTQzLWI2YzEzNjcyOGEzNyJd"}, "cursor_invalid", "cursor"),
        ({"q": "医院", "cursor": "WzEwMDBd"}, "cursor_invalid", "cursor"),
    ],
)  # fmt: skip
def test_bad_questions_are_refused_by_the_name_of_what_is_wrong(db, anyone, asked, code, attr):
    answer = anyone.get("facilities", **asked)

    assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, code, attr)


def test_a_list_takes_as_many_statements_for_twenty_as_for_two(db, anyone):
    points_make(scattered(40, seed=2))

    def count(limit: int) -> int:
        forget_all()
        with CaptureQueriesContext(connection) as captured:
            assert len(anyone.get("facilities", near=NEAR, kind=KIND, limit=limit).json()["results"]) == limit
        return len(captured)

    count(1)
    assert count(2) == count(20)


def test_an_answer_is_kept_until_the_minute_in_which_it_closes_and_no_longer(db, anyone, clock):
    there = point_make("钢花图书馆", at=MIDDLE)
    hours_make(there, (540, 631))  # to 10:31

    clock.move_to(MORNING + dt.timedelta(minutes=30, seconds=50))
    kept = anyone.get("facilities", kind=KIND)
    clock.move_to(MORNING + dt.timedelta(minutes=31))
    after = anyone.get("facilities", kind=KIND)

    assert kept.json()["results"][0]["open"]["now"] is True
    assert kept["Cache-Control"] == "public, max-age=10"
    assert after.json()["results"][0]["open"]["now"] is False
    assert after["ETag"] != kept["ETag"]


def test_a_closure_that_begins_within_a_minute_ends_what_is_kept(db, anyone, clock):
    there = point_make("钢花图书馆", at=MIDDLE)
    hours_make(there, (540, 1020))
    begins = MORNING + dt.timedelta(seconds=20)
    Closure.objects.create(facility=there, starts_at=begins, reason="停水", created_at=MORNING)

    before = anyone.get("facilities", kind=KIND)
    clock.move_to(begins)
    after = anyone.get("facilities", kind=KIND)

    assert before["Cache-Control"] == "public, max-age=20"
    opens = [answer.json()["results"][0]["open"] for answer in (before, after)]
    assert [(one["now"], one["until"]) for one in opens] == [
        (True, "2026-03-10T10:00:20+08:00"),
        (False, None),
    ]


@pytest.mark.parametrize("near", [{}, {"near": NEAR}])
def test_an_answer_made_just_before_it_closes_and_sent_just_after_is_old_at_once(
    db, anyone, clock, monkeypatch, near
):
    there = point_make("钢花图书馆", at=MIDDLE)
    hours_make(there, (540, 601))  # to 10:01
    clock.move_to(MORNING + dt.timedelta(seconds=59))
    page = selectors.facilities_page

    def slow(**asked):
        found = page(**asked)
        clock.move_to(MORNING + dt.timedelta(seconds=61))
        return found

    monkeypatch.setattr(selectors, "facilities_page", slow)
    answer = anyone.get("facilities", kind=KIND, **near)

    assert answer.json()["results"][0]["open"]["now"] is True
    assert answer["Cache-Control"] == "public, max-age=0"


def test_answers_about_a_place_are_not_kept_in_memory(db, anyone):
    """Everybody stands elsewhere: these would push out what all ask for."""
    point_make("甲", at=MIDDLE)

    def statements(**asked: str) -> int:
        anyone.get("facilities", kind=KIND, **asked)
        with CaptureQueriesContext(connection) as captured:
            assert names(anyone.get("facilities", kind=KIND, **asked)) == ["甲"]
        return len(captured)

    assert statements(near=NEAR) == 3
    assert statements() == 0


def test_who_has_an_answer_gets_304(db, anyone, clock):
    point_make("甲", at=MIDDLE)
    first = anyone.get("facilities", kind=KIND)

    again = anyone.get("facilities", kind=KIND, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


# --- One network point -----------------------------------------------------------------------------------------------
@pytest.fixture
def library(db, clock, staff):
    there = point_make(
        "钢花图书馆", at=MIDDLE, address="建设三路1号", phone="027-00000000", languages=["普通话"],
        provenance={"address": {"source": "现场", "confidence": "verified", "on": "2026-03-01"}},
    )  # fmt: skip
    hours_make(there, (540, 1020), weekdays=range(5))
    DayException.objects.create(facility=there, on="2026-03-12", spans=[[600, 720]], reason="盘点")
    Alias.objects.create(facility=there, name="书城")
    service = Service.objects.create(
        code="T-1", name="办理读者证", kind="service", eligibility="本区居民", fee="免费", fee_source="馆规", min_age=6, promised_days=1,
        documents=[{"name": "身份证", "copies": 1, "note": "原件"}], levels=["district"],
    )  # fmt: skip
    ServiceAtFacility.objects.create(facility=there, service=service, note="二楼", fee="")
    for feature, value in (("step_free_entrance", "yes"), ("lift", "no")):
        AccessibilityFact.objects.create(facility=there, feature=feature, value=value)
    Closure.objects.create(
        facility=there, starts_at=MORNING + dt.timedelta(days=1, hours=4), ends_at=MORNING + dt.timedelta(days=1, hours=5),
        reason="消防演练", created_at=MORNING,
    )  # fmt: skip
    return there


def test_the_page_of_one_says_everything(library, anyone):
    whole = anyone.get(f"facilities/{library.id}").json()

    assert whole["open"] == {
        "now": True, "until": "2026-03-10T17:00:00+08:00", "next_open_at": None, "known": True,
    }  # fmt: skip
    assert [(day["date"], len(day["spans"]), day["is_exception"]) for day in whole["hours"]] == [
        ("2026-03-10", 1, False), ("2026-03-11", 2, False), ("2026-03-12", 1, True), ("2026-03-13", 1, False),
        ("2026-03-14", 0, False), ("2026-03-15", 0, False), ("2026-03-16", 1, False),
    ]  # fmt: skip
    assert whole["hours"][1]["spans"] == [
        {"opens_at": "2026-03-11T09:00:00+08:00", "closes_at": "2026-03-11T14:00:00+08:00"},
        {"opens_at": "2026-03-11T15:00:00+08:00", "closes_at": "2026-03-11T17:00:00+08:00"},
    ]
    assert whole["closures"] == [
        {
            "starts_at": "2026-03-11T14:00:00+08:00", "ends_at": "2026-03-11T15:00:00+08:00", "reason": "消防演练",
            "in_force": False,
        }
    ]  # fmt: skip
    assert whole["services"] == [
        {
            "code": "T-1", "name": "办理读者证", "kind": "service", "description": "", "eligibility": "本区居民", "min_age": 6,
            "max_age": None, "fee": "免费", "fee_source": "馆规", "documents": [{"name": "身份证", "copies": 1, "note": "原件"}], "promised_days": 1,
            "levels": ["district"], "note": "二楼",
        }
    ]  # fmt: skip
    assert (whole["aliases"], whole["languages"]) == (["书城"], ["普通话"])
    assert whole["contacts"] == [{"kind": "phone", "value": "027-00000000"}]
    assert whole["provenance"]["address"]["source"] == "现场"
    assert (whole["distance_m"], whole["photos"], whole["freshness"]) == (None, [], "unverified")


def test_accessibility_is_answered_for_each_profile_with_what_is_missing(library, anyone):
    answers = anyone.get(f"facilities/{library.id}").json()["accessibility"]

    by_profile = {one["profile"]: one for one in answers["profiles"]}
    assert {name: one["answer"] for name, one in by_profile.items()} == {
        "wheelchair": "no", "rollator": "no", "stroller": "no", "low_vision": "unknown", "hearing": "unknown",
    }  # fmt: skip
    assert [one["feature"] for one in by_profile["wheelchair"]["missing"]] == ["lift"]
    assert "door_width_80" in [one["feature"] for one in by_profile["wheelchair"]["unknown"]]
    assert [(one["feature"], one["value"]) for one in answers["facts"]] == [
        ("step_free_entrance", "yes"), ("lift", "no"),
    ]  # fmt: skip


def test_a_photo_is_public_with_its_words(db, anyone):
    there = point_make("钢花图书馆", at=MIDDLE)
    clean = image_clean(stream=io.BytesIO(jpeg()))
    upload = upload_keep(clean=clean, owner_id=None, purpose=Upload.Purpose.FACILITY, now=MORNING)
    Photo.objects.create(facility=there, upload=upload, alt="正门，无台阶")

    photos = anyone.get(f"facilities/{there.id}").json()["photos"]

    assert photos == [
        {
            "url": f"/media/public/{upload.id}",
            "alt": "正门，无台阶",
            "width": upload.width,
            "height": upload.height,
        }
    ]
    assert Client().get(photos[0]["url"])["Content-Type"] == "image/jpeg"


def test_holidays_are_named_in_the_hours(db, anyone, clock):
    there = point_make("服务站", at=MIDDLE)
    hours_make(there, (540, 1020), weekdays=range(5))
    clock.move_to(dt.datetime.fromisoformat("2026-09-30T10:00:00+08:00"))

    hours = anyone.get(f"facilities/{there.id}").json()["hours"]

    assert [len(day["spans"]) for day in hours] == [1, 0, 0, 0, 0, 0, 0]
    assert [(day["holiday"], day["is_workday"]) for day in hours[:2]] == [(None, True), ("国庆节", False)]


def test_what_has_ended_is_still_shown_by_its_link_and_what_never_was_is_404(db, anyone):
    there = point_make("旧馆", at=MIDDLE, status="ended")

    assert anyone.get(f"facilities/{there.id}").json()["status"] == "ended"
    answer = anyone.get("facilities/01a209de-0c60-70f5-a543-b6c136728a37")
    assert (answer.status_code, code_of(answer)) == (404, "facility_not_found")


# --- Services --------------------------------------------------------------------------------------------------------
def test_services_come_by_level_and_words_with_what_to_bring_and_where(db, anyone):
    known = {row["code"] for row in anyone.get("services", limit=100).json()["results"]}
    card = Service.objects.create(
        code="ZZ-1", name="老年优待证测试", kind="matter", levels=["street", "community"],
        documents=[{"name": "身份证", "copies": 1, "note": ""}],
    )  # fmt: skip
    Service.objects.create(code="ZZ-2", name="公积金测试", kind="matter", levels=["district"])
    Service.objects.create(code="ZZ-3", name="停办测试", kind="matter", is_active=False)
    for number in range(7):
        there = point_make(f"服务站{number}", at=MIDDLE, status="ended" if number == 6 else "active")
        ServiceAtFacility.objects.create(facility=there, service=card)

    def codes(**asked: str) -> list[str]:
        forget_all()
        rows = anyone.get("services", limit=100, **asked).json()["results"]
        return [row["code"] for row in rows if row["code"] not in known]

    assert codes() == ["ZZ-1", "ZZ-2"]
    assert codes(level="community") == ["ZZ-1"]
    assert codes(level="district", q="公积金") == ["ZZ-2"]
    found = anyone.get("services", q="优待证测试").json()["results"][0]
    assert (found["offered_at_count"], [one["name"] for one in found["offered_at"]]) == (
        6, ["服务站0", "服务站1", "服务站2", "服务站3", "服务站4"],
    )  # fmt: skip
    assert found["documents"] == [{"name": "身份证", "copies": 1, "note": ""}]
    refused = anyone.get("services", level="city")
    assert (refused.status_code, code_of(refused), attr_of(refused)) == (400, "choice_invalid", "level")


# --- Corrections -----------------------------------------------------------------------------------------------------
def test_a_correction_is_taken_once_for_a_key_and_read_by_its_resident_alone(db, resident, other_resident):
    there = point_make("钢花图书馆", at=MIDDLE)
    body = {"field": "hours", "text": "周一不开门"}

    first = resident.post(f"facilities/{there.id}/corrections", body, key="k1")
    again = resident.post(f"facilities/{there.id}/corrections", body, key="k1")

    assert (first.status_code, first.json()["state"]) == (201, "received")
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert CorrectionReport.objects.count() == 1
    own = resident.get("me/facility-corrections").json()["results"]
    assert [(row["id"], row["field"], row["text"], row["state"], row["reply"]) for row in own] == [
        (first.json()["id"], "hours", "周一不开门", "received", None)
    ]
    assert own[0]["facility"] == {"id": str(there.id), "name": "钢花图书馆"}
    assert other_resident.get("me/facility-corrections").json()["results"] == []


@pytest.mark.parametrize(
    "body", [{"field": "colour", "text": "x"}, {"field": "hours", "text": ""}, {"field": "hours"}, []]
)
def test_a_correction_of_another_shape_writes_nothing(db, resident, body):
    there = point_make("钢花图书馆", at=MIDDLE)

    answer = resident.post(f"facilities/{there.id}/corrections", body)

    assert (answer.status_code, CorrectionReport.objects.count()) == (400, 0)


def test_a_correction_of_nothing_is_404_and_without_a_token_401(db, resident, anyone):
    path = "facilities/01a209de-0c60-70f5-a543-b6c136728a37/corrections"
    body = {"field": "hours", "text": "周一不开门"}

    assert resident.post(path, body).status_code == 404
    assert anyone.post(path, body).status_code == 401
    assert CorrectionReport.objects.count() == 0


def test_a_correction_needs_the_basic_consent(db, anyone):
    there = point_make("钢花图书馆", at=MIDDLE)
    stranger = resident_make(agreed=False)

    answer = stranger.post(f"facilities/{there.id}/corrections", {"field": "hours", "text": "周一不开门"})

    assert (answer.status_code, code_of(answer)) == (403, "consent_required")
    assert CorrectionReport.objects.count() == 0
