"""The circle of a quarter of an hour's walk: what lies within, what is missing, and that it is called an estimate."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.common.changes import forget_all
from apps.common.geo import Point
from apps.facilities.circle import WALK_RULES, WalkRule, straight_m, walk_minutes, walk_rule
from apps.facilities.circle_selectors import circle_around
from apps.facilities.models import FacilityKind
from tests.factories.network_points import MIDDLE, brute_force, kind_make, points_make, scattered
from tests.factories.people import attr_of, code_of

NEAR = f"{MIDDLE.lng},{MIDDLE.lat}"
TODAY = dt.date(2026, 3, 10)


@pytest.fixture
def kinds(db):
    """Only kinds of these tests stand in the circle."""
    FacilityKind.objects.update(circle_group="", walk_expected=False)
    for code, expected in (("t-shop", True), ("t-clinic", True), ("t-park", False)):
        kind_make(code, name=code, group="试验", expected=expected)
    kind_make("t-none", name="t-none")


def east(metres: float) -> Point:
    return Point(MIDDLE.lng + metres / 95_680, MIDDLE.lat)


def test_a_quarter_of_an_hour_is_808_metres_as_the_crow_flies():
    rule = walk_rule(on=TODAY)

    assert (rule.speed_m_min * 60 / 1000, rule.detour) == (4.2, 1.3)
    assert round(straight_m(minutes=15, rule=rule), 1) == 807.7
    assert [walk_minutes(distance_m=metres, rule=rule) for metres in (0, 53, 54, 807, 808)] == [
        1,
        1,
        2,
        15,
        16,
    ]


def test_a_rule_holds_from_its_day_on(monkeypatch):
    later = WalkRule(dt.date(2027, 1, 1), 60.0, 1.4, "test")
    monkeypatch.setattr("apps.facilities.circle.WALK_RULES", (*WALK_RULES, later))

    assert walk_rule(on=dt.date(2026, 12, 31)) == WALK_RULES[0]
    assert walk_rule(on=dt.date(2027, 1, 1)) == later
    assert walk_rule(on=dt.date(2000, 1, 1)) == WALK_RULES[0]


def test_each_kind_has_its_nearest_within_the_walk_and_what_is_expected_may_be_missing(kinds, anyone):
    points_make([east(100), east(700), east(300), east(500), east(900)], kind="t-shop")
    points_make([east(-1200), east(-900)], kind="t-clinic")
    points_make([east(10)], kind="t-shop", status="planned")
    points_make([east(10)], kind="t-none")
    points_make([None], kind="t-park")

    answer = anyone.get("circle", near=NEAR).json()

    assert (answer["minutes"], answer["estimate"], answer["walk"]["straight_m"]) == (15, True, 808)
    assert [
        (
            one["kind"]["code"], one["expected"], [(point["distance_m"], point["walk_minutes"]) for point in one["within"]],
            one["nearest_beyond"] and (one["nearest_beyond"]["distance_m"], one["nearest_beyond"]["walk_minutes"]),
        )
        for one in answer["kinds"]
    ] == [
        ("t-clinic", True, [], (900, 17)),
        ("t-park", False, [], None),
        ("t-shop", True, [(100, 2), (300, 6), (500, 10)], None),
    ]  # fmt: skip
    assert [one["code"] for one in answer["missing"]] == ["t-clinic"]


def test_a_longer_walk_reaches_further(kinds, anyone):
    points_make([east(-900)], kind="t-clinic")

    assert [one["code"] for one in anyone.get("circle", near=NEAR, minutes=17).json()["missing"]] == [
        "t-shop"
    ]


def test_the_question_is_converted_and_the_answer_says_where_it_stands(kinds, anyone):
    points_make([MIDDLE], kind="t-shop")
    asked = MIDDLE.to("wgs84")

    answer = anyone.get("circle", near=f"{asked.lng},{asked.lat}", crs="wgs84").json()

    assert answer["point"]["crs"] == "gcj02"
    assert answer["point"]["lng"] == pytest.approx(MIDDLE.lng, abs=1e-6)
    assert [point["distance_m"] for point in answer["kinds"][2]["within"]] == [0]


def test_the_nearest_are_those_of_brute_force_whatever_the_number_in_two_statements(kinds):
    rows = points_make(scattered(200, seed=4), kind="t-shop")
    here = Point(MIDDLE.lng + 0.01, MIDDLE.lat - 0.01, "wgs84")

    with CaptureQueriesContext(connection) as captured:
        circle = circle_around(here=here, minutes=30, on=TODAY)

    reach = straight_m(minutes=30, rule=walk_rule(on=TODAY))
    shops = next(one for one in circle.kinds if one.kind.code == "t-shop")
    assert [(point.distance_m, point.id) for point in shops.within] == brute_force(
        rows, here=here, radius_m=reach
    )[:3]
    assert len(captured) == 2


@pytest.mark.parametrize(
    ("asked", "code", "attr"),
    [
        ({}, "near_invalid", "near"),
        ({"near": "0,0"}, "near_invalid", "near"),
        ({"near": NEAR, "crs": "x"}, "near_invalid", "crs"),
        ({"near": NEAR, "minutes": "4"}, "minutes_invalid", "minutes"),
        ({"near": NEAR, "minutes": "31"}, "minutes_invalid", "minutes"),
        ({"near": NEAR, "minutes": "-5"}, "minutes_invalid", "minutes"),
    ],
)
def test_bad_questions_are_refused(db, anyone, asked, code, attr):
    forget_all()
    answer = anyone.get("circle", **asked)

    assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, code, attr)
