"""What comes of a push: kept before it is answered, handled by a worker, deleted after a while.

The provider repeats a push that is not answered within seconds, three times at most.  So the door only keeps it; a worker
calls the handler of its event.  Rows are the record: a lost wake-up is found by the sweep.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F
from prometheus_client import Counter

from apps.common.crypto import lookup_hash
from apps.common.dispatch import send_after_commit
from apps.common.ids import uuid7
from apps.wechat.handlers import Handler, push_handler_of
from apps.wechat.models import ProviderPush
from apps.wechat.pushes import PushEvent, event_of, push_identity
from apps.wechat.receipts import receipt_identity

log = structlog.get_logger(__name__)
PUSHES = Counter(
    "provider_pushes",
    "Pushes and receipts by what came of them: stored, repeated, failed, or the reason of a refusal.",
    ["source", "outcome"],
)
BATCH = 200
ROUNDS = 20  # a task ends after 4,000 pushes and queues the next, so that a worker can be stopped
MAX_ATTEMPTS = 5
# Doubled by each attempt: the fifth and last comes 15 minutes after the first.
FIRST_DELAY = dt.timedelta(minutes=1)
DONE_KEPT = dt.timedelta(days=7)
FAILED_KEPT = dt.timedelta(days=90)
PURGE_CHUNK = 5000
PURGE_CHUNKS = 20
State = ProviderPush.State
Source = ProviderPush.Source
_IDENTITIES: dict[Source, Callable[[PushEvent], str]] = {
    Source.WECHAT: push_identity,
    Source.SMS: receipt_identity,
}


# One statement outside of a transaction: the provider waits, and a campaign brings more than a thousand a second.
_INSERT = """
INSERT INTO wechat_providerpush
    (id, source, dedup_key, event, body, created_at, received_at, state, attempts, last_error)
SELECT id, %(source)s, dedup_key, event, body, created_at, received_at, 'pending', 0, ''
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(events)s::text[], %(bodies)s::bytea[], %(created)s::timestamptz[],
    %(received)s::timestamptz[]) AS given (id, dedup_key, event, body, created_at, received_at)
ON CONFLICT (dedup_key) DO NOTHING
"""


def pushes_store(*, source: Source, events: Sequence[PushEvent]) -> int:
    """Keep verified pushes and wake the worker; returns how many were new.  1 query, 0 for no events.

    ``events``  of ``push_read`` (source wechat) or ``receipts_read`` (source sms)
    """
    if not events:
        return 0
    identity, body = _IDENTITIES[source], ProviderPush._meta.get_field("body")
    values: dict[str, Any] = {
        "source": source.value,
        "ids": [uuid7() for _event in events],
        "keys": [lookup_hash(identity(event), purpose=f"push.{source.value}") for event in events],
        "events": [event.event for event in events],
        "bodies": [body.get_prep_value(json.dumps(event.raw, ensure_ascii=False)) for event in events],
        "created": [event.created_at for event in events],
        "received": [event.received_at for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        new: int = cursor.rowcount
    PUSHES.labels(source.value, "stored").inc(new)
    PUSHES.labels(source.value, "repeated").inc(len(events) - new)
    if new:
        send_after_commit("wechat.pushes_process", lane="callback")
    return new


def pushes_process(*, now: dt.datetime) -> int:
    """Hand what waits to its handlers, oldest first; returns how many pushes were taken up.

    Round after round of at most 200 until one finds nothing, at most 20 a call, then it queues itself again.  A round is
    one transaction: 2 queries, and 1 with two savepoint marks for each kind of event, beside what the handlers do.
    """
    taken = 0
    for _round in range(ROUNDS):
        count = _process_batch(now)
        if count == 0:
            return taken
        taken += count
    send_after_commit("wechat.pushes_process", lane="callback")
    return taken


@transaction.atomic
def _process_batch(now: dt.datetime) -> int:
    rows = list(
        ProviderPush.objects.due(now=now)
        .defer("body")
        .order_by("received_at", "id")
        .select_for_update(skip_locked=True)[:BATCH]
    )
    groups: dict[str, list[ProviderPush]] = {}
    for row in rows:
        groups.setdefault(row.event, []).append(row)
    done: list[ProviderPush] = []
    for event, group in groups.items():
        handler = push_handler_of(event)
        # Nobody wants an event without a handler: it is kept for a week and that is all.
        done += group if handler is None else _handle(handler, group, now)
    ProviderPush.objects.filter(id__in=[row.id for row in done]).update(
        state=State.DONE, attempts=F("attempts") + 1, last_error="", retry_at=None, done_at=now
    )
    return len(rows)


def _handle(handler: Handler, rows: list[ProviderPush], now: dt.datetime) -> list[ProviderPush]:
    """Call the handler once with all of them, after an error with each alone; return those that went through."""
    try:
        with transaction.atomic():
            handler(_events(rows), now)
    except Exception as error:
        # One bad push must not hold up the others, whatever an app above raised.
        log.warning(
            "pushes_one_by_one", push_event=rows[0].event, count=len(rows), error=type(error).__name__
        )
        return [row for row in rows if _handle_one(handler, row, now)]
    return rows


def _events(rows: list[ProviderPush]) -> list[PushEvent]:
    """Return the events of ``rows`` in their order.  1 query; DecryptionFailed when a key is gone."""
    bodies = dict(ProviderPush.objects.filter(id__in=[row.id for row in rows]).values_list("id", "body"))
    return [
        event_of(message=json.loads(str(bodies[row.id])), row_id=row.id, received_at=row.received_at)
        for row in rows
    ]


def _handle_one(handler: Handler, row: ProviderPush, now: dt.datetime) -> bool:
    try:
        with transaction.atomic():
            handler(_events([row]), now)
    except Exception as error:
        _failure_record(row, type(error).__name__, now)
        return False
    return True


def _failure_record(row: ProviderPush, error: str, now: dt.datetime) -> None:
    row.attempts += 1
    row.last_error = error[:80]
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.retry_at, row.done_at = State.FAILED, None, now
        PUSHES.labels(row.source, "failed").inc()
    else:
        row.retry_at = now + FIRST_DELAY * 2 ** (row.attempts - 1)
    row.save(update_fields=["attempts", "last_error", "state", "retry_at", "done_at"])
    log.error("push_not_handled", push=str(row.id), push_event=row.event, attempts=row.attempts, error=error)


def pushes_sweep(*, now: dt.datetime) -> bool:
    """Wake the worker when a push is due whose wake-up was lost, or whose next attempt has come; returns whether.  1 query."""
    due = ProviderPush.objects.due(now=now).exists()
    if due:
        send_after_commit("wechat.pushes_process", lane="callback")
    return due


_PURGE = """
DELETE FROM wechat_providerpush WHERE id IN (
    SELECT id FROM wechat_providerpush WHERE state = %s AND done_at < %s LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def pushes_purge(*, now: dt.datetime) -> int:
    """Delete handled pushes older than 7 days and failed ones older than 90; returns how many.

    In chunks of 5,000, each a transaction of its own, at most 20 of a kind a call: no lock is held for long.
    """
    deleted = 0
    for state, kept in ((State.DONE, DONE_KEPT), (State.FAILED, FAILED_KEPT)):
        for _chunk in range(PURGE_CHUNKS):
            with connection.cursor() as cursor:
                cursor.execute(_PURGE, [state.value, now - kept, PURGE_CHUNK])
                count = cursor.rowcount
            deleted += count
            if count < PURGE_CHUNK:
                break
    return deleted
