"""Writing what came of a batch: a set of rows a statement, one transaction."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.common import clock
from apps.common.dispatch import Lane
from apps.notifications.channels import gates
from apps.notifications.channels.results import SendResult, Trouble
from apps.notifications.services import ledger
from apps.notifications.services.campaign_guard import campaigns_with_defects_pause
from apps.notifications.services.chain import fall_back
from apps.notifications.services.claiming import Batch, Row
from apps.notifications.services.receipts import receipts_match
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import (
    FIRST_DELAY_S,
    MAX_ATTEMPTS,
    SHORT_DELAY_S,
    Channel,
    DeliveryState,
    Outcome,
    move_target,
    retry_delay,
)

log = structlog.get_logger(__name__)
SOON_S = 60  # what is due sooner than the next sweep gets a wake-up of its own
_TEN_MINUTES_S = 600
# Only rows that are still in this attempt's hand: a claim that ran out meanwhile belongs to the sweep.
_RECORD = """
WITH one AS (
    SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[],
        %s::timestamptz[]) AS one (id, attempt, state, outcome, code, request_id, provider_id, reserved, due_at)
), moved AS (
    UPDATE notifications_delivery d SET state = one.state, claimed_until = NULL, reserved = one.reserved,
        last_code = one.code, provider_id = one.provider_id, due_at = COALESCE(one.due_at, d.due_at),
        sent_at = CASE WHEN one.state = 'sent' THEN %s END,
        finished_at = CASE WHEN one.state IN ('sent', 'failed', 'suppressed') THEN %s END
    FROM one WHERE d.id = one.id AND d.state = 'sending' AND d.attempts = one.attempt
    RETURNING d.id, one.attempt, one.outcome, one.code, one.request_id
), kept AS (
    INSERT INTO notifications_deliveryattempt (delivery_id, number, outcome, code, request_id, started_at, ended_at)
    SELECT id, attempt, outcome, code, request_id, %s, %s FROM moved
)
SELECT id FROM moved
"""


@dataclass(frozen=True, slots=True)
class Written:
    """One outcome as it is written; ``final``: the outcome after the number of attempts was looked at."""

    row: Row
    attempt: int
    result: SendResult
    outcome: Outcome
    state: DeliveryState
    due_at: dt.datetime | None


def batch_record(*, lane: Lane, batch: Batch, results: Sequence[SendResult]) -> None:
    """Write the outcomes of a batch, correct the ledger, go on with the chains and tell the gates.

    A row that is no longer in this attempt's hand is left alone.  3 to 9 queries.
    """
    now = clock.now()
    by_id = {row.id: row for row in batch.rows}
    written = [
        _written(by_id[send.delivery_id], send.attempt, result, now)
        for send, result in zip(batch.sends, results, strict=True)
    ]
    with transaction.atomic():
        ours = _write(written, batch.started_at, now)
        mine = [one for one in written if one.row.id in ours]
        if len(mine) < len(written):
            log.warning("late_outcomes", count=len(written) - len(mine))
        if batch.channel is Channel.WECHAT:
            _ledger_correct(mine, now)
        receipts_match(channel=batch.channel, provider_ids=_sent_ids(mine), now=now)
        over = [one.row.id for one in mine if one.state in (DeliveryState.FAILED, DeliveryState.SUPPRESSED)]
        if over:
            fall_back(delivery_ids=over, now=now)
        _defects_heed(mine, now)
        soon = [one.due_at for one in mine if one.due_at is not None and one.state is DeliveryState.RETRY]
        if soon and (wait_s := (min(soon) - now).total_seconds()) <= SOON_S:
            pump_wake(lane=lane, channel=batch.channel, countdown_s=max(wait_s, 0))
    _gates_tell(batch.channel, results, now)


def _sent_ids(mine: list[Written]) -> list[str]:
    return [one.result.provider_id for one in mine if one.outcome is Outcome.SENT and one.result.provider_id]


def _written(row: Row, attempt: int, result: SendResult, now: dt.datetime) -> Written:
    outcome = result.outcome
    if outcome is Outcome.RETRY and attempt >= MAX_ATTEMPTS and result.trouble is not Trouble.ALARM:
        outcome = Outcome.FAILED
    due_at = None
    spread = random.random()  # noqa: S311 - jitter
    if outcome is Outcome.RETRY:
        first_s = SHORT_DELAY_S if result.soon else FIRST_DELAY_S
        due_at = now + retry_delay(attempts=attempt, spread=spread, first_s=first_s)
    elif outcome is Outcome.LATER:
        due_at = next_beijing_day(now) + dt.timedelta(seconds=spread * _TEN_MINUTES_S)
    elif outcome is Outcome.UNKNOWN:
        due_at = now + dt.timedelta(seconds=settings.OUTBOX_RECEIPT_WAIT_S)
    return Written(
        row, attempt, result, outcome, move_target(source=DeliveryState.SENDING, outcome=outcome), due_at
    )


def next_beijing_day(now: dt.datetime) -> dt.datetime:
    """Return ten past midnight in Beijing: WeChat's daily quotas begin anew at 00:00."""
    local = clock.local(now)
    return local.replace(hour=0, minute=10, second=0, microsecond=0) + dt.timedelta(days=1)


