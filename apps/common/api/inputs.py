"""Input serializers: they check shape and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Input(serializers.Serializer[Any]):
    """The shape of a body.  ``Input.of(request)`` returns the checked values by name."""

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return the validated values of the body.  Raises DRF's ValidationError.

        One instance serves all requests: its fields are copied once instead of each time, and validating keeps nothing
        in it.
        """
        values: dict[str, Any] = _instance(cls).run_validation(request.data)
        return values


@cache
def _instance(kind: type[Input]) -> Input:
    made = kind()
    made.fields  # noqa: B018 - copied here, before two threads can meet in it
    return made
