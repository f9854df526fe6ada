"""The statement that turns events into marks, and what is made of marks: figures of days, and lists of cases.

A *mark* is one thing that counts: whose case, when, on which unit, category and measure.  Everything is derived from the
timeline, the ratings and the approved exclusions; of a case only what never changes is read (street, type, whether it is
part of another).  ``replay.py`` says the same in plain Python and is compared with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from apps.common import clock
from apps.common.locks import Lock, lock_hold
from apps.feedback.states import OPEN, SETTLED, CaseState, Verb
from apps.reports.definitions import Measure

# Two rebuilds never write the same days at once.
# Days further apart are counted by statements of their own: each reads what happened since its first day.
GAP_DAYS = 31
ZONE = "Asia/Shanghai"

# Acts that begin the stage of the first contact, that are a contact, and that end the stage without one.  A question to
# the resident is none of them: its unit still has to record a contact.
STAGE_BEGINS = (Verb.DISPATCH, Verb.ARBITRATE)
CONTACTS = (Verb.CONTACT, Verb.REPLY)
STAGE_VOID = (Verb.RETURN, Verb.WITHDRAW, Verb.MERGE, Verb.SUSPEND)


def codes_of(values: Iterable[CaseState | Verb]) -> str:
    """Return names of our own as a list for SQL."""
    return ", ".join(f"'{value.value}'" for value in sorted(values))


_UNSETTLED = frozenset(CaseState) - SETTLED

# Which cases can have a mark on the days from ``first`` to ``last``: what happened to them on or after the first day, or
# they are still unsettled; and they were there before the last day ended.  The state only saves work: it is the target
# of the last entry.
CASES_OF_DAYS = f"""
SELECT id FROM feedback_case WHERE state IN ({codes_of(_UNSETTLED)})
UNION SELECT case_id FROM feedback_timelineentry WHERE at >= %(first)s
UNION SELECT case_id FROM feedback_rating WHERE at >= %(first)s
"""  # noqa: S608 - names of our own states
_CASES_ALL = "SELECT id FROM feedback_case"
_CASES_NAMED = "SELECT id FROM feedback_case WHERE id = ANY(%(cases)s)"

# Of acts in one moment: a case is submitted before a rule sends it on, and rated before that closes it.
_TURN = "CASE t.verb WHEN 'submit' THEN 0 WHEN 'close' THEN 2 ELSE 1 END"
_ENTRIES = """
picked AS (
    SELECT c.id, c.street_id, c.request_type, coalesce(x.basis, '') AS basis
    FROM feedback_case c
    LEFT JOIN reports_caseexclusion x ON x.case_id = c.id AND x.state = 'approved'
    WHERE c.parent_id IS NULL AND c.submitted_at < %(last)s AND c.id IN ({cases}){narrow}
),
entries AS (
    SELECT p.id AS case_id, p.street_id, p.request_type, p.basis, t.id AS entry_id, t.at, t.verb, t.source, t.target,
        t.unit_id, t.lead_id, t.category_id, t.due_at, t.details, {turn} AS turn,
        lag(t.lead_id) OVER one_case AS lead_before, lead(t.at) OVER one_case AS next_at
    FROM picked p JOIN feedback_timelineentry t ON t.case_id = p.id
    WHERE t.at <= %(as_of)s
    WINDOW one_case AS (PARTITION BY p.id ORDER BY t.at, {turn}, t.id)
)
"""
# The next of these after a dispatch says how its stage ended.
_STAGES = f"""
stages AS (
    SELECT *, (details->>'contact_due_at')::timestamptz AS contact_due_at,
        lead(verb) OVER one_case AS end_verb, lead(at) OVER one_case AS end_at
    FROM entries WHERE verb IN ({codes_of((*STAGE_BEGINS, *CONTACTS, *STAGE_VOID))})
    WINDOW one_case AS (PARTITION BY case_id ORDER BY at, turn, entry_id)
)
"""  # noqa: S608 - names of our own verbs
# A return ends with the move that takes the case out of that state.
_RETURNS = """
returns AS (
    SELECT *, lead(at) OVER one_case AS left_at
    FROM entries WHERE verb = 'return' OR (source = 'returned' AND target <> 'returned')
    WINDOW one_case AS (PARTITION BY case_id ORDER BY at, turn, entry_id)
)
"""
# In which the case is late and unanswered: from the deadline in force, or the act that brought it into force.
_LATE = f"""
late AS (
    SELECT *, greatest(at, due_at) AS late_at FROM entries
    WHERE target IN ({codes_of(OPEN)}) AND due_at < %(as_of)s AND (next_at IS NULL OR greatest(at, due_at) < next_at)
)
"""  # noqa: S608 - names of our own states
_RATED = """
rated AS (
    SELECT e.*, r.at AS rated_at, r.resolved, r.satisfaction, r.called_by_id
    FROM entries e JOIN feedback_rating r ON r.reply_id = e.entry_id AND r.at <= %(as_of)s
)
"""
_ACTED = "coalesce(lead_id, lead_before)"

# One part for each kind of mark: where it is read, when, on which unit it falls, the condition, and its measures.
_PARTS: tuple[tuple[str, str, str, str, dict[Measure, str]], ...] = (
    (
        "entries", "at", _ACTED,
        "verb IN ('submit', 'accept', 'refuse', 'dispatch', 'arbitrate', 'reply', 'reopen', 'merge', 'withdraw', 'nudge')",
        {
            Measure.SUBMITTED: "(verb = 'submit')::int",
            Measure.ACCEPTED: "(verb IN ('accept', 'dispatch') AND source = 'submitted')::int",
            Measure.REFUSED: "(verb = 'refuse')::int",
            Measure.DISPATCHED: "(verb IN ('dispatch', 'arbitrate'))::int",
            Measure.ANSWERED: "(verb = 'reply')::int",
            Measure.ANSWERED_IN_TIME: "(verb = 'reply' AND (due_at IS NULL OR at <= due_at))::int",
            Measure.REOPENED: "(verb = 'reopen')::int",
            Measure.MERGED: "(verb = 'merge')::int",
            Measure.WITHDRAWN: "(verb = 'withdraw')::int",
            Measure.NUDGES: "(verb = 'nudge')::int",
            Measure.RETURNS_RECEIVED: "(verb IN ('dispatch', 'arbitrate') AND source = 'returned')::int",
        },
    ),
    ("rated", "at", _ACTED, "resolved AND called_by_id IS NULL", {Measure.VERIFIED: "1"}),
    (
        "rated", "rated_at", _ACTED, "true",
        {Measure.RATED: "1", Measure.RESOLVED: "resolved::int", Measure.SATISFIED: "(satisfaction >= 4)::int"},
    ),
    (
        "stages", "end_at", "lead_id",
        f"verb IN ({codes_of(STAGE_BEGINS)}) AND end_verb IN ({codes_of(CONTACTS)}) AND end_at <= contact_due_at",
        {Measure.CONTACT_ENDED: "1", Measure.CONTACT_IN_TIME: "1"},
    ),
    (
        "stages", "contact_due_at", "lead_id",
        f"verb IN ({codes_of(STAGE_BEGINS)}) AND contact_due_at < %(as_of)s AND (end_at IS NULL OR end_at > contact_due_at)",
        {Measure.CONTACT_ENDED: "1"},
    ),
    ("entries", "at", "coalesce(lead_before, unit_id)", "verb = 'return'", {Measure.RETURNS_SENT: "1"}),
    (
        "returns", "left_at", "coalesce(lead_before, unit_id)", "verb = 'return' AND left_at IS NOT NULL",
        {Measure.RETURNED_S: "floor(extract(epoch FROM left_at - at))::bigint"},
    ),
    ("late", "late_at", "lead_id", "true", {Measure.OVERDUE_CHANGE: "1"}),
    ("late", "next_at", "lead_id", "next_at IS NOT NULL", {Measure.OVERDUE_CHANGE: "-1"}),
)  # fmt: skip


_KEYS = ("unit_id", "street_id", "category_id", "request_type", "basis")


def marks_sql(*, cases: str, measures: Sequence[Measure], narrow: str = "") -> str:
    """Return the WITH clause that ends in ``marks``: case, moment, entry, keys and a column for each of ``measures``.

    ``cases``   a query of ids, e.g. ``CASES_OF_DAYS``; its values are those of ``days_bounds``
    ``narrow``  further conditions on ``c``, the case, each after an AND: what they keep out has no marks
    """
    selects = []
    for table, at, unit, condition, given in _PARTS:
        if any(measure in given for measure in measures):
            columns = ", ".join(f"{given.get(measure, '0')} AS {measure.value}" for measure in measures)
            selects.append(
                f"SELECT case_id, entry_id, {at} AS at, {unit} AS unit_id, street_id, category_id, request_type, basis,"  # noqa: S608
                f" {columns} FROM {table} WHERE {condition}"
            )
    marks = "marks AS (" + " UNION ALL ".join(selects) + ")"
    return "WITH " + ",".join(
        (_ENTRIES.format(cases=cases, turn=_TURN, narrow=narrow), _STAGES, _RETURNS, _LATE, _RATED, marks)
    )


_NAMES = ", ".join(measure.value for measure in Measure)
_SUMS = ", ".join(f"sum({measure.value})" for measure in Measure)
_SOME = " OR ".join(f"sum({measure.value}) <> 0" for measure in Measure)
_ADD_UP = (
    f"INSERT INTO reports_unitfigure (day, unit_id, basis, {_NAMES})"  # noqa: S608
    f" SELECT day, unit_id, basis, {_SUMS} FROM reports_dailyfigure {{wanted}} GROUP BY day, unit_id, basis HAVING {_SOME}"
)


def _rewrite(cases: str, wanted: str) -> str:
    """Return the statement that counts ``cases`` and writes the figures of the days that ``wanted`` keeps."""
    keys = ", ".join(_KEYS)
    return (
        f"{marks_sql(cases=cases, measures=tuple(Measure))} INSERT INTO reports_dailyfigure (day, {keys}, {_NAMES})"  # noqa: S608
        f" SELECT day, {keys}, {_SUMS} FROM (SELECT *, (at AT TIME ZONE '{ZONE}')::date AS day FROM marks) dated"
        f" {wanted} GROUP BY day, {keys} HAVING {_SOME}"
    )


_REWRITE_DAYS = _rewrite(CASES_OF_DAYS, "WHERE day = ANY(%(days)s)")
_REWRITE_ALL = _rewrite(_CASES_ALL, "")
_DAYS_OF_CASES = f"{marks_sql(cases=_CASES_NAMED, measures=tuple(Measure))} SELECT DISTINCT (at AT TIME ZONE '{ZONE}')::date FROM marks"  # noqa: S608


def days_rewrite(*, days: Iterable[dt.date], as_of: dt.datetime) -> int:
    """Delete the figures of ``days`` and count them anew from the events up to ``as_of``; returns how many daily rows.

    Four queries for days that lie close together (``GAP_DAYS``), more for scattered ones.  The caller holds the
    transaction and ``figures_lock``.  A case is read whole when something happened to it since the first of the days.
    """
    written = 0
    with connection.cursor() as cursor:
        for near in _clusters(sorted(set(days))):
            values = {**days_bounds(first=near[0], last=near[-1], as_of=as_of), "days": near}
            cursor.execute("DELETE FROM reports_dailyfigure WHERE day = ANY(%(days)s)", values)
            cursor.execute("DELETE FROM reports_unitfigure WHERE day = ANY(%(days)s)", values)
            cursor.execute(_REWRITE_DAYS, values)
            written += cursor.rowcount
            cursor.execute(_ADD_UP.format(wanted="WHERE day = ANY(%(days)s)"), values)
    return written


def all_rewrite(*, as_of: dt.datetime) -> int:
    """Delete every figure and count all events up to ``as_of``; returns how many daily rows.  4 queries.

    The caller holds the transaction and ``figures_lock``.  A million cases take about a minute and a half.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reports_dailyfigure")
        cursor.execute("DELETE FROM reports_unitfigure")
        cursor.execute(_REWRITE_ALL, _until(as_of))
        written: int = cursor.rowcount
        cursor.execute(_ADD_UP.format(wanted=""))
        return written


