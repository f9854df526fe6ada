"""The nearest network points: the same as brute force says, page by page, whatever the system of the question."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.geo import EARTH_RADIUS_M, Point
from apps.facilities.models import Facility, Service, ServiceAtFacility
from apps.facilities.search import Asked, Hit, walk_of
from apps.facilities.search_place import chord_of, sphere_point
from tests.factories.network_points import MIDDLE, brute_force, kind_make, point_make, points_make, scattered


def pages(*, limit: int, most: int = 10_000, **asked: object) -> list[Hit]:
    """Return everything that the pages of ``limit`` give one after the other."""
    walk, found, after = walk_of(**{"asked": Asked()} | asked), [], None
    while len(found) < most:
        hits = walk(after, limit)
        found += hits
        if len(hits) < limit:
            break
        after = hits[-1].key
    return found


def keys(hits: list[Hit]) -> list[tuple[float, object]]:
    return [(hit.distance_m, hit.id) for hit in hits]


@pytest.fixture(autouse=True)
def _alone(db):
    """Nothing of the reference data stands in a list of these tests."""
    Facility.objects.update(status="ended")


@pytest.fixture
def network(db):
    return points_make(scattered(300, seed=7))


def test_some_hundred_questions_get_the_answer_of_brute_force(network):
    draw = random.Random(11)
    for _each in range(300):
        crs = draw.choice(["gcj02", "wgs84"])
        here = Point(MIDDLE.lng + draw.uniform(-0.2, 0.2), MIDDLE.lat + draw.uniform(-0.2, 0.2), crs)
        limit = draw.choice([1, 7, 20])

        hits = walk_of(asked=Asked(), near=here)(None, limit)

        assert keys(hits) == brute_force(network, here=here)[:limit]


@pytest.mark.parametrize("limit", [1, 3, 20, 299, 300, 400])
def test_pages_put_together_are_the_whole_order(network, limit):
    assert keys(pages(limit=limit, near=MIDDLE)) == brute_force(network, here=MIDDLE)


def test_many_at_one_place_come_by_id(db):
    rows = points_make([MIDDLE] * 60 + scattered(40, seed=3))
    here = Point(MIDDLE.lng + 0.001, MIDDLE.lat)

    found = keys(pages(limit=7, near=here))

    assert found == brute_force(rows, here=here)
    tied = [id_ for metres, id_ in found if metres == here.distance_m(MIDDLE)]
    assert len(tied) >= 60
    assert tied == sorted(tied)


def test_equal_distances_to_both_sides_come_by_id(db):
    rows = points_make(
        [Point(MIDDLE.lng + step * side, MIDDLE.lat) for step in (0.001, 0.002) for side in (1, -1)] * 9
    )

    assert keys(pages(limit=5, near=MIDDLE)) == brute_force(rows, here=MIDDLE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(
        st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.sampled_from([1e-1, 1e-4, 1e-7])),
        min_size=1,
        max_size=25,
    ),
    here=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    crs=st.sampled_from(["gcj02", "wgs84"]),
    limit=st.integers(1, 12),
    radius_m=st.none() | st.integers(1, 60_000),
)
def test_any_places_any_question(db, places, here, crs, limit, radius_m):
    """On grids of 10 km, 10 m and 1 cm, so that equal and almost equal distances are frequent."""
    Facility.objects.filter(kind_id="test_kind").delete()
    rows = points_make([Point(MIDDLE.lng + x * step, MIDDLE.lat + y * step) for x, y, step in places])
    asked_from = Point(MIDDLE.lng + here[0], MIDDLE.lat + here[1], crs)

    found = pages(limit=limit, near=asked_from, radius_m=radius_m)

    assert keys(found) == brute_force(rows, here=asked_from, radius_m=radius_m)


def test_a_question_in_wgs84_is_converted_before_anything_is_measured(db):
    """The two systems lie some 588 m apart in the middle of the district."""
    there = points_make([MIDDLE])[0]
    asked = MIDDLE.to("wgs84")

    right = walk_of(asked=Asked(), near=asked)(None, 1)[0]
    wrong = walk_of(asked=Asked(), near=Point(asked.lng, asked.lat, "gcj02"))(None, 1)[0]

    assert (right.id, round(right.distance_m, 3)) == (there.id, 0.0)
    assert 500 < wrong.distance_m < 650


def test_a_radius_holds_to_its_edge(network):
    order = brute_force(network, here=MIDDLE)
    edge = order[50][0]

    inside = keys(pages(limit=20, near=MIDDLE, radius_m=int(edge)))

    assert inside == [pair for pair in order if pair[0] <= int(edge)]


def test_what_has_no_place_is_never_near_but_stands_in_the_list_by_name(db):
    point_make("无坐标", at=None)
    point_make("有坐标", at=MIDDLE)

    assert len(pages(limit=5, near=MIDDLE)) == 1
    assert len(pages(limit=5)) == 2


def test_what_has_ended_is_in_no_list_what_is_planned_is(db):
    points_make([MIDDLE], status="ended")
    planned = points_make([MIDDLE], status="planned")[0]

    assert [hit.id for hit in pages(limit=5, near=MIDDLE)] == [planned.id]
    assert [hit.id for hit in pages(limit=5)] == [planned.id]


def test_filters_narrow_and_keep_the_order(network):
    kind_make("test_other")
    other = points_make(scattered(40, seed=5), kind="test_other")
    street = points_make(scattered(15, seed=6), kind="test_other", street_id="420107003")
    wheels = points_make(scattered(15, seed=8), accessible_for=["wheelchair", "stroller"])
    service = Service.objects.create(code="T-1", name="测试事项", kind="matter")
    idle = Service.objects.create(code="T-2", name="停办事项", kind="matter", is_active=False)
    offers = [ServiceAtFacility(facility=row, service=one) for row in network[:20] for one in (service, idle)]
    ServiceAtFacility.objects.bulk_create(offers)

    def found(**asked: str) -> list[tuple[float, object]]:
        return keys(pages(limit=6, near=MIDDLE, asked=Asked(**asked)))

    assert found(kind="test_other") == brute_force([*other, *street], here=MIDDLE)
    assert found(street="420107003") == brute_force(street, here=MIDDLE)
    assert found(accessible_for="stroller") == brute_force(wheels, here=MIDDLE)
    assert found(service="T-1") == brute_force(network[:20], here=MIDDLE)
    assert found(service="T-2") == []
    assert found(kind="test_other", street="420107003", accessible_for="stroller") == []
    assert found(kind="nowhere") == []
    assert found(kind="x' OR true --") == []


def test_words_and_place_are_one_question(db):
    near = point_make("钢花图书馆", at=Point(MIDDLE.lng + 0.001, MIDDLE.lat))
    far = point_make("红卫路图书馆", at=Point(MIDDLE.lng + 0.01, MIDDLE.lat))
    point_make("钢花医院", at=MIDDLE)

    with CaptureQueriesContext(connection) as captured:
        found = walk_of(asked=Asked(text="图书馆"), near=MIDDLE)(None, 5)

    assert [hit.id for hit in found] == [near.id, far.id]
    assert len(captured) == 1


def test_a_page_takes_one_statement_and_a_tie_at_its_edge_few_more(db):
    points_make([MIDDLE] * 100)

    with CaptureQueriesContext(connection) as captured:
        assert len(walk_of(asked=Asked(), near=Point(114.5, 30.6))(None, 20)) == 20

    assert len(captured) == 3  # 28, 56, 112 rows


def test_the_database_keeps_the_place_of_each_row(db):
    row = points_make([Point(114.3, 30.6, "wgs84")])[0]
    Facility.objects.filter(id=row.id).update(gcj_lng=MIDDLE.lng, gcj_lat=MIDDLE.lat)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cube_ll_coord(place, 1), cube_ll_coord(place, 2), cube_ll_coord(place, 3) FROM facilities_facility"
            " WHERE id = %s", [row.id],
        )  # fmt: skip
        kept = cursor.fetchone()

    assert kept == pytest.approx(sphere_point(point=MIDDLE), abs=1e-15)
    assert chord_of(distance_m=0) == 0
    assert chord_of(distance_m=1e9) == 2
    assert chord_of(distance_m=1000) * EARTH_RADIUS_M == pytest.approx(1000, abs=1e-5)
