"""Taking units, keeping them for a while, giving them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from apps.capacity.errors import (
    CapacityClosed,
    CapacityFull,
    CapacityNotOpen,
    CapacityUnknown,
    ClaimExpired,
    ClaimKeyReused,
)
from apps.capacity.models import Claim, Pool
from apps.capacity.registry import Offer
from apps.capacity.services.tending import (
    expired_end,
    free_offer,
    opened_to_all,
    place_of,
    pools_lock,
    queue_lock,
)
from apps.capacity.states import LIVE, PUBLIC, TIMED, ClaimState
from apps.common.ids import uuid7


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim.  ``expires_at`` None when it stays; ``replayed``  it was made before under the same key."""

    id: UUID
    state: ClaimState
    expires_at: dt.datetime | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a unit given back: offered to the next, or open to all from ``cooling_until`` on (None: at once)."""

    offers: tuple[Offer, ...]
    cooling_until: dt.datetime | None = None


# The pool is looked at once more by the trigger that moves its counter; here a full one costs no exception.
_TAKE = """
WITH room AS (
    SELECT id FROM capacity_pool
    WHERE capacity_id = %(capacity)s AND name = %(pool)s AND NOT is_closed AND (opens_at IS NULL OR opens_at <= %(now)s)
        AND used + %(units)s <= total
    FOR UPDATE
)
INSERT INTO capacity_claim
    (id, pool_id, units, owner, idempotency_key, state, expires_at, created_at, ended_at, ended_why)
