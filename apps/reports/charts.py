"""Figures as data of the charts that django-unfold draws.  Pure; the table beside each chart is its text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

# More bars than this can not be told apart.
MOST_BARS = 20


def bars(*, label: str, names: Sequence[str], values: Sequence[float | None]) -> str:
    """Return a bar chart of one series as JSON: the first 20 of ``names``."""
    return _chart(names[:MOST_BARS], [_series(label, values[:MOST_BARS], "var(--color-primary-600)")])


def lines(*, names: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Return a line chart of one or two series as JSON."""
    colours = ("var(--color-primary-600)", "var(--color-primary-300)")
    made = [_series(label, values, colour) for (label, values), colour in zip(series, colours, strict=False)]
    return _chart(names, made)


def _series(label: str, values: Sequence[float | None], colour: str) -> dict[str, Any]:
    return {
        "label": label, "data": list(values), "backgroundColor": colour, "borderColor": colour, "displayYAxis": True,
        "maxTicksXLimit": 12,
    }  # fmt: skip


def _chart(names: Sequence[str], series: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"labels": list(names), "datasets": list(series)}, ensure_ascii=False)


def percent(rate: float | None) -> float | None:
    """Return a rate of 0 to 1 in percent with one place."""
    return None if rate is None else round(rate * 100, 1)
