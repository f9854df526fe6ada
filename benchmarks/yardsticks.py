"""What the project is held against, under the same server, settings and middleware.

``bare``    a Django view that answers bytes it has in memory: nothing less can be served by Django
serializer  the way DRF's documentation shows: generic view, ``ModelSerializer``, default paging by page number.  It is
            given ``select_related``, without which it takes 20 statements more, and the project's throttle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from rest_framework import generics, serializers
from rest_framework.pagination import PageNumberPagination

from apps.common import clock
from apps.common.api.permissions import Public
from apps.news.models import Column, MediaRendition, Publication
from benchmarks import BODIES

_bodies: dict[str, bytes] = {}


def bare(_request: HttpRequest, name: str) -> HttpResponse:
    """Answer the body ``name``."""
    body = _bodies.get(name)
    if body is None:
        body = _bodies[name] = (Path(settings.MEDIA_ROOT) / BODIES / name).read_bytes()
    return HttpResponse(body, content_type="application/json")


class ColumnSerializer(serializers.ModelSerializer[Column]):
    class Meta:
        model = Column
        fields = ("slug", "name")


class ArticleSerializer(serializers.ModelSerializer[Publication]):
    id = serializers.UUIDField(source="article_id")
    title = serializers.CharField(source="revision.title")
    summary = serializers.CharField(source="revision.summary")
    column = ColumnSerializer()
    cover = serializers.SerializerMethodField()
    published_at = serializers.DateTimeField(source="go_live_at")

    class Meta:
        model = Publication
        fields: tuple[str, ...] = ("id", "title", "summary", "column", "cover", "published_at", "pinned")

    def get_cover(self, row: Publication) -> dict[str, Any] | None:
        """Return the public path of the picture, its words and its sizes."""
        upload_id = row.revision.cover_upload_id
        if upload_id is None:
            return None
        path = f"/media/public/{upload_id}"
        sizes = [one | {"url": f"{path}/{one['name']}.webp"} for one in row.sizes]  # type: ignore[attr-defined]
        return {"url": path, "alt": row.revision.cover_alt, "sizes": sizes}


class ArticleDetailSerializer(ArticleSerializer):
    body_html = serializers.CharField(source="revision.body_html")
    source = serializers.CharField(source="revision.source")  # type: ignore[assignment]
    author = serializers.CharField(source="revision.author")
    attachments = serializers.JSONField(source="revision.attachments")
    audio_url = serializers.CharField(source="revision.audio_url")
    updated_at = serializers.DateTimeField(source="go_live_at")
    related = serializers.SerializerMethodField()

    class Meta(ArticleSerializer.Meta):
        fields = (
            *ArticleSerializer.Meta.fields,
            "body_html", "source", "author", "attachments", "audio_url", "hits", "updated_at", "related",
        )  # fmt: skip

    def get_related(self, row: Publication) -> Any:
        """Return the newest 3 others of the column: less than the project's, which compares words."""
        others = _published().filter(column=row.column).exclude(id=row.id)
        return ArticleSerializer(others.order_by("-go_live_at", "-id")[:3], many=True).data


def _published() -> QuerySet[Publication]:
    sizes = MediaRendition.objects.filter(
        asset__upload_id=OuterRef("revision__cover_upload_id"), format="webp"
    )
    shown = sizes.order_by("-width").values(one=JSONObject(name="name", width="width", height="height"))
    rows = Publication.objects.visible(now=clock.now()).select_related("revision", "column")
    return rows.defer("search").annotate(sizes=ArraySubquery(shown))


class Page(PageNumberPagination):
    page_size = 20


class _View(generics.GenericAPIView[Publication]):
    permission_classes = [Public]
    authentication_classes = []

    def get_queryset(self) -> QuerySet[Publication]:
        """Return what is published, newest first."""
        return _published().order_by("-pinned", "-go_live_at", "-id")


class ArticleListView(_View, generics.ListAPIView[Publication]):
    serializer_class = ArticleSerializer
    pagination_class = Page


class ArticleDetailView(_View, generics.RetrieveAPIView[Publication]):
    serializer_class = ArticleDetailSerializer
    lookup_field = "article_id"
    lookup_url_kwarg = "pk"
