"""Shapes of uploads and streets."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.common.models import Upload
from apps.common.uploads import upload_link


class UploadInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)
    purpose = serializers.ChoiceField(choices=[Upload.Purpose.CASE.value])


class UploadOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.SerializerMethodField()
    thumb_url = serializers.SerializerMethodField()
    content_type = serializers.CharField()
    bytes = serializers.IntegerField(source="size_bytes")
    width = serializers.IntegerField()
    height = serializers.IntegerField()

    def get_url(self, upload: Upload) -> str:
        """Return a link that works for two hours."""
        return upload_link(upload)

    def get_thumb_url(self, upload: Upload) -> str:
        """Return a link to the thumbnail that works for two hours."""
        return upload_link(upload, thumb=True)


class CommunityOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class StreetOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    communities = CommunityOutput(many=True)
