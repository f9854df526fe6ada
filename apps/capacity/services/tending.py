"""What is freed goes on: claims whose moment passed end, and the next in the waiting list is offered the unit.

The one place where a free unit changes hands, called under the queue's lock by everything that frees one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from apps.capacity.models import Claim, Pool, WaitEntry
from apps.capacity.registry import Offer, queue_kind
from apps.capacity.states import TIMED, ClaimState, EntryState
from apps.common.locks import Lock, lock_hold


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit belongs: its capacity, and the capacity's waiting list and moment."""

    capacity_id: UUID
    key: str
    queue: str
    happens_at: dt.datetime | None
    happens_on: dt.date | None


def queue_lock(*, queue: str) -> None:
    """Wait until nobody else joins ``queue`` or hands its units on.  1 query, 0 without a queue."""
    if queue:
        lock_hold(Lock.CAPACITY_QUEUE, of=queue)


def pools_lock(*, capacity_id: UUID) -> list[Pool]:
    """Return the capacity's pools, locked in the order of their keys.  1 query."""
    return list(Pool.objects.select_for_update().filter(capacity_id=capacity_id).order_by("id"))


def expired_end(*, pools: Sequence[Pool], place: Place, now: dt.datetime) -> int:
    """End the claims of locked ``pools`` whose moment passed; returns how many units came free.

    1 query when nothing expired, else 3 and those of whoever tells of a lapsed offer.
    """
    gone = list(
        Claim.objects.select_for_update(of=("self",))
        .filter(pool__in=pools, state__in=TIMED, expires_at__lte=now)
        .order_by("id")
    )
    if not gone:
        return 0
    Claim.objects.filter(pk__in=[one.pk for one in gone]).update(
        state=ClaimState.EXPIRED, ended_at=now, ended_why="expired"
    )
    lapsed = {one.pk: one for one in gone if one.state == ClaimState.OFFERED}
    for entry in WaitEntry.objects.filter(claim__in=lapsed, state=EntryState.OFFERED).order_by("id"):
        entry.state, entry.ended_at = EntryState.LAPSED, now
        entry.save(update_fields=["state", "ended_at"])
        kind = queue_kind(entry.queue)
        if kind is not None:
            kind.on_lapse(_offer_of(entry, lapsed[entry.claim_id], place), now)  # type: ignore[index]
    return sum(one.units for one in gone)


# The oldest of the lowest class whose days, pools and units fit, and who has not been offered this before.
_NEXT = """
SELECT w.id FROM capacity_waitentry w
WHERE w.queue = %(queue)s AND w.state = 'waiting' AND %(on)s BETWEEN w.first_on AND w.last_on
    AND (%(pool)s = ANY (w.pools) OR (%(open)s AND 'public' = ANY (w.pools))) AND w.units <= %(free)s
    AND NOT EXISTS (SELECT 1 FROM capacity_claim c WHERE c.idempotency_key = 'offer:' || w.id || ':' || %(capacity)s)
ORDER BY w.priority, w.id LIMIT 1 FOR UPDATE OF w
"""


def free_offer(*, pools: Sequence[Pool], place: Place, now: dt.datetime) -> list[Offer]:
    """Offer what is free in locked ``pools`` to those who wait, the first first; returns the offers made.

    The pools' ``used`` must be as the database has it, and is so afterwards.  1 query for each pool with something free, 3
    and the telling for each offer; none where nobody may be offered anything.
    """
    kind = queue_kind(place.queue) if place.queue else None
    if kind is None or place.happens_at is None:
        return []
    until = kind.offer_until(place.queue, place.happens_at, now)
    if until is None or until <= now:
        return []
    made: list[Offer] = []
    for pool in pools:
        if pool.is_closed or (pool.opens_at is not None and pool.opens_at > now):
            continue
        while (free := pool.total - pool.used) > 0 and (
            entry := _next_in_queue(pool, place, free, now)
        ) is not None:
            offer = _offer_make(entry, pool, place, until, now)
            pool.used += entry.units  # as the claim's trigger did
            kind.on_offer(offer, now)
            made.append(offer)
    return made


