"""What lies within a walk, by kind, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.common.geo import Point
from apps.facilities.circle import WalkRule, straight_m, walk_minutes, walk_rule
from apps.facilities.models import FacilityKind
from apps.facilities.search_place import metres_between, sphere_point

# Shown of each kind; one more is read where the nearest beyond the walk is to be named.
NEAREST = 3
_PLACE = "cube(ARRAY[%(x)s, %(y)s, %(z)s]::float8[])"
_NEAREST = f"""
SELECT k.code, f.id, f.name, f.address, f.gcj_lng, f.gcj_lat
FROM unnest(%(kinds)s::text[]) AS k (code) CROSS JOIN LATERAL (
    SELECT id, name, address, gcj_lng, gcj_lat FROM facilities_facility
    WHERE kind_id = k.code AND status = 'active' AND place IS NOT NULL
    ORDER BY place <-> {_PLACE}, id LIMIT %(most)s) f
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class CirclePoint:
    """A network point with its distance as the crow flies and the estimated walk."""

    id: UUID
    name: str
    address: str
    lng: float
    lat: float
    distance_m: float
    walk_minutes: int


@dataclass(frozen=True, slots=True)
class CircleKind:
    """A kind: the nearest within the walk, and the nearest beyond it where there is none within."""

    kind: FacilityKind
    within: Sequence[CirclePoint]
    beyond: CirclePoint | None

    @property
    def is_missing(self) -> bool:
        """Whether there should be one within the walk and there is none."""
        return self.kind.walk_expected and not self.within


@dataclass(frozen=True, slots=True)
class Circle:
    """The circle around ``here`` (GCJ-02); ``straight_m`` its radius as the crow flies."""

    here: Point
    minutes: int
    rule: WalkRule
    straight_m: float
    kinds: Sequence[CircleKind]


def circle_around(*, here: Point, minutes: int, on: dt.date) -> Circle:
    """Return what is in operation within an estimated walk of ``minutes`` from ``here``, by kind of a circle group.

    At most ``NEAREST`` of each kind, nearest first, ties by id.  2 queries, whatever the number of kinds and points.
    """
    rule = walk_rule(on=on)
    reach = straight_m(minutes=minutes, rule=rule)
    middle = here.to("gcj02")
    kinds = list(FacilityKind.objects.exclude(circle_group="").order_by("circle_group", "position", "code"))
    found: dict[str, list[CirclePoint]] = {}
    x, y, z = sphere_point(point=middle)
    with connection.cursor() as cursor:
        cursor.execute(
            _NEAREST, {"kinds": [kind.code for kind in kinds], "most": NEAREST, "x": x, "y": y, "z": z}
        )
        for code, id_, name, address, lng, lat in cursor.fetchall():
            metres = metres_between(here=middle, lng=lng, lat=lat)
            point = CirclePoint(
                id_, name, address, lng, lat, metres, walk_minutes(distance_m=metres, rule=rule)
            )
            found.setdefault(code, []).append(point)
    return Circle(
        middle, minutes, rule, reach, [_kind(kind, found.get(kind.code, []), reach) for kind in kinds]
    )


def _kind(kind: FacilityKind, points: list[CirclePoint], reach: float) -> CircleKind:
    ordered = sorted(points, key=lambda point: (point.distance_m, point.id))
    within = [point for point in ordered if point.distance_m <= reach]
    return CircleKind(kind, within, None if within else next(iter(ordered), None))
