"""From a figure to its cases: the same marks that were added up, listed instead, newest first.

The daily figures tell on which days there is something to list, so that a page reads the events of a few days and not of
the whole period.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from apps.common import clock
from apps.feedback.states import Verb
from apps.reports.aggregation import CASES_OF_DAYS, CONTACTS, ZONE, codes_of, days_bounds, marks_sql
from apps.reports.definitions import Formula, Measure, formula_of
from apps.reports.selectors import EVERYTHING, Filters, definitions_in_force, figures_as_of, filter_sql
from apps.reports.statements import analysis

Part = Literal["numerator", "denominator", "excluded"]
# Such a list may have to read far back; the setting for requests is 15 s.
PATIENCE_S = 60
# Acts of these give the marks of a measure: cases without one on the days in question need not be read.
_ACTS: dict[Measure, tuple[Verb, ...]] = {
    Measure.SUBMITTED: (Verb.SUBMIT,),
    Measure.ACCEPTED: (Verb.ACCEPT, Verb.DISPATCH),
    Measure.REFUSED: (Verb.REFUSE,),
    Measure.DISPATCHED: (Verb.DISPATCH, Verb.ARBITRATE),
    Measure.CONTACT_IN_TIME: CONTACTS,
    Measure.ANSWERED: (Verb.REPLY,),
    Measure.ANSWERED_IN_TIME: (Verb.REPLY,),
    Measure.VERIFIED: (Verb.REPLY,),
    Measure.REOPENED: (Verb.REOPEN,),
    Measure.MERGED: (Verb.MERGE,),
    Measure.WITHDRAWN: (Verb.WITHDRAW,),
    Measure.NUDGES: (Verb.NUDGE,),
    Measure.RETURNS_SENT: (Verb.RETURN,),
}
_RATINGS = frozenset({Measure.RATED, Measure.RESOLVED, Measure.SATISFIED})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a mark stands in the list: what is late when the period ends first, then the newest."""

    late: bool
    at: dt.datetime
    entry_id: UUID


@dataclass(frozen=True, slots=True)
class MarkedCase:
    """One case that counts, and on which unit.  A case that was answered twice counts twice."""

    case_id: UUID
    number: str
    unit: str
    place: Place


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page; ``after`` is where the next one starts, None at the end."""

    rows: list[MarkedCase]
    after: Place | None


def figure_cases(
    *,
    code: str,
    part: Part,
    since: dt.date,
    until: dt.date,
    filters: Filters = EVERYTHING,
    after: Place | None = None,
    limit: int = 50,
) -> CasePage:
    """Return the marks behind one side of an indicator; as many as the figure says, each with its case.

    ``code``   of an indicator in force on ``until``
    ``part``   of a count "denominator" is the same as "numerator"; "excluded": what exclusions left out
    ``after``  ``CasePage.after`` of the page before   ``limit``  1 to 100
    At most 7 queries over the events of the days of one page.  Raises LookupError for an indicator that is not in force.
    """
    definition = next((one for one in definitions_in_force(on=until) if one.code == code), None)
    if definition is None:
        raise LookupError(code)
    as_of = figures_as_of()
    if as_of is None:
        return CasePage([], None)
    formula = formula_of(code=code, version=definition.version)
    listing = _Listing(formula, part, since, until, filters, as_of)
    rows: list[MarkedCase] = []
    if formula.stock and part != "numerator" and (after is None or after.late):
        rows = listing.late(after, limit + 1)
    if len(rows) <= limit:
        rows += listing.marked(after if after and not after.late else None, limit + 1 - len(rows))
    page = rows[:limit]
    return CasePage(page, page[-1].place if len(rows) > limit else None)


_LISTED = """
SELECT m.case_id, c.number, coalesce(d.short, ''), m.at, m.entry_id
FROM (SELECT * FROM ({marks}) every WHERE {wanted}) m
JOIN feedback_case c ON c.id = m.case_id LEFT JOIN accounts_department d ON d.id = m.unit_id
WHERE {after} ORDER BY m.at DESC, m.entry_id DESC LIMIT %(limit)s
"""
_CASES_ACTED = f"""
SELECT t.case_id FROM unnest(%(days)s::date[]) d (day) JOIN feedback_timelineentry t
    ON t.at >= d.day::timestamp AT TIME ZONE '{ZONE}' AND t.at < (d.day + 1)::timestamp AT TIME ZONE '{ZONE}'
