"""Reads of the kernel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from apps.capacity.models import Pool, Reconciliation, TotalChange, WaitEntry
from apps.capacity.states import PUBLIC, EntryState

# Past their moment claims count as free, unless someone waits: then the unit is theirs at the next touch.
_FREE = """
SELECT p.capacity_id, sum(p.total - p.used + coalesce(gone.units, 0))
FROM capacity_pool p
JOIN capacity_capacity c ON c.id = p.capacity_id
LEFT JOIN LATERAL (
    SELECT sum(k.units) AS units FROM capacity_claim k
    WHERE k.pool_id = p.id AND k.state IN ('held', 'offered', 'cooling') AND k.expires_at <= %(now)s
        AND NOT EXISTS (SELECT 1 FROM capacity_waitentry w WHERE w.queue = c.queue AND c.queue <> '' AND w.state = 'waiting'
                        AND c.happens_on BETWEEN w.first_on AND w.last_on)
) gone ON TRUE
WHERE p.capacity_id = ANY (%(ids)s) AND NOT p.is_closed AND (p.opens_at IS NULL OR p.opens_at <= %(now)s)
    AND (p.name = %(pool)s OR (%(pool)s = 'public' AND p.opens_to_all_at <= %(now)s))
GROUP BY p.capacity_id
"""


def free_of(*, capacity_ids: Iterable[UUID], now: dt.datetime, pool: str = PUBLIC) -> dict[UUID, int]:
    """Return how many units of each capacity who may take from ``pool`` could take now; 0 for closed, full, not open.

    1 query, 0 for none.
    """
    ids = list(capacity_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"ids": ids, "pool": pool, "now": now})
        found = {row[0]: int(row[1]) for row in cursor.fetchall()}
    return {one: found.get(one, 0) for one in ids}


def totals_of(*, capacity_ids: Iterable[UUID], pool: str = PUBLIC) -> dict[UUID, int]:
    """Return how many units a pool of each capacity has, taken or not.  1 query."""
    pools = Pool.objects.filter(capacity_id__in=list(capacity_ids), name=pool)
    return dict(pools.values_list("capacity_id", "total"))


def pools_of(*, capacity_ids: Iterable[UUID]) -> dict[UUID, list[Pool]]:
    """Return the pools of capacities with their units, taken or not, by capacity, in the order of names.  1 query."""
    found: dict[UUID, list[Pool]] = {}
    for pool in Pool.objects.filter(capacity_id__in=list(capacity_ids)).order_by("name"):
        found.setdefault(pool.capacity_id, []).append(pool)
    return found


def wait_position(*, entry_id: UUID) -> int | None:
    """Return how many stand before a waiting entry in its list, plus one; None once it does not wait.  2 queries."""
    entry = WaitEntry.objects.filter(pk=entry_id, state=EntryState.WAITING).first()
    if entry is None:
        return None
    waiting = WaitEntry.objects.filter(queue=entry.queue, state=EntryState.WAITING)
    before = waiting.filter(priority__lt=entry.priority) | waiting.filter(
        priority=entry.priority, pk__lt=entry.pk
    )
    return before.count() + 1


def entries_of(*, entry_ids: Iterable[UUID]) -> dict[UUID, WaitEntry]:
    """Return places in waiting lists with what they are offered.  1 query."""
    return {one.pk: one for one in WaitEntry.objects.filter(pk__in=list(entry_ids)).select_related("claim")}


def changes_of(*, capacity_id: UUID, limit: int = 50) -> list[TotalChange]:
    """Return the newest changes of a capacity's units with their reasons.  1 query."""
    return list(
        TotalChange.objects.filter(pool__capacity_id=capacity_id)
        .select_related("pool")
        .order_by("-at")[:limit]
    )


def changes_of_many(*, capacity_ids: Iterable[UUID], limit: int = 2000) -> dict[UUID, list[TotalChange]]:
    """Return the changes of total of many capacities, oldest first, by capacity.  1 query."""
    rows = TotalChange.objects.filter(pool__capacity_id__in=list(capacity_ids)).select_related("pool")
    found: dict[UUID, list[TotalChange]] = {}
    for row in rows.order_by("id")[:limit]:
        found.setdefault(row.pool.capacity_id, []).append(row)
    return found


def reconciliation_newest() -> Reconciliation | None:
    """Return what the newest count of claims against counters found.  1 query."""
    return Reconciliation.objects.order_by("-at").first()


def queue_waits(*, queue: str) -> bool:
    """Return whether anybody waits in a waiting list.  1 query."""
    return WaitEntry.objects.filter(queue=queue, state=EntryState.WAITING).exists()


def entry_of_claim(*, claim_id: UUID) -> WaitEntry | None:
    """Return the place in a waiting list that a claim was offered to.  1 query."""
    return WaitEntry.objects.filter(claim_id=claim_id).first()


_POSITIONS = """
SELECT w.id, (
    SELECT count(*) FROM capacity_waitentry b
    WHERE b.queue = w.queue AND b.state = 'waiting' AND (b.priority, b.id) <= (w.priority, w.id)
)
FROM capacity_waitentry w WHERE w.id = ANY (%s) AND w.state = 'waiting'
"""


def wait_positions(*, entry_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the places in their lists of those entries that wait: 1 for the next.  1 query, 0 for none."""
    ids = list(entry_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, [ids])
        return dict(cursor.fetchall())
