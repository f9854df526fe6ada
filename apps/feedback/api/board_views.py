"""The public board, and following a case."""

from __future__ import annotations

import math
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock
from apps.common.api.fields import text_clean
from apps.common.api.paging import CursorInvalid, after_of, limit_of, page_cut
from apps.common.api.schema import paged
from apps.common.geo import Point
from apps.common.words import highlight, query_words
from apps.feedback import board_selectors as selectors
from apps.feedback import services
from apps.feedback.api import board_shapes as shapes
from apps.feedback.board_errors import BoardEntryNotFound, NearInvalid
from apps.feedback.board_selectors import MOST_RANKED, BoardFilter
from apps.feedback.models import BoardEntry

RADIUS_M, MAX_RADIUS_M = 1000, 5000
MAX_NEAR = 1000


class BoardView(PublicView):
    """GET feedback/board"""

    @extend_schema(
        operation_id="feedback_board_list",
        parameters=[
            OpenApiParameter("category", OpenApiTypes.STR, description="A code; a group brings those below it."),
            OpenApiParameter("street", OpenApiTypes.STR), OpenApiParameter("q", OpenApiTypes.STR),
            OpenApiParameter("near", OpenApiTypes.STR, description="lng,lat: nearest first, with distance_m."),
            OpenApiParameter("radius_m", OpenApiTypes.INT, description="1 to 5000, default 1000."),
            OpenApiParameter("crs", OpenApiTypes.STR, enum=["gcj02", "wgs84"]),
            OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=paged(shapes.BoardItem),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        given = request.query_params
        asked = BoardFilter(text_clean(given.get("category", "")), text_clean(given.get("street", "")))
        text = text_clean(given.get("q", "")).strip()
        if given.get("near"):
            return Response(_near(request, text, asked))
        if text:
            return Response(_found(request, text, asked))
        limit = limit_of(request)
        after = after_of(request, model=BoardEntry, keys=selectors.NEWEST)
        rows = selectors.board_list(asked=asked, after=after, limit=limit + 1)
        page = page_cut(rows, limit=limit, keys=selectors.NEWEST)
        return Response({"results": [shapes.board_item(row) for row in page.rows], "next": page.next})


def _found(request: Request, text: str, asked: BoardFilter) -> dict[str, Any]:
    limit, offset = limit_of(request), _offset_of(request, most=MOST_RANKED)
    rows = selectors.board_found(text=text, asked=asked, limit=limit + 1, offset=offset)
    return _page(rows, limit, offset, MOST_RANKED, words=query_words(text))


def _near(request: Request, text: str, asked: BoardFilter) -> dict[str, Any]:
    limit, offset = limit_of(request), _offset_of(request, most=MAX_NEAR)
    rows = selectors.board_near(
        point=_point_of(request),
        radius_m=_radius_of(request),
        text=text,
        asked=asked,
        limit=limit + 1,
        offset=offset,
    )
    return _page(rows, limit, offset, MAX_NEAR, words=query_words(text))


def _page(
    rows: list[selectors.Row], limit: int, offset: int, most: int, *, words: list[str]
) -> dict[str, Any]:
    results = []
    for row in rows[:limit]:
        item = shapes.board_item(row)
        if words:
            item["highlight"] = highlight(f"{row['title']} {row['text']} {row['reply_text']}", words=words)
        if "distance_m" in row:
            item["distance_m"] = round(row["distance_m"])
        results.append(item)
    more = len(rows) > limit and offset + limit < most
    return {"results": results, "next": str(offset + limit) if more else None}


def _offset_of(request: Request, *, most: int) -> int:
    """Return the place in a ranking that has no stable key to go on from.  Raises CursorInvalid."""
    cursor = request.query_params.get("cursor") or "0"
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 4 or int(cursor) > most:
        raise CursorInvalid(attr="cursor")
    return int(cursor)


def _point_of(request: Request) -> Point:
    """Return the point of ``near`` and ``crs``.  Raises NearInvalid."""
    given, crs = request.query_params, request.query_params.get("crs", "gcj02")
    try:
        lng, lat = (float(part) for part in given["near"].split(","))
    except ValueError as error:
        raise NearInvalid(attr="near") from error
    if crs not in ("gcj02", "wgs84"):
        raise NearInvalid(attr="crs")
    point = Point(lng, lat, "wgs84" if crs == "wgs84" else "gcj02")
    if not (math.isfinite(lng) and math.isfinite(lat)) or not point.in_china:
        raise NearInvalid(attr="near")
    return point


def _radius_of(request: Request) -> int:
    """Return the radius in metres.  Raises NearInvalid."""
    text = request.query_params.get("radius_m", str(RADIUS_M))
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= MAX_RADIUS_M:
        raise NearInvalid(attr="radius_m")
    return int(text)


class BoardItemView(PublicView):
    """GET feedback/board/{public_number}"""

    @extend_schema(responses=shapes.BoardItem)
    def get(self, _request: Request, public_number: str) -> Response:
        row = selectors.board_item(public_number=public_number)
        if row is None:
            raise BoardEntryNotFound
        return Response(shapes.board_item(row))


class BoardFollowView(ResidentView):
    """PUT and DELETE feedback/board/{public_number}/follow"""

    @extend_schema(request=None, responses=shapes.FollowOutput)
    def put(self, request: Request, public_number: str) -> Response:
        followed = services.follow_add(
            public_number=public_number, resident_id=resident_of(request).id, now=clock.now()
        )
        return Response(shapes.follow_shape(followed))

    @extend_schema(request=None, responses={200: shapes.FollowOutput})
    def delete(self, request: Request, public_number: str) -> Response:
        followed = services.follow_remove(public_number=public_number, resident_id=resident_of(request).id)
        return Response(shapes.follow_shape(followed))
