"""Joining and leaving a waiting list; answering an offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from apps.capacity.errors import ClaimKeyReused, OfferGone, UnitsFree, WaitingAlready
from apps.capacity.models import Claim, WaitEntry
from apps.capacity.services.taking import Taken, claim_release
from apps.capacity.services.tending import queue_lock
from apps.capacity.states import ENTRY_OPEN, PUBLIC, ClaimState, EntryState

_FREE = """
SELECT EXISTS (
    SELECT 1 FROM capacity_capacity c JOIN capacity_pool p ON p.capacity_id = c.id
    WHERE c.queue = %(queue)s AND c.queue <> '' AND c.happens_on BETWEEN %(first)s AND %(last)s AND c.happens_at > %(now)s
        AND NOT p.is_closed AND (p.opens_at IS NULL OR p.opens_at <= %(now)s) AND p.used + %(units)s <= p.total
        AND (p.name = ANY (%(pools)s) OR (p.opens_to_all_at <= %(now)s AND 'public' = ANY (%(pools)s)))
)
"""


def wait_join(
    *,
    queue: str,
    first_on: dt.date,
    last_on: dt.date,
    owner: str,
    idempotency_key: str,
    now: dt.datetime,
    pools: Sequence[str] = (PUBLIC,),
    units: int = 1,
    priority: int = 100,
) -> UUID:
    """Put ``owner`` at the end of a waiting list; this function will refuse while something is free on these days.

    ``priority``  the lower comes first; within a class who came first does
    Returns the id of the place; the same key gives it again.  4 queries.
    Raises UnitsFree, WaitingAlready, ClaimKeyReused.
    """
    with transaction.atomic():
        queue_lock(queue=queue)
        before = WaitEntry.objects.filter(idempotency_key=idempotency_key).first()
        if before is not None:
            if (before.owner, before.queue) != (owner, queue):
                raise ClaimKeyReused
            return before.pk
        with connection.cursor() as cursor:
            cursor.execute(
                _FREE,
                {
                    "queue": queue, "first": first_on, "last": last_on, "now": now, "units": units, "pools": list(pools),
                },
            )  # fmt: skip
            if cursor.fetchone()[0]:
                raise UnitsFree
        try:
            with transaction.atomic():
                return WaitEntry.objects.create(
                    queue=queue, first_on=first_on, last_on=last_on, pools=list(pools), units=units, priority=priority,
                    owner=owner, idempotency_key=idempotency_key, state=EntryState.WAITING, created_at=now,
                ).pk  # fmt: skip
        except IntegrityError as error:
            if "wait_once_per_owner" not in str(error):
                raise
            raise WaitingAlready from None


def wait_leave(*, entry_id: UUID, now: dt.datetime) -> None:
    """Leave a waiting list; this function will hand an open offer on to the next.  About 4 queries, 8 with an offer."""
    with transaction.atomic():
        entry = WaitEntry.objects.get(pk=entry_id)
        queue_lock(queue=entry.queue)
        entry.refresh_from_db()
        if entry.state not in ENTRY_OPEN:
            return
        offered = entry.claim_id if entry.state == EntryState.OFFERED else None
        WaitEntry.objects.filter(pk=entry_id).update(state=EntryState.LEFT, ended_at=now)
        if offered is not None:
            claim_release(claim_id=offered, why="declined", now=now)


def offer_accept(*, entry_id: UUID, now: dt.datetime) -> Taken:
    """Take what was offered; this function will refuse once its moment has passed, swept or not.

    5 queries.  Raises OfferGone.
    """
    with transaction.atomic():
        entry = WaitEntry.objects.get(pk=entry_id)
        # Answers to one offer go one after the other: what is declined at the same moment is not accepted too.
        queue_lock(queue=entry.queue)
        entry.refresh_from_db()
        accepted = entry.claim_id is not None and Claim.objects.filter(
            pk=entry.claim_id, state=ClaimState.OFFERED, expires_at__gt=now
        ).update(state=ClaimState.TAKEN, expires_at=None)
        if not accepted or entry.claim_id is None:
            raise OfferGone
        if not WaitEntry.objects.filter(
            pk=entry_id, state=EntryState.OFFERED, claim_id=entry.claim_id
        ).update(state=EntryState.ACCEPTED, ended_at=now):
            raise OfferGone
        return Taken(entry.claim_id, ClaimState.TAKEN, None)


def offer_decline(*, entry_id: UUID, now: dt.datetime) -> None:
    """Say no to an offer and wait on; this function will offer the unit to the next, never again to who declined it.

    About 10 queries.  Raises OfferGone.
    """
    with transaction.atomic():
        entry = WaitEntry.objects.get(pk=entry_id)
        queue_lock(queue=entry.queue)
        entry.refresh_from_db()
        if entry.state != EntryState.OFFERED or entry.claim_id is None:
            raise OfferGone
        declined = entry.claim_id
        WaitEntry.objects.filter(pk=entry_id).update(state=EntryState.WAITING, claim=None)
        claim_release(claim_id=declined, why="declined", now=now)
