"""Shape of a scene."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SceneOutput(serializers.Serializer[Any]):
    page = serializers.CharField(help_text="Without a leading slash.")
    params = serializers.DictField(child=serializers.CharField(), help_text="The query of the page.")
