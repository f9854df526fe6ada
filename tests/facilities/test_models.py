"""What the database promises about places, whoever writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.common.geo import Point
from apps.facilities.models import (
    Assurance,
    AssuranceTerm,
    Facility,
    FacilityEvent,
    FacilityKind,
    OpeningRule,
)
from apps.facilities.states import Verb
from tests.factories import people

NOW = dt.datetime(2026, 11, 3, 2, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Facility:
    kind = FacilityKind.objects.get(code="clinic")
    return Facility.objects.create(name="测试卫生服务中心", kind=kind, created_at=NOW, updated_at=NOW)


def rule(place: Facility, weekday: int, opens: int, closes: int, **dates: Any) -> OpeningRule:
    return OpeningRule.objects.create(
        facility=place, weekday=weekday, opens_min=opens, closes_min=closes, **dates
    )


def refused(name: str, write: Any) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        write()


def test_a_point_is_kept_as_it_came_and_once_more_in_gcj_02(place):
    place.lng, place.lat, place.crs = 114.391517, 30.636475, "wgs84"
    place.save()

    kept = Facility.objects.get()
    assert (kept.lng, kept.lat, kept.crs) == (114.391517, 30.636475, "wgs84")
    assert Point(kept.gcj_lng, kept.gcj_lat).distance_m(Point(114.39707, 30.634215)) < 0.2


def test_a_place_without_a_point_has_none_in_either_system(place):
    assert (place.lng, place.lat, place.gcj_lng, place.gcj_lat, place.point) == (None,) * 5


def test_half_a_point_is_refused(place):
    refused("facility_point_whole", lambda: Facility.objects.update(lng=114.39))


def test_two_rules_that_overlap_are_refused_and_a_break_is_not(place):
    rule(place, 0, 510, 720)
    rule(place, 0, 840, 1020)

    refused("opening_rules_apart", lambda: rule(place, 0, 700, 900))
    assert OpeningRule.objects.count() == 2


def test_a_rule_past_midnight_meets_the_next_day_and_sunday_meets_monday(place):
    rule(place, 6, 1200, 1560)  # Sunday 20:00 to Monday 02:00

    refused("opening_rules_apart", lambda: rule(place, 0, 60, 600))
    rule(place, 0, 120, 600)


def test_rules_of_different_times_do_not_overlap(place):
    rule(place, 2, 480, 1020, valid_to=dt.date(2026, 11, 1))

    rule(place, 2, 540, 1080, valid_from=dt.date(2026, 11, 1))
    refused("opening_rules_apart", lambda: rule(place, 2, 600, 660, valid_from=dt.date(2027, 1, 1)))


@pytest.mark.parametrize("span", [(600, 600), (600, 500), (1440, 1500), (0, 1441), (1439, 2161)])
def test_a_span_that_is_none_is_refused(place, span):
    refused("opening_rule_span", lambda: rule(place, 0, *span))


def test_terms_of_assurances_of_one_kind_never_overlap(place):
    AssuranceTerm.objects.create(kind_id="clinic", days=90, source="演示")

    refused("assurance_terms_apart", lambda: AssuranceTerm.objects.create(days=30, source="演示"))


def test_history_and_assurances_can_not_be_rewritten_even_in_sql(place):
    FacilityEvent.objects.create(facility=place, verb=Verb.ADD.value, at=NOW)
    Assurance.objects.create(
        facility=place,
        by=people.staff_make("service_operator"),
        assured_on=NOW.date(),
        valid_to=NOW.date(),
        method="visit",
        at=NOW,
    )

    for statement in (
        "UPDATE facilities_facilityevent SET verb = 'change'",
        "DELETE FROM facilities_facilityevent",
        "UPDATE facilities_assurance SET valid_to = '2030-01-01'",
        "DELETE FROM facilities_assurance",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
