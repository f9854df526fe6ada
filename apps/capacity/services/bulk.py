"""Many claims and many places in waiting lists at once: when results of hundreds of families become public together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.capacity.errors import CapacityClosed, CapacityFull, CapacityUnknown
from apps.capacity.models import Claim, Pool, WaitEntry
from apps.capacity.states import PUBLIC, ClaimState, EntryState
from apps.common.errors import constraint_of
from apps.common.ids import uuid7

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class BulkTake:
    """One unit of a capacity for ``owner``; ``key`` its idempotency key."""

    capacity_id: UUID
    owner: str
    key: str


@dataclass(frozen=True, slots=True)
class BulkWait:
    """A place in ``queue`` for the day ``on``; the lower ``priority``, 1 to 32,767, comes first."""

    queue: str
    owner: str
    key: str
    on: dt.date
    priority: int


def units_take(*, takes: Sequence[BulkTake], until: dt.datetime, now: dt.datetime) -> dict[str, UUID]:
    """Keep one public unit for each of ``takes`` until a moment; this function will take all of them or none.

    For keys that were never used.  Returns the claim of each key.  2 queries for each 2,000.
    Raises CapacityFull, CapacityClosed, CapacityUnknown.
    """
    with transaction.atomic():
        wanted = {one.capacity_id for one in takes}
        # In the order of their keys, as everywhere.
        pools = {
            pool.capacity_id: pool
            for pool in Pool.objects.select_for_update()
            .filter(capacity_id__in=wanted, name=PUBLIC)
            .order_by("id")
        }
        if len(pools) != len(wanted):
            raise CapacityUnknown
        rows = [
            Claim(
                id=uuid7(), pool=pools[one.capacity_id], units=1, owner=one.owner, idempotency_key=one.key,
                state=ClaimState.HELD, expires_at=until, created_at=now,
            )
            for one in takes
        ]  # fmt: skip
        try:
            with transaction.atomic():
                Claim.objects.bulk_create(rows, batch_size=CHUNK)
        except IntegrityError as error:
            # By the constraint: the trigger's words name it to nobody.
            if constraint_of(error) != "pool_is_full":
                raise
            closed = any(pool.is_closed for pool in pools.values())
            raise (CapacityClosed if closed else CapacityFull) from None
    return {row.idempotency_key: row.pk for row in rows}


def waits_join(*, waits: Sequence[BulkWait], now: dt.datetime) -> dict[str, UUID]:
    """Put many into waiting lists at once; this function will not look for what is free: the sweep offers it.

    For keys that were never used.  Returns the place of each key.  1 query for each 2,000.
    """
    rows = [
        WaitEntry(
            id=uuid7(), queue=one.queue, first_on=one.on, last_on=one.on, pools=[PUBLIC], units=1, priority=one.priority,
            owner=one.owner, idempotency_key=one.key, state=EntryState.WAITING, created_at=now,
        )
        for one in waits
    ]  # fmt: skip
    WaitEntry.objects.bulk_create(rows, batch_size=CHUNK)
    return {row.idempotency_key: row.pk for row in rows}
