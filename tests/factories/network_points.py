"""Network points for tests of the search: many at once, written as the services leave them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from uuid import UUID

from apps.common import clock
from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.facilities.models import Facility, FacilityKind, OpeningRule
from apps.facilities.search_index import search_refresh

# The middle of the district, GCJ-02.
MIDDLE = Point(114.39707, 30.634215)


def kind_make(
    code: str = "test_kind", *, name: str = "测试网点", group: str = "", expected: bool = False
) -> FacilityKind:
    """Return a kind, made when there is none."""
    return FacilityKind.objects.get_or_create(
        code=code, defaults={"name": name, "circle_group": group, "walk_expected": expected}
    )[0]


def points_make(points: Iterable[Point | None], *, kind: str = "test_kind", **more: object) -> list[Facility]:
    """Write a network point at each place without words; returns them in the order given."""
    now, owner = clock.now(), kind_make(kind)
    rows = []
    for number, point in enumerate(points):
        there = point.to("gcj02") if point else None
        rows.append(
            Facility(
                id=uuid7(), name=f"网点{number}", kind=owner, created_at=now, updated_at=now, pinyin=f"wang dian {number:04}",
                lng=point.lng if point else None, lat=point.lat if point else None, crs=point.crs if point else "gcj02",
                gcj_lng=there.lng if there else None, gcj_lat=there.lat if there else None, **more,
            )
        )  # fmt: skip
    return Facility.objects.bulk_create(rows)


def point_make(
    name: str = "网点", *, at: Point | None = None, kind: str = "test_kind", **more: object
) -> Facility:
    """Write one network point and what it is found by."""
    facility = points_make([at], kind=kind)[0]
    Facility.objects.filter(id=facility.id).update(name=name, **more)
    search_refresh(facility_ids=[facility.id])
    return Facility.objects.get(id=facility.id)


def hours_make(facility: Facility, *spans: tuple[int, int], weekdays: Iterable[int] = range(7)) -> None:
    """Open it on ``weekdays`` in ``spans``: minutes from midnight."""
    OpeningRule.objects.bulk_create(
        OpeningRule(facility=facility, weekday=day, opens_min=opens, closes_min=closes)
        for day in weekdays
        for opens, closes in spans
    )


def scattered(count: int, *, seed: int, around: Point = MIDDLE, degrees: float = 0.1) -> list[Point]:
    """Return ``count`` places around a point, every fifth of them at the place before it, half of them in WGS-84."""
    draw = random.Random(seed)
    places: list[Point] = []
    for number in range(count):
        if number % 5 == 4:
            places.append(places[-1])
            continue
        crs = "wgs84" if number % 2 else "gcj02"
        places.append(
            Point(
                around.lng + draw.uniform(-degrees, degrees),
                around.lat + draw.uniform(-degrees, degrees),
                crs,
            )
        )
    return places


def brute_force(
    facilities: Sequence[Facility], *, here: Point, radius_m: float | None = None
) -> list[tuple[float, UUID]]:
    """Return (metres, id) of each that has a place, nearest first, by the plain formula."""
    middle = here.to("gcj02")
    found = [(middle.distance_m(one.point), one.id) for one in facilities if one.point is not None]
    return sorted(pair for pair in found if radius_m is None or pair[0] <= radius_m)
