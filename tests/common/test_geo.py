"""GCJ-02 and WGS-84: the published pairs of the district, and the way there and back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.geo import Point

DIVISIONS = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "divisions.json").read_text(encoding="utf-8")
)


def test_the_centre_of_the_district_lies_588_m_beside_itself_in_the_other_system():
    gcj = Point(114.39707, 30.634215, "gcj02")

    wgs = gcj.to("wgs84")

    assert (round(wgs.lng, 6), round(wgs.lat, 6)) == (114.391517, 30.636475)
    assert round(Point(wgs.lng, wgs.lat, "gcj02").distance_m(gcj)) == 588


@pytest.mark.parametrize("pair", DIVISIONS["district"]["conversion_checks"], ids=lambda p: str(p["gcj02"]))
def test_published_pairs_agree_within_their_tolerance(pair):
    gcj = Point(*pair["gcj02"], "gcj02")
    wgs = Point(*pair["wgs84"], "wgs84")

    assert gcj.distance_m(wgs) <= pair["tolerance_m"]


@given(st.floats(100, 120), st.floats(22, 40))
def test_there_and_back_is_within_a_millimetre(lng, lat):
    start = Point(lng, lat, "wgs84")

    assert start.distance_m(start.to("gcj02").to("wgs84")) < 0.001


def test_a_point_in_its_own_system_is_not_touched():
    point = Point(114.4, 30.6, "gcj02")

    assert point.to("gcj02") is point
