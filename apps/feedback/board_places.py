"""Where a published case is shown on the map: never the home it came from.  Pure."""

from __future__ import annotations

import math

from apps.common.geo import Point
from apps.feedback.board_states import Place

CELL_M = 250.0
# One grid for the whole district, laid out at its middle (30.63 N): what a degree measures differs by 0.1 % over it.
M_PER_DEGREE_LAT = 111_195.0
M_PER_DEGREE_LNG = 111_195.0 * math.cos(math.radians(30.63))
_EXACT_PLACES = 5  # decimals: about a metre


def place_shown(*, point: Point, place: Place) -> Point:
    """Return the point to show for ``point``, in gcj02: the centre of its cell, or the place itself to a metre.

    The same point gives the same answer each time: the mean of several cases of one home is no nearer to it.
    """
    there = point.to("gcj02")
    if place is Place.EXACT:
        return Point(round(there.lng, _EXACT_PLACES), round(there.lat, _EXACT_PLACES), "gcj02")
    return Point(
        _centre(there.lng, CELL_M / M_PER_DEGREE_LNG), _centre(there.lat, CELL_M / M_PER_DEGREE_LAT), "gcj02"
    )


def _centre(degrees: float, step: float) -> float:
    return round((math.floor(degrees / step) + 0.5) * step, _EXACT_PLACES)


def box_around(*, point: Point, radius_m: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the box that holds everything within ``radius_m`` of ``point`` (gcj02)."""
    there = point.to("gcj02")
    wide = radius_m / (M_PER_DEGREE_LAT * max(0.1, math.cos(math.radians(there.lat))))
    high = radius_m / M_PER_DEGREE_LAT
    return there.lng - wide, there.lat - high, there.lng + wide, there.lat + high
