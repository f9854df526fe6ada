"""What the start page shows of the figures: answers by day and the on-time rate by unit."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.reports.definitions import Measure, formula_of
from apps.reports.figures import Figure, figure_of
from apps.reports.selectors import Filters, definitions_in_force, filter_sql

ON_TIME = "on_time_rate"


@dataclass(frozen=True, slots=True)
class Overview:
    """``days``  date and answers, every day of the period   ``units``  name and on-time figure, most answers first"""

    days: list[tuple[dt.date, int]]
    units: list[tuple[str, Figure]]


def figure_overview(*, since: dt.date, until: dt.date, units: frozenset[int] | None) -> Overview:
    """Return the overview of the local days from ``since`` to ``until``, both included, for ``units`` or, None, for all.

    2 queries over at most (days × units) rows, 1 more when definitions changed.
    """
    definition = next((one for one in definitions_in_force(on=until) if one.code == ON_TIME), None)
    where, values = filter_sql(filters=Filters(units=units))
    values |= {"since": since, "until": until}
    answers, names, sums = Counter[dt.date](), dict[int, str](), dict[int, dict[str, dict[Measure, int]]]()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(where=where), values)
        for day, unit, name, basis, answered, in_time in cursor.fetchall():
            answers[day] += answered
            names[unit] = name
            counted = sums.setdefault(unit, {}).setdefault(
                basis, {Measure.ANSWERED: 0, Measure.ANSWERED_IN_TIME: 0}
            )
            counted[Measure.ANSWERED] += answered
            counted[Measure.ANSWERED_IN_TIME] += in_time
        cursor.execute(_STOCK.format(where=where), values)
        stock: dict[int, dict[str, int]] = {}
        for unit, name, basis, late in cursor.fetchall():
            names[unit] = name
            stock.setdefault(unit, {})[basis] = late
    length = (until - since).days + 1
    days = [(day, answers[day]) for day in (since + dt.timedelta(days=place) for place in range(length))]
    if definition is None:
        return Overview(days, [])
    rest: dict[str, Any] = {
        "code": ON_TIME, "version": definition.version, "small_sample": definition.small_sample,
        "formula": formula_of(code=ON_TIME, version=definition.version),
    }  # fmt: skip
    figures = [
        (names[unit], figure_of(sums=sums.get(unit, {}), stock=stock.get(unit, {}), **rest)) for unit in names
    ]
    figures.sort(key=lambda pair: (-(pair[1].denominator or 0), pair[0]))
    return Overview(days, [pair for pair in figures if pair[1].denominator])


_SUMS = """
SELECT f.day, f.unit_id, d.short, f.basis, sum(f.answered)::bigint, sum(f.answered_in_time)::bigint
FROM reports_unitfigure f JOIN accounts_department d ON d.id = f.unit_id
WHERE f.day BETWEEN %(since)s AND %(until)s{where} GROUP BY 1, 2, 3, 4
"""
_STOCK = """
SELECT f.unit_id, d.short, f.basis, sum(f.overdue_change)::bigint
FROM reports_unitfigure f JOIN accounts_department d ON d.id = f.unit_id
WHERE f.day <= %(until)s AND f.overdue_change <> 0{where} GROUP BY 1, 2, 3 HAVING sum(f.overdue_change) <> 0
"""
