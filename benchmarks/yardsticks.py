"""What the project is held against, under the same server, settings and middleware.

``bare``    a Django view that answers bytes it has in memory: nothing less can be served by Django
serializer  the way DRF's documentation shows: generic view, ``ModelSerializer``, default paging by page number.  It is
            given ``select_related``, without which it takes 20 statements more, and the project's throttle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework import generics, serializers
from rest_framework.pagination import PageNumberPagination

from apps.common.api.permissions import Public
from apps.common.models import Upload
from apps.news.models import Article, Column
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


class CoverSerializer(serializers.ModelSerializer[Upload]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = ("url", "alt")

    def get_url(self, upload: Upload) -> str:
        """Return the public path of the picture."""
        return f"/media/public/{upload.id}"


class ArticleSerializer(serializers.ModelSerializer[Article]):
    column = ColumnSerializer()
    cover = CoverSerializer()

    class Meta:
        model = Article
        fields: tuple[str, ...] = ("id", "title", "summary", "column", "cover", "published_at", "pinned")


class ArticleDetailSerializer(ArticleSerializer):
    attachments = serializers.SerializerMethodField()
    audio_url = serializers.SerializerMethodField()
    related = serializers.SerializerMethodField()

    class Meta(ArticleSerializer.Meta):
        fields = (
            *ArticleSerializer.Meta.fields,
            "body_html", "source", "author", "attachments", "audio_url", "updated_at", "related",
        )  # fmt: skip

    def get_attachments(self, _article: Article) -> list[Any]:
        """Return none: the project has none so far."""
        return []

    def get_audio_url(self, _article: Article) -> None:
        """Return none: the project has none so far."""

    def get_related(self, article: Article) -> Any:
        """Return the newest 3 others of the column."""
        others = _published().filter(column=article.column).exclude(id=article.id)
        return ArticleSerializer(others.order_by("-published_at", "-id")[:3], many=True).data


def _published() -> QuerySet[Article]:
    return Article.objects.filter(state="published", column__is_active=True).select_related("column", "cover")


class Page(PageNumberPagination):
    page_size = 20


class _View(generics.GenericAPIView[Article]):
    permission_classes = [Public]
    authentication_classes = []

    def get_queryset(self) -> QuerySet[Article]:
        """Return what is published, newest first."""
        return _published().order_by("-pinned", "-published_at", "-id")


class ArticleListView(_View, generics.ListAPIView[Article]):
    serializer_class = ArticleSerializer
    pagination_class = Page


class ArticleDetailView(_View, generics.RetrieveAPIView[Article]):
    serializer_class = ArticleDetailSerializer
