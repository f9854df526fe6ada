"""Reads of the board: what the public sees of published cases.

Written out: these are what the public asks for, and building them with the ORM took as long as running them.  Each first
chooses the rows of one page and joins only those with their cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from psycopg.sql import Literal

from apps.common.geo import Point
from apps.common.words import lexemes, query_words
from apps.feedback.board_places import M_PER_DEGREE_LAT, M_PER_DEGREE_LNG, box_around
from apps.feedback.models import BoardEntry

# Newest first; the keys of the cursor too.
NEWEST = ("-published_at", "-id")
# Best first among so many of the newest hits: ranking reads each hit's words, and beyond these age decides.
MOST_RANKED = 500
Row = dict[str, Any]
# A category that becomes sensitive takes its entries away at once.
_PUBLISHED = """
FROM feedback_boardentry e JOIN feedback_category g ON g.code = e.category_id
WHERE e.state = 'published' AND NOT g.sensitive
"""
_IN_CATEGORY = "AND (g.code = %(category)s OR g.parent_id = %(category)s)"
_IN_STREET = "AND e.street_id = %(street)s"
_BEHIND = "AND (e.published_at, e.id) < (%(published_at)s, %(id)s)"
_IN_BOX = "AND e.lat BETWEEN %(south)s AND %(north)s AND e.lng BETWEEN %(west)s AND %(east)s"
_METRES = "sqrt(power((e.lat - %(lat)s) * %(high)s, 2) + power((e.lng - %(lng)s) * %(wide)s, 2))"
_ITEM = """
SELECT e.id, e.published_at, e.title, e.text, e.reply_text, e.note, e.noted_at, e.lng, e.lat, e.crs, e.submitted_at,
    e.replied_at, c.public_number, c.state AS case_state, c.followers, u.short AS unit, e.category_id AS category_code,
    g.name AS category_name, e.street_id AS street_code, s.name AS street_name
"""
_JOINED = """
JOIN feedback_category g ON g.code = e.category_id JOIN feedback_case c ON c.id = e.case_id
    LEFT JOIN accounts_department u ON u.id = c.unit_id LEFT JOIN common_street s ON s.code = e.street_id
"""


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What a list is narrowed to: codes; a group of categories stands for all below it."""

    category: str | None = None
    street: str | None = None


def _rows(statement: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _narrowed(asked: BoardFilter) -> tuple[str, dict[str, Any]]:
    """Return the source of published entries and its values."""
    source = _PUBLISHED + (_IN_CATEGORY if asked.category else "") + (_IN_STREET if asked.street else "")
    return source, {"category": asked.category, "street": asked.street}


def board_list(*, asked: BoardFilter, after: list[Any] | None, limit: int) -> list[Row]:
    """Return published entries in the order of ``NEWEST``.  1 query.

    ``after``  the values of ``NEWEST`` of the row to go on behind
    """
    source, values = _narrowed(asked)
    if after is not None:
        source += _BEHIND
        values |= dict(zip(("published_at", "id"), after, strict=True))
    page = f"SELECT e.id {source} ORDER BY e.published_at DESC, e.id DESC LIMIT %(limit)s"
    statement = (
        f"WITH page AS ({page}) {_ITEM} FROM page JOIN feedback_boardentry e USING (id) {_JOINED}"
        "ORDER BY e.published_at DESC, e.id DESC"
    )
    return _rows(statement, values | {"limit": limit})


def board_found(*, text: str, asked: BoardFilter, limit: int, offset: int) -> list[Row]:
    """Return the published entries that hold all words of ``text``, best first, at most ``MOST_RANKED`` deep.

    1 query; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    source, values = _narrowed(asked)
    hits = (
        f"SELECT e.id, e.search, e.published_at {source} {_holds(words)} "
        "ORDER BY e.published_at DESC, e.id DESC LIMIT %(most)s"
    )
    page = (
        "SELECT id, ts_rank(search, to_tsquery('simple', %(words)s)) AS rank FROM hits "
        "ORDER BY rank DESC, published_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s"
    )
    statement = (
        f"WITH hits AS ({hits}), page AS ({page}) {_ITEM} FROM page JOIN feedback_boardentry e USING (id) {_JOINED}"
        "ORDER BY page.rank DESC, e.published_at DESC, e.id DESC"
    )
    values |= {"words": _all_of(words), "most": MOST_RANKED, "limit": limit, "offset": offset}
    return _rows(statement, values)


def _all_of(words: list[str]) -> str:
    return " & ".join(lexemes([word]) for word in words)


def _holds(words: list[str]) -> str:
    """Return the condition that an entry holds all ``words``, with them as a quoted constant.

    As a parameter they would soon be planned once for all words (``prepare_threshold``): a search with 28,000 hits then
    took 35 ms, and 6 with a plan of its own.
    """
    constant = Literal(_all_of(words)).as_string().replace("%", "%%")
    return f"AND e.search @@ to_tsquery('simple', {constant})"


def board_near(
    *, point: Point, radius_m: int, text: str, asked: BoardFilter, limit: int, offset: int
) -> list[Row]:
    """Return the published entries shown within ``radius_m`` of ``point``, nearest first, with ``distance_m``.

    ``text``  words that they must hold, "" for any.  1 query.  Distances are good to 0.2 % within the district.
    """
    west, south, east, north = box_around(point=point, radius_m=radius_m)
    there, words = point.to("gcj02"), query_words(text)
    source, values = _narrowed(asked)
    near = f"SELECT e.id, {_METRES} AS distance_m {source} {_IN_BOX} {_holds(words) if words else ''}"
    page = (
        "SELECT * FROM near WHERE distance_m <= %(radius_m)s "
        "ORDER BY distance_m, id LIMIT %(limit)s OFFSET %(offset)s"
    )
    statement = (
        f"WITH near AS ({near}), page AS ({page}) {_ITEM}, page.distance_m FROM page JOIN feedback_boardentry e USING (id) {_JOINED}"
        "ORDER BY page.distance_m, e.id"
    )
    return _rows(
        statement,
        values
        | {"west": west, "south": south, "east": east, "north": north, "lat": there.lat, "lng": there.lng}
        | {"high": M_PER_DEGREE_LAT, "wide": M_PER_DEGREE_LNG, "radius_m": radius_m}
        | {"limit": limit, "offset": offset},
    )


def board_item(*, public_number: str) -> Row | None:
    """Return a published entry, or None.  1 query."""
    statement = (
        f"{_ITEM} FROM feedback_boardentry e {_JOINED}"
        "WHERE c.public_number = %(number)s AND e.state = 'published' AND NOT g.sensitive"
    )
    return next(iter(_rows(statement, {"number": public_number})), None)


def entries_at_desk(*, staff: Any) -> QuerySet[BoardEntry]:
    """Return what ``staff`` moderates, last changed first, without texts.  1 query when read."""
    rows = BoardEntry.objects.visible_to(staff).select_related("case", "category", "street")
    return rows.defer("text", "reply_text", "search", "case__text", "case__search")


def entry_of_case(*, case_id: UUID) -> BoardEntry | None:
    """Return the entry of a case, or None.  1 query."""
    return BoardEntry.objects.filter(case_id=case_id).first()
