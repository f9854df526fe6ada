"""Which network points a list shows, in which order: nearest first, best first, or by name.

Written out: the index gives the nearest only where a statement orders by the distance itself, and the plan depends on how
rare the words and codes are, so that these are constants of the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.sql import Literal

from apps.common.geo import Point
from apps.facilities.search_place import CHORD_SLACK, behind, chord_of, metres_between, sphere_point
from apps.facilities.search_text import query_of

# Best first among so many of the hits: ranking reads each one's words.
MOST_RANKED = 1000
# Rows read beyond those asked for, so that an edge of equal distances is seldom met.
_BEYOND = 8
_PLACE = "cube(ARRAY[%(x)s, %(y)s, %(z)s]::float8[])"
_FROM = "FROM facilities_facility f"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is narrowed to: codes, a profile of accessibility, words.  Empty: not narrowed.

    ``can_open``  only what is in operation and has opening hours: nothing else can be open
    """

    kind: str = ""
    street: str = ""
    service: str = ""
    accessible_for: str = ""
    text: str = ""
    can_open: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A network point of a list.  ``key`` is its place in the order: a page goes on behind it."""

    id: UUID
    key: tuple[Any, ...]
    distance_m: float | None = None


# Returns the hits behind a key (None: from the first on), at most as many as asked for; fewer mean that these are the last.
Walk = Callable[[tuple[Any, ...] | None, int], list[Hit]]


def walk_of(*, asked: Asked, near: Point | None = None, radius_m: int | None = None) -> Walk:
    """Return the way through what was asked for: with ``near`` by distance and id, with words best first, else by name.

    ``radius_m``  metres around ``near``; None: as far as it takes
    A text without any word finds nothing.
    """
    wanted = query_of(text=asked.text)
    if asked.text and not wanted:
        return lambda _after, _limit: []
    where = _where(asked, wanted)
    if near is not None:
        here = near.to("gcj02")
        return lambda after, limit: _nearest(where, here, radius_m, after, limit)
    if wanted:
        return lambda after, limit: _ranked(where, wanted, after, limit)
    return lambda after, limit: _named(where, after, limit)


def _nearest(
    where: str, here: Point, radius_m: int | None, after: tuple[Any, ...] | None, limit: int
) -> list[Hit]:
    """Return the nearest behind ``after`` by (metres, id).  1 query; more only where the edge lies among equal distances.

    The index orders by chords.  Of the rows read, those whose chord is surely smaller than the largest are nearer than
    all that were not read; until they fill the page twice as many are read.  The way leads past all nearer ones, so that
    the cost grows with the depth of a page.
    """
    key: tuple[float, UUID] | None = (after[0], after[1]) if after else None
    x, y, z = sphere_point(point=here)
    values: dict[str, Any] = {"x": x, "y": y, "z": z}
    if key is not None:
        where += f" AND f.place <-> {_PLACE} >= %(nearer)s"
        values["nearer"] = chord_of(distance_m=key[0]) - CHORD_SLACK
    if radius_m is not None:
        where += f" AND f.place <@ cube_enlarge({_PLACE}, %(reach)s, 3) AND f.place <-> {_PLACE} <= %(reach)s"
        values["reach"] = chord_of(distance_m=radius_m) + CHORD_SLACK
    statement = (
        f"SELECT f.id, f.gcj_lng, f.gcj_lat, f.place <-> {_PLACE} AS chord {_FROM} WHERE {where} "
        f"AND f.place IS NOT NULL ORDER BY f.place <-> {_PLACE} LIMIT %(limit)s"
    )
    count = limit + _BEYOND
    while True:
        rows = _rows(statement, values | {"limit": count})
        sure = rows[-1][3] - CHORD_SLACK if len(rows) == count else 2.0
        hits = sorted(
            (metres_between(here=here, lng=lng, lat=lat), id_) for id_, lng, lat, chord in rows if chord <= sure
        )  # fmt: skip
        hits = [
            one for one in hits if behind(key=one, after=key) and (radius_m is None or one[0] <= radius_m)
        ]
        if len(hits) >= limit or len(rows) < count:
            return [Hit(id_, (metres, id_), metres) for metres, id_ in hits[:limit]]
        count *= 2


def _ranked(where: str, wanted: str, after: tuple[Any, ...] | None, limit: int) -> list[Hit]:
    """Return those that hold the words, best first, then by name, at most ``MOST_RANKED`` deep.  1 query.

    The key is a place in the ranking, for a rank is nothing to go on from.
    """
    offset = after[0] if after else 0
    hits = f"SELECT f.id, f.search, f.pinyin {_FROM} WHERE {where} ORDER BY f.pinyin, f.id LIMIT %(most)s"
    statement = (
        f"WITH hits AS MATERIALIZED ({hits}) SELECT id FROM hits "  # noqa: S608
        f"ORDER BY ts_rank(search, {_quoted(wanted)}::tsquery) DESC, pinyin, id LIMIT %(limit)s OFFSET %(offset)s"
    )
    rows = _rows(statement, {"most": MOST_RANKED, "limit": limit, "offset": offset})
    return [Hit(row[0], (offset + place,)) for place, row in enumerate(rows, start=1)]


def _named(where: str, after: tuple[Any, ...] | None, limit: int) -> list[Hit]:
    """Return those behind ``after`` by (pinyin, id).  1 query."""
    values: dict[str, Any] = {"limit": limit}
    if after:
        where += " AND (f.pinyin, f.id) > (%(pinyin)s, %(id)s)"
        values |= {"pinyin": after[0], "id": after[1]}
    statement = f"SELECT f.id, f.pinyin {_FROM} WHERE {where} ORDER BY f.pinyin, f.id LIMIT %(limit)s"
    return [Hit(id_, (pinyin, id_)) for id_, pinyin in _rows(statement, values)]


def _where(asked: Asked, wanted: str) -> str:
    """Return the conditions of a list, with codes and words as constants."""
    parts = ["f.status <> 'ended'"]
    if asked.kind:
        parts.append(f"f.kind_id = {_quoted(asked.kind)}")
    if asked.street:
        parts.append(f"f.street_id = {_quoted(asked.street)}")
    if asked.service:
        parts.append(
            "f.id IN (SELECT o.facility_id FROM facilities_serviceatfacility o JOIN facilities_service s ON s.id = "  # noqa: S608
            f"o.service_id WHERE s.is_active AND s.code = {_quoted(asked.service)})"
        )
    if asked.accessible_for:
        parts.append(f"f.accessible_for @> ARRAY[{_quoted(asked.accessible_for)}]::varchar[]")
    if asked.can_open:
        # Of EXISTS the planner makes a table of all hours first; these it asks row by row.
        rule, day = (
            f"(SELECT h.id IS NOT NULL FROM facilities_{table} h WHERE h.facility_id = f.id LIMIT 1)"  # noqa: S608
            for table in ("openingrule", "dayexception")
        )
        parts.append(f"f.status = 'active' AND ({rule} OR {day})")
    if wanted:
        parts.append(f"f.search @@ {_quoted(wanted)}::tsquery")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    return Literal(text).as_string().replace("%", "%%")


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
