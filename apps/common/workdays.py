"""Working days (工作日): Monday to Friday and not off, or an adjusted workday (调休).

Pure functions over a ``Calendar``; the rows are ``CalendarDay``.  Source: State Council notices; for a year without a
notice only the statutory days are known, and every answer that touches it is provisional.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DayRule:
    """What the calendar says of a date that differs from its weekday."""

    is_workday: bool
    name: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class DayAnswer:
    """One date: whether it is worked, why, and whether that may still change."""

    on: dt.date
    is_workday: bool
    reason: str  # weekday, weekend, or the holiday's name
    provisional: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates that differ from their weekday, and the years for which an official notice is loaded."""

    rules: Mapping[dt.date, DayRule]
    official_years: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, rows: Iterable[tuple[dt.date, str, str, str]]) -> Calendar:
        """Return the calendar of rows ``(date, "off" | "workday", name, "official" | "provisional")``."""
        rules = {
            on: DayRule(kind == "workday", name, status != "official") for on, kind, name, status in rows
        }
        return cls(rules, frozenset(on.year for on, rule in rules.items() if not rule.provisional))

    def day(self, on: dt.date) -> DayAnswer:
        """Return what ``on`` is; a year without an official notice answers by weekday, provisionally."""
        rule = self.rules.get(on)
        provisional = on.year not in self.official_years
        if rule is not None:
            return DayAnswer(on, rule.is_workday, rule.name, provisional or rule.provisional)
        return DayAnswer(on, on.weekday() < 5, "weekday" if on.weekday() < 5 else "weekend", provisional)

    def add(self, start: dt.date, workdays: int) -> tuple[dt.date, tuple[DayAnswer, ...]]:
        """Return the ``workdays``-th working day after ``start`` and every day walked over (the day after counts as 1).

        ``workdays``  1 to 250.  Raises ValueError outside.
        """
        if not 1 <= workdays <= 250:
            raise ValueError("workdays takes 1 to 250")
        walked: list[DayAnswer] = []
        left, on = workdays, start
        while left:
            on += dt.timedelta(days=1)
            walked.append(self.day(on))
            left -= walked[-1].is_workday
        return on, tuple(walked)
