"""Writes of the shared infrastructure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.common.changes import announce
from apps.common.models import CalendarDay, Community, IdempotencyKey, Street
from apps.common.uploads import uploads_purge

KEYS_KEPT = dt.timedelta(hours=24)


def leftovers_purge(*, now: dt.datetime) -> dict[str, int]:
    """Delete idempotency keys older than 24 h and uploads that nothing claimed.  Returns the counts."""
    keys, _per_model = IdempotencyKey.objects.filter(created_at__lt=now - KEYS_KEPT).delete()
    return {"idempotency_keys": keys, "uploads": uploads_purge(now=now)}


def calendar_write(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add calendar days ``{"date", "kind", "name", "status", "source"}`` that are not there yet; returns how many were read.

    1 query.
    """
    days = [
        CalendarDay(
            on=row["date"], kind=row["kind"], name=row["name"], status=row["status"], source=row["source"]
        )
        for row in rows
    ]
    CalendarDay.objects.bulk_create(days, ignore_conflicts=True)
    announce("reference")
    return len(days)


def divisions_write(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add streets and communities that are not there yet: ``{"code", "name", "kind", "parent", "valid_from", …}``; returns how many.

    ``kind``  street, community or village; ``parent`` of the latter two is a street's code.  4 queries.
    """
    shared = ("code", "name", "pinyin", "selectable", "valid_from", "valid_to")
    streets = [
        Street(**{name: row[name] for name in shared}, managed=row["managed"], source=row["source"][:200])
        for row in rows
        if row["kind"] == "street"
    ]
    communities = [
        Community(
            **{name: row[name] for name in shared},
            street_id=row["parent"],
            is_village=row["kind"] == "village",
        )
        for row in rows
        if row["kind"] in ("community", "village")
    ]
    known = set(Street.objects.values_list("code", flat=True))
    with transaction.atomic():
        Street.objects.bulk_create(streets, ignore_conflicts=True)
        Community.objects.bulk_create(communities, ignore_conflicts=True)
        for row in rows:
            if row["kind"] == "street" and row["replaced_by"] and row["code"] not in known:
                Street.objects.filter(code=row["code"]).update(replaced_by_id=row["replaced_by"])
    announce("reference")
    return len(streets) + len(communities)
