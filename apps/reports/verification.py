"""Comparing the daily figures with a replay of the events in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from apps.feedback.states import CaseState, Verb
from apps.reports.aggregation import CASES_OF_DAYS, days_bounds, figures_lock
from apps.reports.definitions import Measure
from apps.reports.models import DailyFigure, UnitFigure
from apps.reports.replay import Act, History, Key, Opinion, replay
from apps.reports.selectors import figures_as_of
from apps.reports.statements import analysis

# So many days are compared at a time: what happened to their cases is held in memory.
CHUNK_DAYS = 31
PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of one key on which the two disagree."""

    key: Key
    measure: Measure
    stored: int
    replayed: int


def figures_verify(*, since: dt.date, until: dt.date) -> list[Difference]:
    """Return where the daily figures from ``since`` to ``until`` differ from a replay of all events behind them.

    Up to the moment of the last run.  Nobody counts meanwhile: one transaction for each 31 days, 7 queries each; a million
    cases a year take some minutes.
    """
    found: list[Difference] = []
    first = since
    while first <= until:
        last = min(first + dt.timedelta(days=CHUNK_DAYS - 1), until)
        with analysis(timeout_s=PATIENCE_S):
            figures_lock()
            as_of = figures_as_of()
            if as_of is None:
                return found
            replayed = _replayed(first, last, as_of)
            stored = _stored(first, last)
            found += _differences(stored, replayed) + _unit_differences(first, last, stored)
        first = last + dt.timedelta(days=1)
    return found


def _replayed(first: dt.date, last: dt.date, as_of: dt.datetime) -> dict[Key, Counter[Measure]]:
    found: dict[Key, Counter[Measure]] = {}
    for history in _histories(first, last, as_of):
        for key, counted in replay(history=history, as_of=as_of).items():
            if first <= key[0] <= last:
                found.setdefault(key, Counter()).update(counted)
    return found


def _stored(first: dt.date, last: dt.date) -> dict[Key, Counter[Measure]]:
    names = [measure.value for measure in Measure]
    rows = DailyFigure.objects.filter(day__range=(first, last)).values_list(
        "day", "unit_id", "street_id", "category_id", "request_type", "basis", *names
    )
    return {row[:6]: Counter(dict(zip(Measure, row[6:], strict=True))) for row in rows}


def _differences(
    stored: dict[Key, Counter[Measure]], replayed: dict[Key, Counter[Measure]]
) -> list[Difference]:
    return [
        Difference(key, measure, stored.get(key, _NOTHING)[measure], replayed.get(key, _NOTHING)[measure])
        for key in {*stored, *replayed}
        for measure in Measure
        if stored.get(key, _NOTHING)[measure] != replayed.get(key, _NOTHING)[measure]
    ]


_NOTHING: Counter[Measure] = Counter()


def _unit_differences(first: dt.date, last: dt.date, stored: dict[Key, Counter[Measure]]) -> list[Difference]:
    """Compare the figures of units with the daily ones that they are added up from."""
    names = [measure.value for measure in Measure]
    rows = UnitFigure.objects.filter(day__range=(first, last)).values_list("day", "unit_id", "basis", *names)
    held: dict[Key, Counter[Measure]] = {
        (row[0], row[1], None, None, "", row[2]): Counter(dict(zip(Measure, row[3:], strict=True)))
        for row in rows
    }
    added: dict[Key, Counter[Measure]] = {}
    for (day, unit, _street, _category, _type, basis), counted in stored.items():
        sums = added.setdefault((day, unit, None, None, "", basis), Counter())
        for measure, number in counted.items():
            sums[measure] += number
    return _differences(held, added)


# --- Reading histories -----------------------------------------------------------------------------------------------
_PICKED = f"""
SELECT c.id, c.street_id, c.request_type, coalesce(x.basis, '') AS basis
FROM feedback_case c LEFT JOIN reports_caseexclusion x ON x.case_id = c.id AND x.state = 'approved'
WHERE c.parent_id IS NULL AND c.submitted_at < %(last)s AND c.id IN ({CASES_OF_DAYS})
"""  # noqa: S608 - a query of our own
_ACTS = f"""
SELECT p.id, p.street_id, p.request_type, p.basis, t.id, t.at, t.verb, t.source, t.target, t.unit_id, t.lead_id, t.category_id,
    t.due_at, t.details->>'contact_due_at'
FROM ({_PICKED}) p JOIN feedback_timelineentry t ON t.case_id = p.id
ORDER BY p.id, t.at, CASE t.verb WHEN 'submit' THEN 0 WHEN 'close' THEN 2 ELSE 1 END, t.id
"""  # noqa: S608
_OPINIONS = f"""
SELECT r.case_id, r.reply_id, r.at, r.resolved, r.satisfaction, r.called_by_id IS NULL
FROM feedback_rating r WHERE r.case_id IN (SELECT id FROM ({_PICKED}) p)
"""  # noqa: S608


def _histories(first: dt.date, last: dt.date, as_of: dt.datetime) -> Iterator[History]:
    """Yield the whole histories of the cases that can count on the days from ``first`` to ``last``.  2 queries."""
    bounds = days_bounds(first=first, last=last, as_of=as_of)
    opinions: dict[UUID, list[Opinion]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OPINIONS, bounds)
        for case_id, *row in cursor.fetchall():
            opinions.setdefault(case_id, []).append(Opinion(*row))
        cursor.execute(_ACTS, bounds)
        rows = cursor.fetchall()
    for case_id, group in groupby(rows, key=itemgetter(0)):
        entries: Sequence[tuple[Any, ...]] = list(group)
        _id, street, request_type, basis = entries[0][:4]
        acts = [_act(entry[4:]) for entry in entries]
        yield History(street, request_type, basis, acts, opinions.get(case_id, ()))


def _act(row: tuple[Any, ...]) -> Act:
    key, at, verb, source, target, unit, lead, category, due_at, contact_due = row
    return Act(
        key, at, Verb(verb), source, CaseState(target), unit, lead, category, due_at,
        dt.datetime.fromisoformat(contact_due) if contact_due else None,
    )  # fmt: skip
