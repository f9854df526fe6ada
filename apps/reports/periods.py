"""Which days a figure is asked for: two dates as they were typed, or the last thirty days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from apps.reports.errors import PeriodInvalid

DEFAULT_DAYS, MOST_DAYS = 30, 400


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included."""

    since: dt.date
    until: dt.date


def period_of(*, since: str, until: str, today: dt.date) -> Period:
    """Return the period between two ISO dates; without them the 30 days that end today.  No query.

    At most 400 days, not after ``today`` (what lies later is cut off).  Raises PeriodInvalid.
    """
    try:
        last = dt.date.fromisoformat(until) if until else today
        first = dt.date.fromisoformat(since) if since else last - dt.timedelta(days=DEFAULT_DAYS - 1)
    except (ValueError, OverflowError) as error:
        raise PeriodInvalid(attr="to" if since else "from", days=MOST_DAYS) from error
    if first > last or (last - first).days >= MOST_DAYS:
        raise PeriodInvalid(attr="from", days=MOST_DAYS)
    return Period(min(first, today), min(last, today))
