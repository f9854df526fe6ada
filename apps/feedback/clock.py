"""The promise of a case: until when, and day by day why.  Pure functions over a profile and a calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from apps.common.workdays import Calendar

Unit = Literal["hour", "workday"]
END_OF_DAY = dt.time(18, 0)
OFFICE_CLOSES = dt.time(17, 30)


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take: ``value`` hours on the clock or working days."""

    value: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: the moment, the lines that explain it, and whether a calendar notice may still move it.

    A line is ``{"on": date, "counts": bool, "why": weekday | weekend | <holiday> | start | hours, "provisional": bool}``.
    """

    at: dt.datetime
    explained: tuple[dict[str, object], ...]
    provisional: bool


def due_of(*, start: dt.datetime, term: Term, calendar: Calendar) -> Due:
    """Return until when ``term`` runs from ``start`` (aware, in local time).

    Hours run on the clock, nights and holidays included.  Working days end at 18:00 local time of the last one; the
    day after counts as 1; what comes after hours (17:30) or on a day off counts from the next working day.
    Source: rules.md 4.
    """
    if term.unit == "hour":
        at = start + dt.timedelta(hours=term.value)
        line = {"on": start.date().isoformat(), "counts": True, "why": "hours", "provisional": False}
        return Due(at, ({**line, "hours": term.value},), provisional=False)
    first = _counted_from(start, calendar)
    end, walked = calendar.add(first, term.value)
    lines: list[dict[str, object]] = [
        {
            "on": first.isoformat(),
            "counts": False,
            "why": "start",
            "provisional": calendar.day(first).provisional,
        }
    ]
    lines += [
        {
            "on": day.on.isoformat(),
            "counts": day.is_workday,
            "why": day.reason,
            "provisional": day.provisional,
        }
        for day in walked
    ]
    at = dt.datetime.combine(end, END_OF_DAY, tzinfo=start.tzinfo)
    return Due(at, tuple(lines), provisional=any(bool(line["provisional"]) for line in lines))


def _counted_from(start: dt.datetime, calendar: Calendar) -> dt.date:
    """Return the working day that the term is counted from: ``start``'s own, or the next one."""
    day = start.date()
    if calendar.day(day).is_workday and start.time() <= OFFICE_CLOSES:
        return day
    following, _walked = calendar.add(day, 1)
    return following
