"""Reads of reference data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch

from apps.common.changes import kept
from apps.common.models import CalendarDay, Community, Street, Upload
from apps.common.workdays import Calendar


def calendar_load(*, start: dt.date) -> Calendar:
    """Return the calendar of ``start``'s year and the two after it: a case that was paused may go on so long.

    No query while nothing changed (``common.changes``), else 1 of about 100 rows.
    """

    def load() -> Calendar:
        return Calendar.of(
            CalendarDay.objects.filter(
                on__gte=dt.date(start.year, 1, 1), on__lt=dt.date(start.year + 3, 1, 1)
            ).values_list("on", "kind", "name", "status")
        )

    return kept("reference", ("calendar", start.year), load)


def streets_in_force(*, on: dt.date) -> list[dict[str, Any]]:
    """Return ``[{"code", "name", "communities": [{"code", "name"}]}]`` as offered to residents on ``on``.  2 queries."""
    communities = Community.objects.in_force(on).filter(selectable=True).order_by("code")
    streets = Street.objects.in_force(on).filter(selectable=True).order_by("code")
    return [
        {
            "code": street.code,
            "name": street.name,
            "communities": [{"code": c.code, "name": c.name} for c in street.communities.all()],
        }
        for street in streets.prefetch_related(Prefetch("communities", queryset=communities))
    ]


def uploads_of(*, attached_to: list[Any]) -> dict[Any, list[Upload]]:
    """Return the uploads that each id in ``attached_to`` holds, oldest first.  1 query."""
    found: dict[Any, list[Upload]] = {}
    if attached_to:
        for upload in Upload.objects.filter(attached_to__in=attached_to).order_by("id"):
            found.setdefault(upload.attached_to, []).append(upload)
    return found
