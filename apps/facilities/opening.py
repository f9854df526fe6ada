"""When a place is open: weekly rules, exception days, public holidays with 调休, closures.  Plain values, no database.

Minutes count from midnight in Beijing; a span that passes midnight ends after 1,440.  An exception day replaces the whole
weekly day; a closure covers everything.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from apps.facilities.states import HolidayMode

DAY_MIN = 1440
LATEST_MIN = DAY_MIN + 720  # noon of the day after
LOOK_AHEAD_DAYS = 30
SUNDAY, MONDAY = 6, 0
BEIJING = dt.timezone(dt.timedelta(hours=8))  # no summer time since 1991
Span = tuple[int, int]
CalendarKind = Literal["off", "workday"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Open on ``weekday`` (0 Monday) from ``opens_min`` to ``closes_min``; valid from inclusive to exclusive."""

    weekday: int
    opens_min: int
    closes_min: int
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def holds(self, on: dt.date) -> bool:
        """Whether the rule is in force on ``on``."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed from a moment on, ``ends_at`` None until further notice."""

    starts_at: dt.datetime
    ends_at: dt.datetime | None

    def covers(self, at: dt.datetime) -> bool:
        """Whether ``at`` falls into it."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """Whether it is open, until when, or when it opens next (within 30 days).

    ``until``  None while closed, and where it does not close within 30 days   ``known``  False: no hours are recorded
    """

    now: bool
    until: dt.datetime | None
    next_open_at: dt.datetime | None
    known: bool = True


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """Everything that decides when one place is open.

    ``exceptions``  day → its spans, empty for closed    ``calendar``  days that differ from their weekday
    """

    rules: Sequence[Rule] = ()
    exceptions: Mapping[dt.date, Sequence[Span]] = field(default_factory=dict)
    closures: Sequence[Closed] = ()
    calendar: Mapping[dt.date, CalendarKind] = field(default_factory=dict)
    holiday_mode: HolidayMode = HolidayMode.CLOSED

    def minutes(self, on: dt.date) -> list[Span]:
        """Return the spans that begin on ``on``, without closures, in order."""
        if on in self.exceptions:
            return sorted(self.exceptions[on])
        weekday = on.weekday()
        kind = self.calendar.get(on)
        if kind == "off":
            if self.holiday_mode == HolidayMode.CLOSED:
                return []
            if self.holiday_mode == HolidayMode.AS_SUNDAY:
                weekday = SUNDAY
        elif kind == "workday" and weekday >= 5:
            weekday = MONDAY
        return sorted(
            (rule.opens_min, rule.closes_min)
            for rule in self.rules
            if rule.weekday == weekday and rule.holds(on)
        )

    def spans(self, on: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
        """Return when it is open in spans that begin on ``on``: closures taken out, in order, none empty."""
        midnight = _midnight(on)
        found = [
            (midnight + dt.timedelta(minutes=opens), midnight + dt.timedelta(minutes=closes))
            for opens, closes in self.minutes(on)
        ]
        for closed in self.closures:
            found = [part for span in found for part in _without(span, closed)]
        return found

    def answer(self, at: dt.datetime) -> OpenAnswer:
        """Return what holds at ``at``.  Spans that meet count as one."""
        if not self.rules and not self.exceptions:
            return OpenAnswer(now=False, until=None, next_open_at=None, known=False)
        first = at.astimezone(BEIJING).date() - dt.timedelta(days=1)  # a span of yesterday may pass midnight
        joined: tuple[dt.datetime, dt.datetime] | None = None
        for opens, closes in self._from(first):
            if joined is not None and opens > joined[1]:
                break
            if joined is not None:
                joined = (joined[0], max(joined[1], closes))
            elif closes > at:
                if opens > at:
                    return OpenAnswer(now=False, until=None, next_open_at=opens)
                joined = (opens, closes)
        if joined is None:
            return OpenAnswer(now=False, until=None, next_open_at=None)
        horizon = _midnight(first) + dt.timedelta(days=LOOK_AHEAD_DAYS + 2)
        return OpenAnswer(now=True, until=joined[1] if joined[1] < horizon else None, next_open_at=None)

    def _from(self, first: dt.date) -> Iterable[tuple[dt.datetime, dt.datetime]]:
        """Yield the spans from ``first`` on in order: what a closure left past midnight may begin after the next day's."""
        held: list[tuple[dt.datetime, dt.datetime]] = []
        for ahead in range(LOOK_AHEAD_DAYS + 2):
            on = first + dt.timedelta(days=ahead)
            held = sorted([*held, *self.spans(on)])
            midnight = _midnight(on) + dt.timedelta(days=1)
            yield from (span for span in held if span[0] < midnight)
            held = [span for span in held if span[0] >= midnight]
        yield from held

    def changes_after(self, at: dt.datetime) -> dt.datetime | None:
        """Return the next moment at which the answer changes, None within 30 days."""
        answer = self.answer(at)
        ends = [one for one in (answer.until, answer.next_open_at) if one is not None]
        return min(ends, default=None)

    def week(self, first: dt.date) -> list[tuple[dt.date, list[tuple[dt.datetime, dt.datetime]]]]:
        """Return the spans of seven days from ``first`` on."""
        days = [first + dt.timedelta(days=ahead) for ahead in range(7)]
        return [(day, self.spans(day)) for day in days]


def _midnight(on: dt.date) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), BEIJING)


def _without(span: tuple[dt.datetime, dt.datetime], closed: Closed) -> list[tuple[dt.datetime, dt.datetime]]:
    opens, closes = span
    parts = [(opens, min(closes, closed.starts_at))]
    if closed.ends_at is not None:
        parts.append((max(opens, closed.ends_at), closes))
    return [(one, other) for one, other in parts if one < other]


def spans_check(spans: Sequence[Span]) -> str | None:
    """Return what is wrong with the spans of a day (``order``, ``range``, ``overlap``), or None."""
    for opens, closes in spans:
        if not 0 <= opens < DAY_MIN or closes > min(opens + DAY_MIN, LATEST_MIN):
            return "range"
        if closes <= opens:
            return "order"
    ordered = sorted(spans)
    if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(ordered)):
        return "overlap"
    return None


def rules_check(rules: Sequence[Rule]) -> str | None:
    """Return what is wrong with the weekly rules of a place (``order``, ``range``, ``overlap``), or None.

    Two rules overlap where their minutes of the week meet, Sunday's past midnight with Monday's, and both hold on one day.
    """
    for rule in rules:
        wrong = spans_check([(rule.opens_min, rule.closes_min)])
        if wrong or (rule.valid_from and rule.valid_to and rule.valid_to <= rule.valid_from):
            return wrong or "order"
    for one, other in itertools.combinations(rules, 2):
        if _share_a_day(one, other) and _share_a_minute(one, other):
            return "overlap"
    return None


def _share_a_day(one: Rule, other: Rule) -> bool:
    begins = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    return begins < min(one.valid_to or dt.date.max, other.valid_to or dt.date.max)


def _share_a_minute(one: Rule, other: Rule) -> bool:
    week = 7 * DAY_MIN
    first, second = (rule.weekday * DAY_MIN + rule.opens_min for rule in (one, other))
    return (second - first) % week < one.closes_min - one.opens_min or (
        first - second
    ) % week < other.closes_min - other.opens_min
