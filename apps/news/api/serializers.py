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


class CoverOutput(serializers.Serializer[Any]):
    url = serializers.CharField()
    alt = serializers.CharField()


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
    body_html = serializers.CharField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    author = serializers.CharField(allow_blank=True)
    attachments = serializers.ListField(child=serializers.DictField())
    audio_url = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField()
    related = ArticleItem(many=True)
