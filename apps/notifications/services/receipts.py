"""Receipts: what providers report about messages they took, matched to deliveries whenever both are there.

A receipt finds its delivery by the provider's id.  Where the answer to the send was lost, nobody knows that id: then the
receipt of the same resident and template after the claim is the one (one message for a phone is under way at a time).
Final states never change; a receipt that comes too late is kept and changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from apps.common.ids import uuid7
from apps.notifications.models import Delivery, DeliveryAttempt, Receipt
from apps.notifications.services.chain import fall_back
from apps.notifications.states import Channel, DeliveryState, Outcome, move_target

log = structlog.get_logger(__name__)
# The provider's clock gives whole seconds and is not ours.
SKEW = dt.timedelta(seconds=5)
MISSED_A_SWEEP = 1000
_ASKED = 20
_FEWEST = 5
_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Reported:
    """One report: of which message (``provider_id``), whether it arrived, and whose it is where that is said."""

    provider_id: str
    arrived: bool
    code: str
    reported_at: dt.datetime
    resident_id: UUID | None = None
    wechat_template_id: int | None = None


def receipts_take(*, channel: Channel, reported: Sequence[Reported], now: dt.datetime) -> int:
    """Keep the reports and apply those whose delivery is there; returns how many were new.  4 queries and more.

    A report that comes again changes nothing.
    """
    with transaction.atomic():
        before = set(
            Receipt.objects.filter(
                channel=channel.value, provider_id__in=[one.provider_id for one in reported]
            ).values_list("provider_id", flat=True)
        )
        fresh = {one.provider_id: one for one in reported if one.provider_id not in before}
        Receipt.objects.bulk_create(
            (
                Receipt(
                    id=uuid7(), channel=channel.value, provider_id=one.provider_id[:64], arrived=one.arrived,
                    code=one.code[:80], resident_id=one.resident_id, wechat_template_id=one.wechat_template_id,
                    reported_at=one.reported_at, received_at=now,
                )
                for one in fresh.values()
            ),
            ignore_conflicts=True,
        )  # fmt: skip
        receipts_match(channel=channel, provider_ids=list(fresh), now=now)
    return len(fresh)


def receipts_match(*, channel: Channel, provider_ids: Sequence[str], now: dt.datetime) -> int:
    """Apply the kept receipts of ``provider_ids`` to their sent deliveries; returns how many.  1 to 4 queries.

    Called from both sides, when a receipt comes and when an outcome is written: whichever is later finds the other.
    """
    if not provider_ids:
        return 0
    receipts = {
        one.provider_id: one
        for one in Receipt.objects.filter(channel=channel.value, provider_id__in=provider_ids, delivery=None)
    }
    if not receipts:
        return 0
    rows = list(
        Delivery.objects.select_for_update(of=("self",))
        .filter(provider_id__in=list(receipts), channel=channel.value, state=DeliveryState.SENT.value)
        .only("id", "state", "provider_id", "attempts")
        .order_by("id")
    )
    _settle([(row, receipts[row.provider_id]) for row in rows], now)
    return len(rows)


# Receipts whose delivery is there: each side looked for the other just before the other committed.
_MISSED = """
SELECT r.channel, r.provider_id FROM notifications_receipt r
JOIN notifications_delivery d ON d.provider_id = r.provider_id AND d.channel = r.channel AND d.state = 'sent'
WHERE r.delivery_id IS NULL LIMIT %s
"""


def receipts_missed_match(*, now: dt.datetime) -> int:
    """Apply receipts that missed their delivery by a moment; returns how many.  1 query when there is none.

    The receipt and the outcome may be written at the same time by two workers, neither of which sees the other's row.
    At most 1,000 a call.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_MISSED, [MISSED_A_SWEEP])
            missed = cursor.fetchall()
        return sum(
            receipts_match(channel=channel, provider_ids=ids, now=now)
            for channel in Channel
            if (ids := [provider_id for of, provider_id in missed if of == channel.value])
        )


def doubts_match(*, rows: Sequence[Delivery], now: dt.datetime) -> set[UUID]:
    """Apply unmatched receipts to locked deliveries in doubt; returns the ids that found one.  1 to 5 queries."""
    free = sorted(rows, key=lambda row: (row.claimed_at or now, row.id), reverse=True)
    receipts = Receipt.objects.filter(
        channel=Channel.WECHAT.value, delivery=None, resident_id__in=[row.resident_id for row in free]
    ).order_by("reported_at", "id")
    pairs = []
    for one in receipts:
        # The last one claimed before the report: an older one that was never taken must not pass for delivered.
        row = next((row for row in free if _fits(row, one, now)), None)
        if row is not None:
            free.remove(row)
            row.provider_id = one.provider_id
            pairs.append((row, one))
    _settle(pairs, now)
    return {row.id for row, _found in pairs}


def _fits(row: Delivery, receipt: Receipt, now: dt.datetime) -> bool:
    same = (row.resident_id, row.wechat_template_id) == (receipt.resident_id, receipt.wechat_template_id)
    return same and (row.claimed_at or now) - SKEW <= receipt.reported_at


def receipts_trusted(*, before: dt.datetime) -> bool:
    """Tell whether receipts come: of the last messages that WeChat took until ``before``, nine in ten have theirs.

    Then the absence of one says that a message was never taken, and it may be sent again.  1 query, which passes over
    the attempts after ``before``.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.state = 'delivered' FROM notifications_deliveryattempt a"
            " JOIN notifications_delivery d ON d.id = a.delivery_id"
            " WHERE a.outcome = 'sent' AND a.ended_at <= %s AND d.channel = 'wechat'"
            " AND d.state IN ('sent', 'delivered', 'failed') ORDER BY a.id DESC LIMIT %s",
            [before, _ASKED],
        )
        told = [bool(row[0]) for row in cursor.fetchall()]
    return len(told) >= _FEWEST and sum(told) >= _SHARE * len(told)


def _settle(pairs: Sequence[tuple[Delivery, Receipt]], now: dt.datetime) -> None:
    """Move each locked delivery as its receipt says and tie the two.  0, 3 or more queries."""
    if not pairs:
        return
    failed = []
    rows: list[Any] = []
    for row, receipt in pairs:
        outcome = Outcome.CONFIRMED if receipt.arrived else Outcome.REFUTED
        target = move_target(source=DeliveryState(row.state), outcome=outcome)
        if target is DeliveryState.FAILED:
            failed.append(row.id)
            log.warning("message_not_delivered", delivery=str(row.id), code=receipt.code)
        rows.append((row.id, target.value, receipt.code, row.provider_id, receipt.id))
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH one AS (SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[])"
            " AS one (id, state, code, provider_id, receipt_id)),"
            " moved AS (UPDATE notifications_delivery d SET state = one.state, last_code = one.code,"
            " provider_id = one.provider_id, finished_at = %s, sent_at = COALESCE(d.sent_at, %s)"
            " FROM one WHERE d.id = one.id)"
            " UPDATE notifications_receipt r SET delivery_id = one.id FROM one WHERE r.id = one.receipt_id",
            [*(list(column) for column in zip(*rows, strict=True)), now, now],
        )
    if failed:
        fall_back(delivery_ids=failed, now=now)


def attempts_lost_write(*, rows: Sequence[Delivery], now: dt.datetime) -> None:
    """Record that the worker of these claims was lost.  1 query, 0 for none."""
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=row, number=row.attempts, outcome=Outcome.CLAIM_EXPIRED.value, code="worker_lost",
            started_at=row.claimed_at or now, ended_at=now,
        )
        for row in rows
    )  # fmt: skip
