"""What a resident keeps to read again."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import ResidentView, resident_of
from apps.common import clock
from apps.common.api.paging import page_of
from apps.common.api.schema import paged
from apps.news import public_selectors
from apps.news.api.serializers import FavouriteItem, FavouriteOutput
from apps.news.api.shapes import article_item
from apps.news.models import Favourite
from apps.news.services import reading

NEWEST = ("-created_at", "-id")


class FavouriteView(ResidentView):
    """PUT and DELETE articles/{id}/favourite"""

    @extend_schema(request=None, responses=FavouriteOutput)
    def put(self, request: Request, article_id: UUID) -> Response:
        reading.favourite_add(article_id=article_id, resident_id=resident_of(request).id, now=clock.now())
        return Response({"id": str(article_id), "favourite": True})

    @extend_schema(request=None, responses={200: FavouriteOutput})
    def delete(self, request: Request, article_id: UUID) -> Response:
        reading.favourite_remove(article_id=article_id, resident_id=resident_of(request).id)
        return Response({"id": str(article_id), "favourite": False})


class FavouritesView(ResidentView):
    """GET me/favourites"""

    @extend_schema(
        parameters=[
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=paged(FavouriteItem),
    )
    def get(self, request: Request) -> Response:
        rows = Favourite.objects.filter(resident_id=resident_of(request).id)
        page = page_of(rows=rows, request=request, keys=NEWEST)
        shown = public_selectors.public_by_article(
            article_ids=[row.article_id for row in page.rows], now=clock.now()
        )
        results = [
            {
                "id": str(row.article_id),
                "since": clock.local(row.created_at).isoformat(timespec="seconds"),
                "available": row.article_id in shown,
                "article": article_item(shown[row.article_id]) if row.article_id in shown else None,
            }
            for row in page.rows
        ]
        return Response({"results": results, "next": page.next})
