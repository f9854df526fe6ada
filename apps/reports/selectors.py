"""Reads of the figures: tables of indicators with their definitions.  Raw SQL over ``DailyFigure`` and ``UnitFigure``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.common.changes import kept
from apps.feedback import selectors as feedback
from apps.reports.aggregation import ZONE
from apps.reports.definitions import Formula, Measure, formula_of
from apps.reports.figures import Figure, Sums, figure_of
from apps.reports.models import CaseExclusion, FigureState, IndicatorDefinition
from apps.reports.statements import analysis

if TYPE_CHECKING:
    from apps.accounts.models import Staff

Grouping = Literal["all", "unit", "street", "category", "request_type", "month", "day"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
# What the smaller table knows.
_COARSE = frozenset({"all", "unit", "month", "day"})
_RETURNS = (Measure.RETURNS_SENT, Measure.RETURNS_RECEIVED, Measure.RETURNED_S)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the figures is asked for; None: all.

    ``units``     ids   ``category``  a code; a group stands for all below it
    """

    units: frozenset[int] | None = None
    street: str | None = None
    category: str | None = None
    request_type: str | None = None


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Returns:
    """The ping-pong of a unit (时间耗在退单): cases it returned, cases it got after another's return, hours they lay."""

    sent: int
    received: int
    hours: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: figures by code of the indicator."""

    key: str
    label: str
    figures: Mapping[str, Figure]
    returns: Returns


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of a period.  ``as_of``: up to when events are counted; None before the first run."""

    rows: list[Row]
    total: Row
    definitions: list[IndicatorDefinition]
    since: dt.date
    until: dt.date
    as_of: dt.datetime | None


@dataclass(slots=True)
class _Counted:
    """What the database gave for one row: sums of measures and the stock, by basis."""

    label: str = ""
    sums: dict[str, dict[Measure, int]] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)


def definitions_in_force(*, on: dt.date, published: bool = False) -> list[IndicatorDefinition]:
    """Return the definition of each indicator that holds on ``on``, in their order.

    No query while nothing changed (``common.changes``), else 1.
    """

    def load() -> list[IndicatorDefinition]:
        found: dict[str, IndicatorDefinition] = {}
        for row in IndicatorDefinition.objects.in_force(on).order_by("position", "code", "-valid_from"):
            found.setdefault(row.code, row)
        return list(found.values())

    rows = kept("figures", ("definitions", on), load)
    return [row for row in rows if row.is_published] if published else rows


def definitions_all() -> QuerySet[IndicatorDefinition]:
    """Return every version of every definition, the newest of each first.  1 query when read."""
    return IndicatorDefinition.objects.order_by("position", "code", "-version")


def figures_as_of() -> dt.datetime | None:
    """Return up to when events are counted, None before the first run.  1 query."""
    return FigureState.objects.values_list("as_of", flat=True).first()


def days_of_answers_rated(*, since: dt.datetime, until: dt.datetime) -> set[dt.date]:
    """Return the local days of ratings given from ``since`` to ``until``, and of the answers they rate.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (day AT TIME ZONE %(zone)s)::date"
            " FROM feedback_rating r JOIN feedback_timelineentry t ON t.id = r.reply_id, LATERAL (VALUES (r.at), (t.at)) d (day)"
            " WHERE r.at BETWEEN %(since)s AND %(until)s",
            {"zone": ZONE, "since": since, "until": until},
        )
        return {row[0] for row in cursor.fetchall()}


def figure_table(
    *,
    since: dt.date,
    until: dt.date,
    by: Grouping,
    filters: Filters = EVERYTHING,
    published: bool = False,
) -> Table:
    """Return the indicators in force on ``until`` for the local days from ``since`` to ``until``, both included.

    ``by``  "all" gives the total only.  Rows come largest first, what has no such key (``key`` "") last; months and days
    come in their order, with the stock as it stood at their end.
    4 queries, 1 more when definitions changed; a year of a million cases takes 0.1 s by unit, month or day without other
    filters, else under a second.
    """
    definitions = definitions_in_force(on=until, published=published)
    formulas = {one.code: formula_of(code=one.code, version=one.version) for one in definitions}
    coarse = by in _COARSE and filters.street is filters.category is filters.request_type is None
    source = "reports_unitfigure" if coarse else "reports_dailyfigure"
    where, values = filter_sql(filters=filters)
    values |= {"since": since, "until": until}
    counted: dict[Any, _Counted] = {}
    measures = sorted({*_RETURNS, *(measure for one in formulas.values() for measure in one.measures)})
    with analysis() as cursor:
        _sums_read(cursor, counted, source, by, measures, where, values)
        _stock_read(cursor, counted, source, by, where, values)
    opening = counted.pop(_BEFORE, _Counted())
    if by in ("month", "day"):
        _stock_run(counted, opening)
    rows = [_row(str(key or ""), one, definitions, formulas) for key, one in counted.items()]
    if by not in ("month", "day"):
        rows.sort(key=lambda row: (not row.key, -sum(f.numerator for f in row.figures.values()), row.key))
    total = _row("", _total(counted.values(), opening, last=by in ("month", "day")), definitions, formulas)
    return Table([] if by == "all" else rows, total, definitions, since, until, figures_as_of())


# What lies before the period has a row of its own while the stock is added up.
_BEFORE = object()
_KEYS: dict[Grouping, str] = {
    "all": "''", "unit": "unit_id", "street": "street_id", "category": "category_id", "request_type": "request_type",
    "month": "to_char(day, 'YYYY-MM')", "day": "to_char(day, 'YYYY-MM-DD')",
}  # fmt: skip
_LABELS: dict[Grouping, tuple[str, str]] = {
    "unit": ("short", "LEFT JOIN accounts_department n ON n.id = f.key"),
    "street": ("name", "LEFT JOIN common_street n ON n.code = f.key"),
    "category": ("name", "LEFT JOIN feedback_category n ON n.code = f.key"),
}


def filter_sql(*, filters: Filters) -> tuple[str, dict[str, Any]]:
    """Return the conditions of ``filters`` as SQL, each after an AND, and their values.  No query."""
    parts, values = [""], dict[str, Any]()
    if filters.units is not None:
        parts.append("unit_id = ANY(%(units)s)")
        values["units"] = sorted(filters.units)
    if filters.street is not None:
        parts.append("street_id = %(street)s")
        values["street"] = filters.street
    if filters.category is not None:
        parts.append(
            "category_id IN (SELECT code FROM feedback_category"
            " WHERE code = %(category)s OR parent_id = %(category)s)"
        )
        values["category"] = filters.category
    if filters.request_type is not None:
        parts.append("request_type = %(request_type)s")
        values["request_type"] = filters.request_type
    return " AND ".join(parts), values


def _sums_read(
    cursor: CursorWrapper, counted: dict[Any, _Counted], source: str, by: Grouping, measures: Sequence[Measure], where: str,
    values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the sums of the period.  1 query; every name in it is one of ours."""
    label, join = _LABELS.get(by, ("key", ""))
    column = f"n.{label}" if join else "f.key::text"
    sums = ", ".join(f"sum({measure.value})::bigint AS {measure.value}" for measure in measures)
    cursor.execute(
        f"SELECT f.*, {column} FROM (SELECT {_KEYS[by]} AS key, basis, {sums} FROM {source}"  # noqa: S608
        f" WHERE day BETWEEN %(since)s AND %(until)s{where} GROUP BY 1, 2) f {join} ORDER BY f.key, f.basis",
        values,
    )
    for key, basis, *numbers, name in cursor.fetchall():
        row = counted.setdefault(key, _Counted())
        row.label = name or ""
        row.sums[basis] = dict(zip(measures, numbers, strict=True))