SELECT %(id)s, room.id, %(units)s, %(owner)s, %(key)s, %(state)s, %(until)s, %(now)s, NULL, ''
FROM room ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
"""


def unit_take(
    *,
    capacity_id: UUID,
    owner: str,
    idempotency_key: str,
    now: dt.datetime,
    pool: str = PUBLIC,
    units: int = 1,
    until: dt.datetime | None = None,
) -> Taken:
    """Take ``units`` of a pool, or keep them ``until`` a moment; this function will never take more than there are.

    ``owner``            whose it is, by the app: ``clinics.patient:<id>``, at most 80 characters
    ``idempotency_key``  1 to 120 characters; the same key gives the first claim again
    A full ``public`` pool is helped out by pools that have opened to all; claims whose moment passed count as free.
    1 query (and a savepoint) while there is room, 3 when nothing is free, about 9 when something expired.
    Raises CapacityFull, CapacityClosed, CapacityNotOpen (``opens_at``), CapacityUnknown, ClaimKeyReused.
    """
    state = ClaimState.TAKEN if until is None else ClaimState.HELD
    values: dict[str, Any] = {
        "id": uuid7(), "capacity": capacity_id, "pool": pool, "units": units, "owner": owner, "key": idempotency_key,
        "state": state, "until": until, "now": now,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        if cursor.rowcount == 1:
            return Taken(values["id"], state, until)
        # Lets go of the pool, which comes after the queue in the order of locks.
        transaction.set_rollback(True)
    with transaction.atomic():
        return _take_thoroughly(values, now)


def _take_thoroughly(values: dict[str, Any], now: dt.datetime) -> Taken:
    """Find what stands under the key, end what expired, look into opened pools; else say what is in the way."""
    before = Claim.objects.filter(idempotency_key=values["key"]).select_related("pool").first()
    if before is not None:
        if before.owner != values["owner"] or before.pool.capacity_id != values["capacity"]:
            raise ClaimKeyReused
        return Taken(before.pk, ClaimState(before.state), before.expires_at, replayed=True)
    gone = Claim.objects.filter(pool=OuterRef("pk"), state__in=TIMED, expires_at__lte=now)
    seen = Pool.objects.filter(capacity_id=values["capacity"]).annotate(gone=Exists(gone)).order_by("id")
    looked, wanted = list(seen), (str(values["pool"]), int(values["units"]))
    if not any(one.gone for one in looked):
        # Most of a rush ends here, without waiting for anybody: nothing is free, and nothing has expired.
        _pool_with_room(looked, *wanted, now)
    place = place_of(capacity_id=values["capacity"])
    queue_lock(queue=place.queue)
    pools = pools_lock(capacity_id=place.capacity_id)
    if expired_end(pools=pools, place=place, now=now):
        pools = pools_lock(capacity_id=place.capacity_id)
        free_offer(pools=pools, place=place, now=now)
    pool = _pool_with_room(pools, *wanted, now)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {**values, "pool": pool.name})
        if cursor.rowcount != 1:  # someone used the key meanwhile
            raise ClaimKeyReused
    return Taken(values["id"], ClaimState(values["state"]), values["until"])


def _pool_with_room(pools: Sequence[Pool], name: str, units: int, now: dt.datetime) -> Pool:
    asked = next((one for one in pools if one.name == name), None)
    opened = [one for one in pools if name == PUBLIC and one.name != name and opened_to_all(one, now)]
    if asked is None and not opened:
        raise CapacityUnknown
    within = [one for one in [*([asked] if asked else []), *opened] if not one.is_closed]
    if not within:
        raise CapacityClosed
    open_now = [one for one in within if one.opens_at is None or one.opens_at <= now]
    if not open_now:
        raise CapacityNotOpen(opens_at=min(one.opens_at for one in within if one.opens_at))
    for one in open_now:
        if one.used + units <= one.total:
            return one
    raise CapacityFull


def claim_confirm(*, claim_id: UUID, now: dt.datetime) -> None:
    """Turn what is kept into what is taken; this function will change nothing for a claim that is taken already.

    Not for what was offered: ``offer_accept`` ends the place in the waiting list too.  2 queries at most.
    Raises ClaimExpired.
    """
    kept = Claim.objects.filter(pk=claim_id, state=ClaimState.HELD, expires_at__gt=now)
    if kept.update(state=ClaimState.TAKEN, expires_at=None):
        return
    if not Claim.objects.filter(pk=claim_id, state=ClaimState.TAKEN).exists():
        raise ClaimExpired


def claim_release(*, claim_id: UUID, why: str, now: dt.datetime, cool_s: int = 0) -> Released:
    """Give a claim back; this function will offer its units to the next who waits, in the same transaction.

    ``cool_s``  seconds for which nobody can take what nobody waited for: who gives a unit back can not hand it to a
                friend who is quick
    About 7 queries, 3 and the telling more for each offer.  A claim that has ended already changes nothing.
    """
    with transaction.atomic():
        claim = Claim.objects.select_related("pool").get(pk=claim_id)
        place = place_of(capacity_id=claim.pool.capacity_id)
        queue_lock(queue=place.queue)
        pools_lock(capacity_id=place.capacity_id)
        if not Claim.objects.filter(pk=claim_id, state__in=LIVE).update(
            state=ClaimState.RELEASED, ended_at=now, ended_why=why
        ):
            return Released(())
        pools = pools_lock(capacity_id=place.capacity_id)
        offers = free_offer(pools=pools, place=place, now=now)
        own = next(one for one in pools if one.pk == claim.pool_id)
        # An offer may stand on another pool's unit: what cools is what is left of this one.
        left = min(claim.units, own.total - own.used)
        if left <= 0 or not cool_s or own.is_closed:
            return Released(tuple(offers))
        until = now + dt.timedelta(seconds=cool_s)
        Claim.objects.create(
            pool=own, units=left, owner="capacity.cooling", state=ClaimState.COOLING, expires_at=until,
            created_at=now, idempotency_key=f"cooling:{claim.pk}",
        )  # fmt: skip
        return Released(tuple(offers), until)


def claims_release(*, claim_ids: Sequence[UUID], why: str, now: dt.datetime) -> int:
    """Give back claims on what will not take place; this function will offer nothing to anybody.

    For capacities that ``capacity_close`` closed in this transaction.  Returns how many were live.  1 query.
    """
    return Claim.objects.filter(pk__in=claim_ids, state__in=LIVE).update(
        state=ClaimState.RELEASED, ended_at=now, ended_why=why
    )
