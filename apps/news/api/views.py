"""What the public reads."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView
from apps.common import clock
from apps.common.api.fields import text_clean
from apps.common.api.paging import CursorInvalid, after_of, limit_of, page_cut
from apps.common.api.public_cache import etag_of
from apps.common.api.schema import paged
from apps.common.words import highlight, query_words
from apps.news import public_selectors, selectors
from apps.news.api import serializers
from apps.news.api.shapes import article_item, attachment_shape
from apps.news.models import Publication
from apps.news.public_selectors import MOST_RANKED, NEWEST
from apps.news.text import html_phone, html_text


class ColumnsView(PublicView):
    """GET columns"""

    @extend_schema(responses=serializers.ColumnOutput(many=True))
    def get(self, _request: Request) -> Response:
        return Response(selectors.column_tree())


class ArticlesView(PublicView):
    """GET articles"""

    @extend_schema(
        operation_id="articles_list",
        parameters=[
            OpenApiParameter("column", OpenApiTypes.STR), OpenApiParameter("q", OpenApiTypes.STR),
            OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=paged(serializers.ArticleItem),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        column = request.query_params.get("column") or None
        text = text_clean(request.query_params.get("q", "")).strip()
        if text:
            return Response(_search(request, text, column))
        limit = limit_of(request)
        after = after_of(request, model=Publication, keys=NEWEST)
        rows = public_selectors.articles_public(column=column, after=after, limit=limit + 1, now=clock.now())
        page = page_cut(rows, limit=limit, keys=NEWEST)
        return Response({"results": [article_item(row) for row in page.rows], "next": page.next})


def _search(request: Request, text: str, column: str | None) -> dict[str, Any]:
    """Best first has no stable key to go on from, so the cursor is a place in the ranking, at most ``MOST_RANKED`` deep."""
    limit, cursor = limit_of(request), request.query_params.get("cursor") or "0"
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 4 or int(cursor) >= MOST_RANKED:
        raise CursorInvalid(attr="cursor")
    offset = int(cursor)
    rows = public_selectors.articles_found(
        text=text, column=column, limit=limit + 1, offset=offset, now=clock.now()
    )
    words = query_words(text)
    results = [
        article_item(row)
        | {"highlight": highlight(f"{row['title']} {html_text(row['body_html'])}", words=words)}
        for row in rows[:limit]
    ]
    more = len(rows) > limit and offset + limit < MOST_RANKED
    return {"results": results, "next": str(offset + limit) if more else None}


class ArticleView(PublicView):
    """GET articles/{id}"""

    @extend_schema(responses=serializers.ArticleOutput)
    def get(self, _request: Request, article_id: UUID) -> Response:
        now = clock.now()
        article = public_selectors.article_public(article_id=article_id, now=now)
        if article is None:
            raise NotFound
        answer = article_item(article) | {
            "body_html": html_phone(article["body_html"], settings.PUBLIC_BASE_URL),
            "source": article["source"],
            "author": article["author"],
            "attachments": [attachment_shape(row) for row in article["attachments"]],
            "audio_url": article["audio_url"] or None,
            "hits": article["hits"],
            "updated_at": clock.local(article["updated_at"]).isoformat(timespec="seconds"),
            "related": [article_item(row) for row in public_selectors.related_of(article=article, now=now)],
        }
        return Response(answer, headers={"ETag": _etag(answer)})


def _etag(answer: dict[str, Any]) -> str:
    """Return the fingerprint of an article without its hits: web processes count them at different moments.

    Who has the text has it again as 304; how often others read it is no reason to send the text once more.
    """
    return etag_of(json.dumps(answer | {"hits": 0}).encode())
