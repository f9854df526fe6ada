"""Reads for the rehearsal of an inspection (迎检自查): stale columns, open findings in what is public."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.news.models import Finding, Publication
from apps.news.querysets import columns_of

FINDINGS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Aging:
    """A column with a limit: ``days_left`` until it breaks, negative since when, None while it is empty."""

    column_id: int
    name: str
    path: str
    stale_days: int
    basis: str
    newest_at: dt.datetime | None
    breaks_at: dt.datetime | None
    days_left: int | None


# A column is as fresh as the newest item in it or below it; what is no longer public does not count.
_AGING = """
SELECT c.id, c.name, c.path, c.stale_days, c.stale_basis, newest.at
FROM news_column c
LEFT JOIN LATERAL (
    SELECT max(last.at) AS at FROM news_column below
    CROSS JOIN LATERAL (
        SELECT p.go_live_at AS at FROM news_publication p
        WHERE p.column_id = below.id AND p.go_live_at <= %(now)s AND (p.ends_at IS NULL OR p.ends_at > %(now)s)
        ORDER BY p.go_live_at DESC LIMIT 1) last
    WHERE starts_with(below.path, c.path) AND below.is_active
) newest ON true
WHERE c.is_active AND c.stale_days IS NOT NULL
"""


def columns_aging(*, now: dt.datetime) -> list[Aging]:
    """Return each inspected column with the days left before it breaks its limit, the most urgent first.  1 query.

    A day is 24 hours; what breaks today has 0 days left.  An empty column stands before all others: it may not be public.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AGING, {"now": now})
        rows = cursor.fetchall()
    found = []
    for column_id, name, path, stale_days, basis, newest_at in rows:
        breaks_at = newest_at + dt.timedelta(days=stale_days) if newest_at else None
        left = (breaks_at - now) // dt.timedelta(days=1) if breaks_at else None
        found.append(Aging(column_id, name, path, stale_days, basis, newest_at, breaks_at, left))
    return sorted(found, key=lambda one: (one.days_left is not None, one.days_left or 0, one.path))


def findings_public(*, staff: Any, now: dt.datetime) -> QuerySet[Finding]:
    """Return the open findings in what is public or scheduled in the columns of ``staff``, at most 100.  1 query when read."""
    live = Publication.objects.in_force(now=now)
    if not staff.is_superuser:
        live = live.filter(column_id__in=columns_of(staff))
    rows = Finding.objects.filter(gone_at=None, waived_at=None, revision_id__in=live.values("revision_id"))
    return rows.select_related("revision__column").order_by("level", "found_at", "id")[:FINDINGS_SHOWN]