def _next_in_queue(pool: Pool, place: Place, free: int, now: dt.datetime) -> WaitEntry | None:
    with connection.cursor() as cursor:
        cursor.execute(
            _NEXT,
            {
                "queue": place.queue, "on": place.happens_on, "pool": pool.name, "free": free,
                "open": opened_to_all(pool, now), "capacity": str(place.capacity_id),
            },
        )  # fmt: skip
        row = cursor.fetchone()
    return None if row is None else WaitEntry.objects.get(pk=row[0])


def opened_to_all(pool: Pool, now: dt.datetime) -> bool:
    """Whether who may take from ``public`` may take from ``pool`` too by now."""
    return pool.opens_to_all_at is not None and pool.opens_to_all_at <= now


def _offer_make(entry: WaitEntry, pool: Pool, place: Place, until: dt.datetime, now: dt.datetime) -> Offer:
    claim = Claim.objects.create(
        pool=pool, units=entry.units, owner=entry.owner, state=ClaimState.OFFERED, expires_at=until, created_at=now,
        idempotency_key=f"offer:{entry.pk}:{place.capacity_id}",
    )  # fmt: skip
    entry.state, entry.claim = EntryState.OFFERED, claim
    entry.save(update_fields=["state", "claim"])
    return _offer_of(entry, claim, place)


def _offer_of(entry: WaitEntry, claim: Claim, place: Place) -> Offer:
    return Offer(
        entry_id=entry.pk, claim_id=claim.pk, capacity_id=place.capacity_id, capacity_key=place.key, queue=place.queue,
        owner=entry.owner, units=claim.units, expires_at=claim.expires_at,  # type: ignore[arg-type]
    )  # fmt: skip


def expired_sweep(*, now: dt.datetime, limit: int = 500) -> int:
    """End what expired and hand it on, and offer what stands open while someone waits; returns how many capacities it saw.

    Hygiene for those who wait: a take counts expired claims as free without it.  Each capacity in a transaction of its
    own; 2 queries and about 6 a capacity, at most ``limit`` of either sort.
    """
    expired = set(
        Claim.objects.filter(state__in=TIMED, expires_at__lte=now)
        .order_by("expires_at").values_list("pool__capacity_id", flat=True)[:limit]
    )  # fmt: skip
    seen = expired | set(_standing_open(now, limit))
    for capacity_id in sorted(seen):
        with transaction.atomic():
            place = place_of(capacity_id=capacity_id)
            queue_lock(queue=place.queue)
            pools = pools_lock(capacity_id=capacity_id)
            if expired_end(pools=pools, place=place, now=now):
                pools = pools_lock(capacity_id=capacity_id)
            free_offer(pools=pools, place=place, now=now)
    return len(seen)


_STANDING_OPEN = """
SELECT DISTINCT c.id FROM capacity_waitentry w
JOIN capacity_capacity c ON c.queue = w.queue AND c.queue <> '' AND c.happens_on BETWEEN w.first_on AND w.last_on
    AND c.happens_at > %(now)s
JOIN capacity_pool p ON p.capacity_id = c.id AND NOT p.is_closed AND p.used + w.units <= p.total
    AND (p.opens_at IS NULL OR p.opens_at <= %(now)s)
    AND (p.name = ANY (w.pools) OR (p.opens_to_all_at <= %(now)s AND 'public' = ANY (w.pools)))
WHERE w.state = 'waiting'
    AND NOT EXISTS (SELECT 1 FROM capacity_claim k WHERE k.idempotency_key = 'offer:' || w.id || ':' || c.id)
LIMIT %(limit)s
"""


def _standing_open(now: dt.datetime, limit: int) -> list[UUID]:
    """Return capacities with something free for someone who waits: released or opened by the clock alone."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING_OPEN, {"now": now, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


_PLACE = "SELECT id, key, queue, happens_at, happens_on FROM capacity_capacity WHERE id = %s"


def place_of(*, capacity_id: UUID) -> Place:
    """Return where the units of a capacity belong.  1 query.  Raises LookupError."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [capacity_id])
        row = cursor.fetchone()
    if row is None:
        raise LookupError(capacity_id)
    return Place(*row)
