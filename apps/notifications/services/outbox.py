"""The pump: claim a batch, send it with no transaction open, write what came of it.  And the sweep behind it.

A worker that dies between claim and outcome leaves rows in ``sending``; when the claim runs out nobody knows whether
they left.  So they are in doubt, like those whose answer was lost, and wait for WeChat's receipt: with one they are
delivered, without one, while receipts come for others, they were never taken and are sent again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from apps.common import clock
from apps.common.dispatch import Lane
from apps.notifications.channels import gates, sender_of
from apps.notifications.channels.results import SendResult
from apps.notifications.models import Delivery
from apps.notifications.services.chain import fall_back
from apps.notifications.services.claiming import Batch, batch_claim
from apps.notifications.services.ledger import push_counts
from apps.notifications.services.receipts import (
    attempts_lost_write,
    doubts_match,
    receipts_missed_match,
    receipts_trusted,
)
from apps.notifications.services.recording import batch_record
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import MAX_ATTEMPTS, Channel, DeliveryState, Outcome, move_target
from apps.wechat.bridge import loop_of_process
from apps.wechat.selectors import pushes_pending_before

log = structlog.get_logger(__name__)
# Two batches are in the air while a third is claimed: the hundred places of the client never run empty.
BATCH, IN_THE_AIR = 200, 2
TOKEN_PAUSE_S = 0.05
RECORD_PAUSE_S = 0.5
WORKER_LOST = "worker_lost"
# So many waits a message in doubt is given while receipts are late for all.
PATIENCE = 10
# A task ends after this long and queues the next, so that a worker can be stopped.
TURN_S = 20.0
SETTLED_A_SWEEP = 1000


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch on its way."""

    batch: Batch
    results: Future[list[SendResult]]


def pump(*, lane: Lane, channel: Channel) -> int:
    """Send what is due in ``lane`` through ``channel``; returns how many deliveries were handled.

    Batch after batch until nothing is due or its time is up, then it queues itself again.  Never holds a transaction
    while it sends.
    """
    handled, until = 0, time.monotonic() + TURN_S
    flying: deque[Flight] = deque()
    try:
        while True:
            in_time = time.monotonic() < until
            batch = _claim(lane, channel) if in_time and len(flying) < IN_THE_AIR else None
            if batch:
                handled += len(batch.rows) + batch.dropped
                if batch.sends:
                    flying.append(Flight(batch, _start(channel, batch)))
            elif flying:
                _land(lane, flying.popleft())
            else:
                break
    finally:
        # Whatever went wrong above, what has left is written down.
        while flying:
            _land(lane, flying.popleft())
    if time.monotonic() >= until:
        pump_wake(lane=lane, channel=channel)
    return handled


def _claim(lane: Lane, channel: Channel) -> Batch | None:
    """Claim as many as the gates let through; None while the channel rests."""
    open_for = gates.channel_open(channel=channel).most
    want = BATCH if open_for is None else min(open_for, BATCH)
    if not want:
        return None
    rate = float(settings.CHANNEL_RATES[channel.value][lane])
    while not (granted := gates.tokens_take(bucket=f"{channel}:{lane}", per_s=rate, want=want)):
        time.sleep(TOKEN_PAUSE_S)
    return batch_claim(lane=lane, channel=channel, limit=granted, now=clock.now())


def _start(channel: Channel, batch: Batch) -> Future[list[SendResult]]:
    sending = sender_of(channel).send_many(batch.sends)
    return asyncio.run_coroutine_threadsafe(sending, loop_of_process())


def _land(lane: Lane, flight: Flight) -> None:
    """Wait for a batch and write its outcomes; while PostgreSQL is away try again until the claim is over."""
    results = flight.results.result()
    until = time.monotonic() + float(settings.OUTBOX_CLAIM_S)
    while True:
        try:
            batch_record(lane=lane, batch=flight.batch, results=results)
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > until or connection.in_atomic_block:
                raise
            log.warning("outcomes_not_written_yet", count=len(results), error=type(error).__name__)
            connection.close()
            time.sleep(RECORD_PAUSE_S)
        else:
            return


