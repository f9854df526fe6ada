"""Spreadsheets that leave the system: a workbook is data, never a program."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.common import clock

# What a spreadsheet program takes for the beginning of a formula.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def cell_inert(value: Any) -> Any:
    """Return ``value`` as a cell may hold it: times in local time without an offset, no text that could be run.

    A text that begins like a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    if isinstance(value, dt.datetime):
        return clock.local(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, str) and value.startswith(_ACTIVE):
        return f"'{value}"
    return value
