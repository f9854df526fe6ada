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
    """The schema of ``upload_shape``."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Works for two hours.")
    thumb_url = serializers.CharField(help_text="Works for two hours.")
    content_type = serializers.CharField()
    bytes = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


def upload_shape(upload: Upload) -> dict[str, Any]:
    """Return an upload's JSON object, with links that work for two hours."""
    return {
        "id": str(upload.id),
        "url": upload_link(upload),
        "thumb_url": upload_link(upload, thumb=True),
        "content_type": upload.content_type,
        "bytes": upload.size_bytes,
        "width": upload.width,
        "height": upload.height,
    }


class CommunityOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class StreetOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    communities = CommunityOutput(many=True)
