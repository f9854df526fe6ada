"""The one clock.  Tests move it with time-machine; ruff bans the others."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """Return the present moment, aware, in UTC."""
    return timezone.now()


def today() -> dt.date:
    """Return the present date in Asia/Shanghai."""
    return timezone.localdate()


def local(moment: dt.datetime) -> dt.datetime:
    """Return ``moment`` in Asia/Shanghai."""
    return timezone.localtime(moment)


def midnight(date: str) -> dt.datetime:
    """Return 00:00 in Asia/Shanghai of an ISO date."""
    return timezone.make_aware(dt.datetime.fromisoformat(date))


def hours(count: float) -> dt.timedelta:
    """Return ``count`` hours as a length of time."""
    return dt.timedelta(hours=count)