def _stock_read(
    cursor: CursorWrapper, counted: dict[Any, _Counted], source: str, by: Grouping, where: str, values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Read the changes of the stock up to the period's end; for months and days those before it apart.  1 query."""
    dated = by in ("month", "day")
    key = f"CASE WHEN day < %(since)s THEN NULL ELSE {_KEYS[by]} END" if dated else _KEYS[by]
    label, join = _LABELS.get(by, ("key", ""))
    column = f"n.{label}" if join else "f.key::text"
    cursor.execute(
        f"SELECT f.*, {column} FROM (SELECT {key} AS key, basis, sum(overdue_change)::bigint FROM {source}"  # noqa: S608
        f" WHERE day <= %(until)s AND overdue_change <> 0{where} GROUP BY 1, 2) f {join} ORDER BY f.key",
        values,
    )
    for found, basis, change, name in cursor.fetchall():
        before = dated and found is None
        if not before and not change and found not in counted:
            continue
        row = counted.setdefault(_BEFORE if before else found, _Counted())
        row.label = row.label or name or ""
        row.stock[basis] = change


def _stock_run(counted: dict[Any, _Counted], opening: _Counted) -> None:
    """Turn changes by month or day into what stands at the end of each."""
    running = dict(opening.stock)
    ordered = sorted(counted.items())
    counted.clear()
    for key, row in ordered:
        for basis, change in row.stock.items():
            running[basis] = running.get(basis, 0) + change
        row.stock = dict(running)
        counted[key] = row


def _total(rows: Iterable[_Counted], opening: _Counted, *, last: bool) -> _Counted:
    """Return all rows together; ``last``: the stock is that of the last row, since each holds what stands at its end."""
    total = _Counted(stock=dict(opening.stock))
    for row in rows:
        for basis, sums in row.sums.items():
            kept = total.sums.setdefault(basis, {})
            for measure, number in sums.items():
                kept[measure] = kept.get(measure, 0) + number
        if last:
            total.stock = dict(row.stock)
        else:
            for basis, stock in row.stock.items():
                total.stock[basis] = total.stock.get(basis, 0) + stock
    return total


def _row(
    key: str, counted: _Counted, definitions: Sequence[IndicatorDefinition], formulas: Mapping[str, Formula]
) -> Row:
    figures = {
        one.code: figure_of(
            code=one.code, version=one.version, formula=formulas[one.code], small_sample=one.small_sample,
            sums=counted.sums, stock=counted.stock,
        )
        for one in definitions
    }  # fmt: skip
    return Row(key, counted.label, figures, _returns(counted.sums))


def _returns(sums: Sums) -> Returns:
    sent, received, seconds = (
        sum(by_measure.get(measure, 0) for by_measure in sums.values()) for measure in _RETURNS
    )
    return Returns(sent, received, round(seconds / 3600, 1))


# --- Who may see what ------------------------------------------------------------------------------------------------
def units_shown(*, staff: Staff) -> frozenset[int] | None:
    """Return the ids of the units whose figures ``staff`` may see, None for all.  ≤ 2 queries once per loaded ``staff``.

    The heads of the intake desk see the district, a supervisor the own units and those below; nobody else sees any.
    """
    if staff.is_superuser or Role.DESK_HEAD in staff.roles:
        return None
    if Role.SUPERVISOR in staff.roles:
        return accounts.department_ids_below(staff=staff)
    return frozenset()


def exclusions_visible(*, staff: Staff) -> QuerySet[CaseExclusion]:
    """Return the exclusions of the cases that ``staff`` may see.  1 query when read."""
    return CaseExclusion.objects.filter(case__in=feedback.cases_visible(staff=staff).order_by().values("id"))
