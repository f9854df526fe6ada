"""Making capacities known, changing how many units there are, closing and opening again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.capacity.errors import CapacityUnknown, TotalBelowUsed, TotalChanged
from apps.capacity.models import Capacity, Claim, Pool, TotalChange
from apps.capacity.registry import Offer
from apps.capacity.services.tending import expired_end, free_offer, place_of, pools_lock, queue_lock
from apps.capacity.states import PUBLIC, ClaimState
from apps.common.clock import local


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """Units of one sort.  ``opens_at`` None: at once; ``opens_to_all_at`` None: never to others."""

    name: str
    total: int
    opens_at: dt.datetime | None = None
    opens_to_all_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """A thing that can run out.  ``queue`` its waiting list, empty for none; then ``happens_at`` must be given."""

    key: str
    pools: tuple[PoolPlan, ...]
    queue: str = ""
    happens_at: dt.datetime | None = None


def capacities_open(*, plans: Sequence[CapacityPlan], now: dt.datetime) -> dict[str, UUID]:
    """Make capacities and their pools known; this function will leave those alone that are there already.

    Returns the id of each key.  3 queries for each 1,000 plans, whatever their pools.
    """
    rows = [
        Capacity(
            key=plan.key, queue=plan.queue, happens_at=plan.happens_at,
            happens_on=None if plan.happens_at is None else local(plan.happens_at).date(), created_at=now,
        )
        for plan in plans
    ]  # fmt: skip
    with transaction.atomic():
        Capacity.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
        ids = dict(Capacity.objects.filter(key__in=[plan.key for plan in plans]).values_list("key", "id"))
        Pool.objects.bulk_create(
            [
                Pool(
                    capacity_id=ids[plan.key], name=pool.name, total=pool.total, opens_at=pool.opens_at,
                    opens_to_all_at=pool.opens_to_all_at,
                )
                for plan in plans
                for pool in plan.pools
            ],
            batch_size=2000,
            ignore_conflicts=True,
        )  # fmt: skip
    return ids


def total_change(
    *,
    capacity_id: UUID,
    pool: str,
    total: int,
    reason: str,
    actor: str,
    now: dt.datetime,
    seen: int | None = None,
) -> tuple[Offer, ...]:
    """Say that a pool has ``total`` units from now on; this function will offer what is added to those who wait.

    ``reason``  1 to 200 characters, kept with ``actor`` for good
    ``seen``    the total as who asks saw it, another one is refused: of two who add one each, neither is lost
    Claims whose moment passed take nothing up, swept or not.
    Returns the offers made.  About 7 queries.  Raises CapacityUnknown, TotalChanged (``total``), TotalBelowUsed (``used``).
    """
    with transaction.atomic():
        place = place_of(capacity_id=capacity_id)
        queue_lock(queue=place.queue)
        pools = pools_lock(capacity_id=capacity_id)
        freed = expired_end(pools=pools, place=place, now=now)
        if freed:
            pools = pools_lock(capacity_id=capacity_id)
        found = next((one for one in pools if one.name == pool), None)
        if found is None:
            raise CapacityUnknown
        if seen is not None and seen != found.total:
            raise TotalChanged(total=found.total)
        if total < found.used:
            raise TotalBelowUsed(used=found.used)
        if total != found.total:
            TotalChange.objects.create(
                pool=found, before=found.total, after=total, reason=reason, actor=actor, at=now
            )
            found.total = total
        elif not freed:
            return ()
        return tuple(free_offer(pools=pools, place=place, now=now))


def unit_grant(
    *,
    capacity_id: UUID,
    owner: str,
    idempotency_key: str,
    reason: str,
    actor: str,
    until: dt.datetime,
    now: dt.datetime,
) -> UUID:
    """Make one public unit more and keep it for ``owner``, past everyone who waits: by a decision that says why.

    ``reason``  1 to 200 characters, public, kept with ``actor`` for good
    Returns the claim.  6 queries.  Raises CapacityUnknown.
    """
    with transaction.atomic():
        place = place_of(capacity_id=capacity_id)
        queue_lock(queue=place.queue)
        found = next((one for one in pools_lock(capacity_id=capacity_id) if one.name == PUBLIC), None)
        if found is None:
            raise CapacityUnknown
        TotalChange.objects.create(
            pool=found, before=found.total, after=found.total + 1, reason=reason, actor=actor, at=now
        )
        claim = Claim.objects.create(
            pool=found, units=1, owner=owner, idempotency_key=idempotency_key, state=ClaimState.HELD, expires_at=until,
            created_at=now,
        )  # fmt: skip
        return claim.pk


def capacity_close(*, capacity_ids: Sequence[UUID], reason: str) -> None:
    """Close capacities; this function will let nobody take a unit from this transaction's commit on, nor before it.

    Whoever is taking one right now is waited for: claims read after this call are all there will be.  Call it within the
    transaction that ends them.  4 queries, 1 more for each further waiting list.
    """
    capacities = Capacity.objects.filter(pk__in=capacity_ids)
    for queue in sorted(set(capacities.values_list("queue", flat=True))):
        queue_lock(queue=queue)
    _closed_set(capacity_ids, closed=True)
    capacities.update(closed_why=reason)


def capacity_reopen(*, capacity_ids: Sequence[UUID]) -> None:
    """Open closed capacities again; what stands open while someone waits is offered by the sweep.  2 queries."""
    _closed_set(capacity_ids, closed=False)
    Capacity.objects.filter(pk__in=capacity_ids).update(closed_why="")


def _closed_set(capacity_ids: Sequence[UUID], *, closed: bool) -> None:
    with transaction.atomic():
        pools = Pool.objects.select_for_update().filter(capacity_id__in=capacity_ids).order_by("id")
        Pool.objects.filter(pk__in=[one.pk for one in pools]).update(is_closed=closed)