def sweep(*, now: dt.datetime) -> dict[str, int]:
    """Find what a dead worker or a dead broker left behind, match what was missed, settle doubts, wake what is due.

    At most 1,000 claims and 1,000 doubts a call; the next minute goes on.  Returns the counts.
    """
    lost = _claims_expire(now)
    receipts_missed_match(now=now)
    settled = doubts_settle(now=now)
    woken = 0
    for lane in ("interactive", "bulk"):
        for channel in Channel:
            due = Delivery.objects.due(lane=lane, now=now).filter(channel=channel.value)
            if due.exists():
                pump_wake(lane=lane, channel=channel)
                woken += 1
    if lost or settled or woken:
        log.info("outbox_swept", claims_expired=lost, settled=settled, woken=woken)
    return {"claims_expired": lost, "settled": settled, "woken": woken}


def _claims_expire(now: dt.datetime) -> int:
    """Put the claims of lost workers in doubt; returns how many."""
    with transaction.atomic():
        stale = list(
            Delivery.objects.stale(now=now)
            .select_for_update(of=("self",), skip_locked=True)
            .only("id", "attempts", "claimed_at")
            .order_by("id")[:SETTLED_A_SWEEP]
        )
        attempts_lost_write(rows=stale, now=now)
        target = move_target(source=DeliveryState.SENDING, outcome=Outcome.CLAIM_EXPIRED)
        Delivery.objects.filter(id__in=[row.id for row in stale]).update(
            state=target.value, claimed_until=None, last_code=WORKER_LOST,
            due_at=now + dt.timedelta(seconds=settings.OUTBOX_RECEIPT_WAIT_S),
        )  # fmt: skip
    return len(stale)


def doubts_settle(*, now: dt.datetime) -> int:
    """Decide about those in doubt whose wait for a receipt is over; returns how many were looked at.

    With a receipt it is delivered (or failed).  Without one: sent again where receipts come for others.  Where they are
    late for others too, it waits on, ten times as long at most.  Where none can be expected a lost answer is given up
    and the chain goes on; a lost claim is sent again even then: most of those never left, and a reply that never comes
    is worse than one that comes twice (decision 0006).
    """
    if pushes_pending_before(now):
        return 0  # a receipt may lie among them
    wait = dt.timedelta(seconds=settings.OUTBOX_RECEIPT_WAIT_S)
    with transaction.atomic():
        rows = list(
            Delivery.objects.in_doubt(now=now)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at")[:SETTLED_A_SWEEP]
        )
        if not rows:
            return 0
        matched = doubts_match(rows=rows, now=now)
        rest = [row for row in rows if row.id not in matched]
        trusted = bool(rest) and receipts_trusted(before=now - wait)
        decided: dict[Outcome | None, list[Delivery]] = {}
        for row in rest:
            decided.setdefault(_decided(row, trusted, now - PATIENCE * wait), []).append(row)
        _repeat(decided.get(Outcome.REPEAT, []), trusted, now)
        given_up = [row.id for row in decided.get(Outcome.GIVEN_UP, [])]
        Delivery.objects.filter(id__in=given_up).update(finished_at=now)
        fall_back(delivery_ids=given_up, now=now)
        Delivery.objects.filter(id__in=[row.id for row in decided.get(None, [])]).update(due_at=now + wait)
    return len(rows)


def _decided(row: Delivery, trusted: bool, long_ago: dt.datetime) -> Outcome | None:
    """Return what becomes of one without a receipt; None: it waits on."""
    if row.channel == Channel.WECHAT.value and row.attempts < MAX_ATTEMPTS:
        if trusted:
            return Outcome.REPEAT
        if push_counts() and (row.claimed_at or row.created_at) > long_ago:
            return None
        if row.last_code == WORKER_LOST:
            return Outcome.REPEAT
    return Outcome.GIVEN_UP


def _repeat(rows: list[Delivery], trusted: bool, now: dt.datetime) -> None:
    target = move_target(source=DeliveryState.UNKNOWN, outcome=Outcome.REPEAT)
    again = Delivery.objects.filter(id__in=[row.id for row in rows])
    again.update(state=target.value, due_at=now)
    if not trusted:
        # News on the way need a fresh permission, so that a doubt about them never costs the resident the reply.
        again.filter(keep_grants__gt=0).update(reserved=False)
