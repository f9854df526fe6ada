"""Reads of the board: what the public sees of published cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Power, Sqrt

from apps.common.geo import Point
from apps.common.words import query_words
from apps.feedback.board_places import M_PER_DEGREE_LAT, M_PER_DEGREE_LNG, box_around
from apps.feedback.board_querysets import BoardQuerySet
from apps.feedback.models import BoardEntry, Category

# Newest first; the keys of the cursor too.
NEWEST = ("-published_at", "-id")
Row = dict[str, Any]
ITEM = (
    "id", "published_at", "title", "text", "reply_text", "note", "noted_at", "lng", "lat", "crs", "submitted_at",
    "replied_at",
)  # fmt: skip
JOINED = {
    "public_number": F("case__public_number"),
    "case_state": F("case__state"),
    "followers": F("case__followers"),
    "unit": F("case__unit__short"),
    "category_code": F("category_id"),
    "category_name": F("category__name"),
    "street_code": F("street_id"),
    "street_name": F("street__name"),
}


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What a list is narrowed to: codes; a group of categories stands for all below it."""

    category: str | None = None
    street: str | None = None


def _narrowed(asked: BoardFilter) -> BoardQuerySet:
    rows: BoardQuerySet = BoardEntry.objects.published()
    if asked.category:
        codes = Category.objects.filter(Q(code=asked.category) | Q(parent_id=asked.category)).values("code")
        rows = rows.filter(category_id__in=codes)
    if asked.street:
        rows = rows.filter(street_id=asked.street)
    return rows


def board_list(*, asked: BoardFilter, after: list[Any] | None, limit: int) -> list[Row]:
    """Return published entries in the order of ``NEWEST``.  1 query.

    ``after``  the values of ``NEWEST`` of the row to go on behind
    """
    rows = _narrowed(asked)
    if after is not None:
        published_at, entry_id = after
        rows = rows.filter(
            Q(published_at__lt=published_at) | Q(published_at=published_at, id__lt=entry_id),
            published_at__lte=published_at,
        )
    return list(rows.order_by(*NEWEST).values(*ITEM, **JOINED)[:limit])


def board_found(*, text: str, asked: BoardFilter, limit: int, offset: int) -> list[Row]:
    """Return the published entries that hold all words of ``text``, best first, at most ``MOST_RANKED`` deep.

    1 query; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    rows = _narrowed(asked).found_by(words).order_by("-rank", *NEWEST)
    return list(rows.values(*ITEM, **JOINED)[offset : offset + limit])


def board_near(
    *, point: Point, radius_m: int, text: str, asked: BoardFilter, limit: int, offset: int
) -> list[Row]:
    """Return the published entries shown within ``radius_m`` of ``point``, nearest first, with ``distance_m``.

    ``text``  words that they must hold, "" for any.  1 query.  Distances are good to 0.2 % within the district.
    """
    west, south, east, north = box_around(point=point, radius_m=radius_m)
    there = point.to("gcj02")
    rows = _narrowed(asked).filter(lat__range=(south, north), lng__range=(west, east))
    words = query_words(text)
    if words:
        rows = rows.with_words(words)
    metres = Sqrt(
        Power((F("lat") - Value(there.lat)) * Value(M_PER_DEGREE_LAT), 2.0)
        + Power((F("lng") - Value(there.lng)) * Value(M_PER_DEGREE_LNG), 2.0)
    )
    near = rows.annotate(distance_m=ExpressionWrapper(metres, FloatField())).filter(distance_m__lte=radius_m)
    return list(
        near.order_by("distance_m", "id").values(*ITEM, "distance_m", **JOINED)[offset : offset + limit]
    )


def board_item(*, public_number: str) -> Row | None:
    """Return a published entry, or None.  1 query."""
    rows = BoardEntry.objects.published().filter(case__public_number=public_number)
    return rows.values(*ITEM, **JOINED).first()


def entries_at_desk(*, staff: Any) -> QuerySet[BoardEntry]:
    """Return what ``staff`` moderates, last changed first, without texts.  1 query when read."""
    rows = BoardEntry.objects.visible_to(staff).select_related("case", "category", "street")
    return rows.defer("text", "reply_text", "search", "case__text", "case__search")


def entry_of_case(*, case_id: UUID) -> BoardEntry | None:
    """Return the entry of a case, or None.  1 query."""
    return BoardEntry.objects.filter(case_id=case_id).first()
