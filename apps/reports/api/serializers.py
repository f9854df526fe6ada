"""Shapes of the public figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from apps.common import clock
from apps.reports.figures import public_of
from apps.reports.models import IndicatorDefinition
from apps.reports.selectors import Table

# ``source`` means something else to a serializer, and ``from`` is a word of Python's own: neither can be an attribute.
DefinitionOutput = inline_serializer(
    name="DefinitionOutput",
    fields={
        "numerator": serializers.CharField(help_text="What is counted."),
        "denominator": serializers.CharField(help_text="Of what; empty for a count."),
        "exclusions": serializers.CharField(help_text="What is left out of both."),
        "source": serializers.CharField(),
        "valid_from": serializers.DateField(),
    },
)


class FigureOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    numerator = serializers.IntegerField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True, help_text="Null for a count.")
    rate = serializers.FloatField(
        allow_null=True, help_text="0 to 1; null for a count and where there is nothing to divide by."
    )
    small_sample = serializers.BooleanField(help_text="The rate rests on few cases.")
    excluded = serializers.IntegerField(allow_null=True, help_text="Left out after a review.")
    suppressed = serializers.BooleanField(help_text="A number of 1 to 4 is not shown: it is null.")
    definition = DefinitionOutput


class StatsUnitOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


StatsOutput = inline_serializer(
    name="StatsOutput",
    fields={
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "unit": StatsUnitOutput(allow_null=True),
        "as_of": serializers.DateTimeField(allow_null=True, help_text="Up to when events are counted."),
        "figures": FigureOutput(many=True),
    },
)


def stats_shape(*, table: Table, unit: Any) -> dict[str, Any]:
    """Return the JSON object of the totals of ``table``.  ``unit``  a department or None"""
    return {
        "from": table.since.isoformat(),
        "to": table.until.isoformat(),
        "unit": {"code": unit.code, "name": unit.short} if unit else None,
        "as_of": clock.local(table.as_of).isoformat(timespec="seconds") if table.as_of else None,
        "figures": [_figure_shape(table, definition) for definition in table.definitions],
    }


def _figure_shape(table: Table, definition: IndicatorDefinition) -> dict[str, Any]:
    figure = table.total.figures[definition.code]
    shown = public_of(figure=figure)
    return {
        "code": definition.code,
        "version": definition.version,
        "name": definition.name,
        "numerator": shown.numerator,
        "denominator": shown.denominator,
        "rate": None if shown.rate is None else round(shown.rate, 4),
        "small_sample": figure.small_sample,
        "excluded": shown.excluded,
        "suppressed": shown.suppressed,
        "definition": {
            "numerator": definition.numerator,
            "denominator": definition.denominator,
            "exclusions": definition.exclusions,
            "source": definition.source,
            "valid_from": definition.valid_from.isoformat(),
        },
    }
