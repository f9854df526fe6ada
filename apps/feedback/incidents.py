"""Where one event is looked for: cells of the map, and what counts as the same time.  Pure."""

from __future__ import annotations

import datetime as dt
import math

from apps.common.geo import Point

# About 550 m by 480 m here: the next report of a burst pipe lies in the cell or in one beside it.
CELL_DEGREES = 0.005
_ROW = 100_000
# Reports of one event come within this; an older case is a recurrence.
WINDOW = dt.timedelta(days=14)


def cell_of(point: Point | None) -> int | None:
    """Return the number of the map's cell that holds ``point``, None without one."""
    if point is None:
        return None
    there = point.to("gcj02")
    return math.floor(there.lat / CELL_DEGREES) * _ROW + math.floor(there.lng / CELL_DEGREES)


def cells_around(cell: int) -> list[int]:
    """Return ``cell`` and the eight beside it."""
    return [cell + row * _ROW + column for row in (-1, 0, 1) for column in (-1, 0, 1)]
