"""The promise of a case: until when, and day by day why.  Pure functions over a profile, a calendar and pauses.

deadline = start + working time of the profile and of granted extensions + the time in which the clock stood.
Source: rules.md 4 of the field; the clock of a stage runs from the act that begins it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from apps.common.workdays import Calendar, DayAnswer

Unit = Literal["hour", "workday"]
END_OF_DAY = dt.time(18, 0)
OFFICE_CLOSES = dt.time(17, 30)
# A term that pauses stretch further is a defect of the rows, not a promise.
LONGEST_DAYS = 1500
HALF, MOST = 0.5, 0.8


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take: ``value`` hours on the clock or working days."""

    value: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Stood:
    """A time in which the clock stood: from ``start`` to ``end``, aware, in local time; ``end`` None: it still stands."""

    start: dt.datetime
    end: dt.datetime | None = None

    def covers(self, moment: dt.datetime) -> bool:
        """Whether the clock stood at ``moment``."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: the moment, the lines that explain it, and whether a calendar notice may still move it.

    A line is ``{"on": date, "counts": bool, "why": weekday | weekend | <holiday> | start | hours | paused,
    "provisional": bool}``.
    """

    at: dt.datetime
    explained: tuple[dict[str, object], ...]
    provisional: bool


def due_of(
    *,
    start: dt.datetime,
    term: Term,
    calendar: Calendar,
    stood: Sequence[Stood] = (),
    extension_workdays: int = 0,
) -> Due:
    """Return until when ``term`` runs from ``start`` (aware, in local time).

    Hours run on the clock, nights and holidays included, and go on after a pause where they stood.  Working days end at
    18:00 local time of the last one; the day after counts as 1; what comes after hours (17:30) or on a day off counts
    from the next working day; a day at whose close of office (17:30) the clock stood does not count.
    ``stood``  pauses that do not overlap, oldest first; one without an end counts as if it ended now, at its start
    ``extension_workdays``  granted beyond the term, 0 to 60; a term in hours takes none
    """
    ended = [one for one in stood if one.end is not None]
    if term.unit == "hour":
        return _due_in_hours(start, term.value, ended)
    first = _counted_from(start, calendar)
    lines = [_line(calendar.day(first), counts=False, why="start")]
    left, on = term.value + extension_workdays, first
    for _day in range(LONGEST_DAYS):
        on += dt.timedelta(days=1)
        day = calendar.day(on)
        closes = dt.datetime.combine(on, OFFICE_CLOSES, tzinfo=start.tzinfo)
        paused = day.is_workday and any(one.covers(closes) for one in ended)
        counts = day.is_workday and not paused
        lines.append(_line(day, counts=counts, why="paused" if paused else day.reason))
        left -= counts
        if not left:
            break
    else:
        raise ValueError("the term does not end")
    at = dt.datetime.combine(on, END_OF_DAY, tzinfo=start.tzinfo)
    return Due(at, tuple(lines), provisional=any(bool(line["provisional"]) for line in lines))


def _due_in_hours(start: dt.datetime, hours: int, ended: Sequence[Stood]) -> Due:
    line: dict[str, object] = {
        "on": start.date().isoformat(),
        "counts": True,
        "why": "hours",
        "provisional": False,
    }
    at = start + dt.timedelta(hours=hours)
    lines = [{**line, "hours": hours}]
    for one in ended:
        # A pause that began after the deadline had passed does not move it.
        if one.end is None or one.start >= at:
            continue
        length = one.end - max(one.start, start)
        if length > dt.timedelta(0):
            at += length
            lines.append(
                {**line, "on": one.start.date().isoformat(), "counts": False, "why": "paused",
                 "hours": round(length.total_seconds() / 3600, 1)}
            )  # fmt: skip
    return Due(at, tuple(lines), provisional=False)


def _line(day: DayAnswer, *, counts: bool, why: str) -> dict[str, object]:
    return {"on": day.on.isoformat(), "counts": counts, "why": why, "provisional": day.provisional}


def _counted_from(start: dt.datetime, calendar: Calendar) -> dt.date:
    """Return the working day that the term is counted from: ``start``'s own, or the next one."""
    day = start.date()
    if calendar.day(day).is_workday and start.time() <= OFFICE_CLOSES:
        return day
    following, _walked = calendar.add(day, 1)
    return following


def share_moment(*, start: dt.datetime, due_at: dt.datetime, share: float) -> dt.datetime:
    """Return the moment at which ``share`` (0 to 1) of the time from ``start`` to ``due_at`` has passed."""
    return start + (due_at - start) * share
