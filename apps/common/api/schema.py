"""The OpenAPI shape of a page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


def paged(item: type[serializers.Serializer[Any]]) -> Any:
    """Return the shape ``{"results": [item], "next": cursor or null}``."""
    return inline_serializer(
        name=f"{item.__name__.removesuffix('Output')}Page",
        fields={
            "results": item(many=True),
            "next": serializers.CharField(allow_null=True),
        },
    )
