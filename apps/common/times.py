"""How days and moments read, to people and to programs; all in Asia/Shanghai."""

from __future__ import annotations

import datetime as dt

from apps.common.clock import local


def day_text(on: dt.date) -> str:
    """Return a day as people read it: ``2026年3月10日``."""
    return f"{on:%Y}年{on.month}月{on.day}日"


def moment_text(at: dt.datetime) -> str:
    """Return a moment as people read it, in the form that WeChat's time key takes: ``2026年3月10日 10:00``."""
    here = local(at)
    return f"{day_text(here.date())} {here:%H:%M}"


def iso_text(at: dt.datetime | None) -> str | None:
    """Return a moment as the HTTP contract has it, in seconds with its offset: ``2026-03-10T10:00:00+08:00``."""
    return None if at is None else local(at).isoformat(timespec="seconds")
