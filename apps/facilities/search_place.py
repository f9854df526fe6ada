"""Places on the sphere: what the index orders by, and the one distance that answers are ordered by.

The index holds each place as a point of the unit sphere (the column ``place``, made by the database of ``gcj_lng`` and
``gcj_lat``).  The straight line between two such points (the chord) grows with the distance over the ground, so that the
nearest by chord are the nearest.  Which of two all but equal distances is the smaller is decided by ``Point.distance_m``
alone.
"""

from __future__ import annotations

import math
from uuid import UUID

from apps.common.geo import EARTH_RADIUS_M, Point

# Chords of two programs differ by their last bits, about 4e-16; this is 6 micrometres on the ground.
CHORD_SLACK = 1e-12


def sphere_point(*, point: Point) -> tuple[float, float, float]:
    """Return ``point``, converted to GCJ-02, on the unit sphere: x, y, z as the column ``place`` holds them."""
    there = point.to("gcj02")
    lng, lat = math.radians(there.lng), math.radians(there.lat)
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


def chord_of(*, distance_m: float) -> float:
    """Return the chord on the unit sphere of ``distance_m`` metres over the ground, 0 to 2."""
    return 2 * math.sin(min(max(0.0, distance_m) / (2 * EARTH_RADIUS_M), math.pi / 2))


def metres_between(*, here: Point, lng: float, lat: float) -> float:
    """Return the great-circle metres from ``here`` (GCJ-02) to a stored place: the only distance that is shown."""
    return here.distance_m(Point(lng, lat, "gcj02"))


def behind(*, key: tuple[float, UUID], after: tuple[float, UUID] | None) -> bool:
    """Return whether a place with the order ``key`` (metres, id) stands behind ``after``."""
    return after is None or key > after