def figures_lock() -> None:
    """Wait until no other transaction writes figures, and keep others out until this one ends.  1 query."""
    lock_hold(Lock.FIGURES)


def days_of_cases(*, case_ids: Sequence[Any], as_of: dt.datetime) -> set[dt.date]:
    """Return the local days on which the cases have marks up to ``as_of``.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS_OF_CASES, {**_until(as_of), "cases": list(case_ids)})
        return {row[0] for row in cursor.fetchall()}


def _clusters(days: Sequence[dt.date]) -> list[list[dt.date]]:
    """Return ``days``, in order, cut where two lie more than ``GAP_DAYS`` apart."""
    found: list[list[dt.date]] = []
    for day in days:
        if found and (day - found[-1][-1]).days <= GAP_DAYS:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def days_bounds(*, first: dt.date, last: dt.date, as_of: dt.datetime) -> dict[str, Any]:
    """Return the values that ``CASES_OF_DAYS`` and the marks take for the local days from ``first`` to ``last``.  No query."""
    return {
        "first": clock.midnight(first.isoformat()),
        "last": clock.midnight((last + dt.timedelta(days=1)).isoformat()),
        "as_of": as_of,
    }


def _until(as_of: dt.datetime) -> dict[str, Any]:
    """Return the bounds of everything up to ``as_of``, that moment included."""
    return {"as_of": as_of, "last": as_of + dt.timedelta(microseconds=1)}