WHERE t.verb IN ({{verbs}})
"""  # noqa: S608 - a name of our own
_CASES_RATED = f"SELECT case_id FROM feedback_rating WHERE (at AT TIME ZONE '{ZONE}')::date = ANY(%(days)s)"  # noqa: S608
# A mark falls on a unit that leads the case at some time, and on a category that it has at some time.
_NARROW = {
    "street": " AND c.street_id = %(street)s",
    "request_type": " AND c.request_type = %(request_type)s",
    "units": " AND c.id IN (SELECT case_id FROM feedback_timelineentry"
    " WHERE lead_id = ANY(%(units)s) OR unit_id = ANY(%(units)s))",
    "category": " AND c.id IN (SELECT case_id FROM feedback_timelineentry WHERE category_id IN"
    " (SELECT code FROM feedback_category WHERE code = %(category)s OR parent_id = %(category)s))",
}
_AFTER = "(m.at, m.entry_id) < (%(after_at)s, %(after_entry)s)"


@dataclass(frozen=True, slots=True)
class _Listing:
    """One figure whose marks are listed."""

    formula: Formula
    part: Part
    since: dt.date
    until: dt.date
    filters: Filters
    as_of: dt.datetime

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that are added up on this side."""
        whole = self.formula.denominator or self.formula.numerator
        return self.formula.numerator if self.part == "numerator" else whole

    def late(self, after: Place | None, limit: int) -> list[MarkedCase]:
        """Return what was late and unanswered when the period ended.  1 query."""
        bounds = days_bounds(first=self.until, last=self.until, as_of=self.as_of)
        moment = min(self.as_of, bounds["last"] - dt.timedelta(microseconds=1))
        marks = (
            "SELECT case_id, entry_id, late_at AS at, lead_id AS unit_id, street_id, category_id, request_type, basis"
            " FROM late WHERE next_at IS NULL"
        )
        return self._read(CASES_OF_DAYS, marks, after, limit, {**bounds, "as_of": moment}, late=True)

    def marked(self, after: Place | None, limit: int) -> list[MarkedCase]:
        """Return what the events of the period count.  2 queries, none without a day on which something counts."""
        days = self._days(after, limit)
        if not days:
            return []
        bounds = days_bounds(first=days[-1], last=days[0], as_of=self.as_of)
        some = " OR ".join(f"{measure.value} <> 0" for measure in self.measures)
        marks = f"SELECT * FROM marks WHERE ({some}) AND (at AT TIME ZONE '{ZONE}')::date = ANY(%(days)s)"  # noqa: S608
        return self._read(self._cases(), marks, after, limit, {**bounds, "days": days}, late=False)

    def _cases(self) -> str:
        """Return the query of the cases that can have a mark on ``%(days)s``."""
        if set(self.measures) <= _RATINGS:
            return _CASES_RATED
        if set(self.measures) <= set(_ACTS):
            verbs = {verb for measure in self.measures for verb in _ACTS[measure]}
            return _CASES_ACTED.format(verbs=codes_of(verbs))
        return CASES_OF_DAYS

    def _days(self, after: Place | None, limit: int) -> list[dt.date]:
        """Return the newest days that hold ``limit`` marks after ``after``, the newest first.  1 query."""
        where, values = self._where()
        until = min(self.until, clock.local(after.at).date()) if after else self.until
        counted = " + ".join(measure.value for measure in self.measures)
        with analysis() as cursor:
            cursor.execute(
                f"SELECT day, sum({counted})::bigint FROM reports_dailyfigure f"  # noqa: S608 - names of our own columns
                f" WHERE day BETWEEN %(since)s AND %(until)s AND {where} GROUP BY day HAVING sum({counted}) > 0"
                " ORDER BY day DESC",
                {**values, "since": self.since, "until": until},
            )
            days: list[dt.date] = []
            left = limit
            for day, count in cursor.fetchall():
                days.append(day)
                # Of the day on which the page before ended, nothing may be left.
                left -= 0 if after and day == until else count
                if left <= 0:
                    break
        return days

    def _where(self) -> tuple[str, dict[str, Any]]:
        """Return the conditions that a figure's rows and marks share, and their values."""
        where, values = filter_sql(filters=self.filters)
        left_out = "basis = ANY(%(left_out)s)" if self.part == "excluded" else "basis <> ALL(%(left_out)s)"
        return left_out + where, {**values, "left_out": sorted(self.formula.excludes)}

    def _read(
        self, cases: str, marks: str, after: Place | None, limit: int, bounds: dict[str, Any], *, late: bool
    ) -> list[MarkedCase]:
        where, values = self._where()
        values |= {**bounds, "limit": limit}
        if after is not None:
            values |= {"after_at": after.at, "after_entry": after.entry_id}
        # Cases that acted on the days are few already; the rest is worth narrowing by what they ever were.
        names = (
            ("street", "request_type", "units", "category")
            if cases is CASES_OF_DAYS
            else ("street", "request_type")
        )
        narrow = "".join(_NARROW[name] for name in names if getattr(self.filters, name) is not None)
        clause = marks_sql(cases=cases, measures=self.measures, narrow=narrow)
        listed = _LISTED.format(marks=marks, wanted=where, after=_AFTER if after else "true")
        with analysis(timeout_s=PATIENCE_S) as cursor:
            cursor.execute(f"{clause} {listed}", values)
            return [
                MarkedCase(case_id, number, unit, Place(late, at, entry_id))
                for case_id, number, unit, at, entry_id in cursor.fetchall()
            ]
