"""Which cases may be the same event: candidates by an index, told apart by their texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.geo import Point
from apps.common.words import any_text, words_held
from apps.feedback.incidents import WINDOW, cell_of, cells_around
from apps.feedback.models import Case
from apps.feedback.similarity import OFFER, Report, same_event_score, signature_of
from apps.feedback.states import JOINABLE
from apps.feedback.suggestion_selectors import suggester

PER_CELL, PER_MATTER = 6, 12
# So many of them are compared character by character; the words they share say which.
COMPARED = 12
MOST_WORDS = 30
SHOWN = 3
_STATES = sorted(state.value for state in JOINABLE)


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that may be the same event: how much alike, 0 to 1, and how far away, where both have a place."""

    id: UUID
    number: str
    public_number: str
    state: str
    request_type: str
    category: str | None
    street: str | None
    score: float
    distance_m: int | None

    def kept(self) -> dict[str, Any]:
        """Return what is kept on a new case."""
        return {"number": self.number, "score": round(self.score, 3), "distance_m": self.distance_m}


# Short walks down two indexes, one for each cell and each matter, whatever the size of the table.
_COLUMNS = "f.id, f.search, f.number, f.public_number, f.state, f.request_type, f.category_id, f.street_id, f.text, f.lng, f.lat, f.crs, f.submitted_at"
_JOINABLE = """
f.settled_at IS NULL AND f.submitted_at > %(since)s AND f.submitted_at <= %(now)s AND f.state = ANY(%(states)s) AND f.parent_id IS NULL
AND f.master_id IS NULL AND f.id <> %(own)s ORDER BY f.submitted_at DESC
"""
# Column names and limits of our own; every value is a parameter.
_FIND = f"""
SELECT id, number, public_number, state, request_type, category_id, street_id, text, lng, lat, crs, submitted_at FROM (
    SELECT n.* FROM unnest(%(cells)s::int[]) AS here(cell), LATERAL (
        SELECT {_COLUMNS} FROM feedback_case f WHERE f.cell = here.cell AND {_JOINABLE} LIMIT {PER_CELL}
    ) AS n
    UNION
    SELECT n.* FROM unnest(%(categories)s::text[]) AS matter(code), LATERAL (
        SELECT {_COLUMNS} FROM feedback_case f
        WHERE f.category_id = matter.code AND f.street_id = %(street)s AND {_JOINABLE} LIMIT {PER_MATTER}
    ) AS n
) AS found
ORDER BY ts_rank(search, to_tsquery('simple', %(words)s)) DESC, submitted_at DESC LIMIT {COMPARED}
"""  # noqa: S608


def alike_of(*, case: Case, now: dt.datetime, limit: int = SHOWN) -> list[Alike]:
    """Return the live cases that may be the same event as ``case``, most alike first, at most ``limit``.  1 query.

    Looked for among the newest of the last 14 days: 6 in each map cell around its place, and 12 of each category that it
    has or may have in its street; the 12 that share most words with it are compared.  ``case`` need not be written yet.
    """
    rows = _candidates(case, now)
    if not rows:
        return []
    tells = suggester().tells
    own = _report(
        case.text, case.category_id or _best(case), case.street_id, case.point, case.submitted_at, tells
    )
    found = [
        (
            same_event_score(
                own, _report(r["text"], r["category_id"], r["street_id"], _place(r), r["submitted_at"], tells)
            ),
            r,
        )
        for r in rows
    ]
    likely = sorted((one for one in found if one[0] >= OFFER), key=lambda one: (-one[0], one[1]["number"]))
    return [_alike(score, case.point, row) for score, row in likely[:limit]]


def _best(case: Case) -> str | None:
    return case.suggested[0]["code"] if case.suggested else None


def _report(
    text: str,
    category: str | None,
    street: str | None,
    place: Point | None,
    at: dt.datetime,
    tells: Callable[[str], float],
) -> Report:
    return Report(signature_of(text=text, tells=tells), category, street, place, at)


def _alike(score: float, place: Point | None, row: dict[str, Any]) -> Alike:
    there = _place(row)
    return Alike(
        id=row["id"], number=row["number"], public_number=row["public_number"], state=row["state"], request_type=row["request_type"],
        category=row["category_id"], street=row["street_id"], score=score,
        distance_m=round(place.distance_m(there)) if place and there else None,
    )  # fmt: skip


def _place(row: dict[str, Any]) -> Point | None:
    if row["lng"] is None or row["lat"] is None:
        return None
    return Point(row["lng"], row["lat"], "wgs84" if row["crs"] == "wgs84" else "gcj02")


def _candidates(case: Case, now: dt.datetime) -> list[dict[str, Any]]:
    cell = cell_of(case.point)
    categories = [case.category_id] if case.category_id else [one["code"] for one in case.suggested]
    values: dict[str, Any] = {
        "cells": cells_around(cell) if cell is not None else [], "categories": categories if case.street_id else [],
        "street": case.street_id, "since": now - WINDOW, "now": now, "states": _STATES, "own": case.id,
        "words": any_text(list(dict.fromkeys(words_held(case.text[:500])))[:MOST_WORDS]),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIND, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
