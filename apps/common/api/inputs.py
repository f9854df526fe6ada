"""Input serializers: they check shape and nothing else."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Input(serializers.Serializer[Any]):
    """The shape of a body.  ``Input.of(request)`` returns the checked values by name."""

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return the validated values of the body.  Raises DRF's ValidationError."""
        given = cls(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values
