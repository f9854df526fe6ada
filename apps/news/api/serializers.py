"""Shapes of columns and articles."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ColumnChild(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    children = serializers.ListField(child=serializers.DictField())


class ColumnOutput(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    children = ColumnChild(many=True)


class ColumnShort(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class CoverSize(serializers.Serializer[Any]):
    name = serializers.CharField()
    url = serializers.CharField()
    width = serializers.IntegerField(help_text="Pixels.")
    height = serializers.IntegerField(help_text="Pixels.")


class CoverOutput(serializers.Serializer[Any]):
    url = serializers.CharField()
    alt = serializers.CharField()
    sizes = CoverSize(many=True, help_text="Widest first.")


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.CharField()


class ArticleItem(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    column = ColumnShort()
    cover = CoverOutput(allow_null=True)
    published_at = serializers.DateTimeField()
    pinned = serializers.BooleanField()
    highlight = serializers.CharField(required=False, help_text="With q: HTML, hits in <em>.")


class ArticleOutput(ArticleItem):
    body_html = serializers.CharField(help_text="For <rich-text>; pictures with whole addresses.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    author = serializers.CharField(allow_blank=True)
    attachments = AttachmentOutput(many=True)
    audio_url = serializers.CharField(allow_null=True)
    hits = serializers.IntegerField(help_text="Times read, some minutes old; no part of the ETag.")
    updated_at = serializers.DateTimeField()
    related = ArticleItem(many=True)


class FavouriteOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    favourite = serializers.BooleanField()


class FavouriteItem(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    since = serializers.DateTimeField()
    available = serializers.BooleanField(help_text="false: not public now; neither title nor text is shown.")
    article = ArticleItem(allow_null=True)