def _write(written: list[Written], started_at: dt.datetime, now: dt.datetime) -> set[UUID]:
    columns: list[list[Any]] = [
        [one.row.id for one in written], [one.attempt for one in written], [one.state.value for one in written],
        [one.outcome.value for one in written], [one.result.code[:80] for one in written],
        [one.result.request_id[:64] for one in written], [one.result.provider_id[:64] for one in written],
        # What may have left keeps its permission; so does what waits, for its next try: see ``_ledger_correct``.
        [one.row.reserved and one.outcome in (Outcome.SENT, Outcome.UNKNOWN) for one in written],
        [one.due_at for one in written],
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [*columns, now, now, started_at, now])
        return {row[0] for row in cursor.fetchall()}


def _ledger_correct(mine: list[Written], now: dt.datetime) -> None:
    refused = [one for one in mine if one.outcome is Outcome.SUPPRESSED]
    unused = [
        one for one in mine
        if one.row.reserved and one.outcome not in (Outcome.SENT, Outcome.UNKNOWN, Outcome.SUPPRESSED)
    ]  # fmt: skip
    ledger.grants_clear(rows=[_grant(one) for one in refused], now=now)
    ledger.grants_give_back(rows=[_grant(one) for one in unused], now=now)


def _grant(one: Written) -> tuple[UUID, int]:
    return one.row.resident_id, one.row.wechat_template_id or 0


def _defects_heed(mine: list[Written], now: dt.datetime) -> None:
    """A campaign whose messages are wrong in themselves is stopped before all of them have failed."""
    defects = Counter(
        one.row.campaign_id for one in mine if one.row.campaign_id and one.result.trouble is Trouble.DEFECT
    )
    campaigns_with_defects_pause(defects=defects, now=now)


def _gates_tell(channel: Channel, results: Sequence[SendResult], now: dt.datetime) -> None:
    troubles = Counter(result.trouble for result in results)
    if troubles[Trouble.ALARM]:
        code = next(result.code for result in results if result.trouble is Trouble.ALARM)
        gates.channel_rest(channel=channel, seconds=gates.ALARM_REST_S, why=code)
    elif troubles[Trouble.QUOTA_DAY]:
        seconds = (next_beijing_day(now) - now).total_seconds()
        gates.channel_rest(channel=channel, seconds=seconds, why="quota_day")
    elif troubles[Trouble.QUOTA_MINUTE]:
        gates.channel_rest(channel=channel, seconds=60 - clock.local(now).second, why="quota_minute")
    else:
        reached = any(result.outcome in (Outcome.SENT, Outcome.SUPPRESSED) for result in results)
        gates.outcomes_tell(channel=channel, reached=reached, failures=troubles[Trouble.UNAVAILABLE])
