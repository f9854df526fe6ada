"""Deleting what has been kept long enough.  Terms are rows with a day from which they hold and their source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from apps.common import clock
from apps.common.dispatch import send_after_commit
from apps.notifications.models import Retention
from apps.notifications.services.statistics import statistics_run

log = structlog.get_logger(__name__)
DELETED = Counter("notifications_deleted", "Rows that retention deleted, by what they were.", ["subject"])
CHUNK, CHUNKS_A_RUN = 2000, 100
Subject = Retention.Subject

# A delivery goes with its attempts and receipts when it is over and its day has been counted.
_DELIVERIES = """
WITH old AS (
    SELECT d.id FROM notifications_delivery d
    WHERE d.created_at < %(before)s
        AND (d.state IN ('sent', 'delivered', 'failed', 'suppressed', 'cancelled')
            OR (d.state = 'unknown' AND d.finished_at IS NOT NULL))
        AND EXISTS (SELECT 1 FROM notifications_dailydelivery s
            WHERE s.day = (d.created_at AT TIME ZONE 'Asia/Shanghai')::date)
    LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED
), attempts AS (DELETE FROM notifications_deliveryattempt WHERE delivery_id IN (SELECT id FROM old)),
receipts AS (DELETE FROM notifications_receipt WHERE delivery_id IN (SELECT id FROM old))
DELETE FROM notifications_delivery WHERE id IN (SELECT id FROM old)
"""
# A message stays while one of its deliveries does: it is what was delivered.
_INBOX = """
DELETE FROM notifications_inboxmessage WHERE id IN (
    SELECT m.id FROM notifications_inboxmessage m
    WHERE m.created_at < %(before)s
        AND NOT EXISTS (SELECT 1 FROM notifications_delivery d WHERE d.message_id = m.id)
    LIMIT %(most)s FOR UPDATE OF m SKIP LOCKED)
"""
_RECEIPTS = """
DELETE FROM notifications_receipt WHERE id IN (
    SELECT id FROM notifications_receipt
    WHERE delivery_id IS NULL AND received_at < %(before)s LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
_STAFF_NOTICES = """
DELETE FROM notifications_staffnotice WHERE id IN (
    SELECT id FROM notifications_staffnotice
    WHERE created_at < %(before)s LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
# In this order: messages wait for their deliveries.
_STATEMENTS: Mapping[str, str] = {
    Subject.DELIVERY.value: _DELIVERIES,
    Subject.INBOX.value: _INBOX,
    Subject.RECEIPT.value: _RECEIPTS,
    Subject.STAFF_NOTICE.value: _STAFF_NOTICES,
}


def retention_load(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add the terms that are not there yet: ``{"subject", "days", "valid_from", "source"}``; returns how many rows were given.

    What staff changed stays.  1 query.
    """
    made = [
        Retention(
            subject=row["subject"], days=row["days"], valid_from=dt.date.fromisoformat(row["valid_from"]),
            source=row["source"],
        )
        for row in rows
    ]  # fmt: skip
    Retention.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def retention_terms(*, on: dt.date) -> dict[str, int]:
    """Return, by subject, how many days are kept on ``on``; a subject without a term is kept for ever.  1 query."""
    rows = Retention.objects.filter(valid_from__lte=on).order_by("valid_from")
    return dict(rows.values_list("subject", "days"))


def statistics_nightly(*, now: dt.datetime) -> int:
    """Count the deliveries of the last days; returns how many days were counted.  1 query and those of the days."""
    return statistics_run(now=now, kept_since=_kept_since(now))


def retention_run(*, now: dt.datetime, chunks: int = CHUNKS_A_RUN) -> dict[str, int]:
    """Delete what is older than its term, 2,000 rows a transaction, at most ``chunks`` of them; returns rows by subject.

    What is left over is done by a further run, which is queued at once.  Deliveries go only when their day stands in the
    statistics; those hold no person and stay.
    """
    terms = retention_terms(on=clock.local(now).date())
    deleted: dict[str, int] = {}
    for subject, statement in _STATEMENTS.items():
        days = terms.get(subject)
        while days is not None and chunks:
            gone = _chunk_delete(statement, _before(now, days))
            chunks -= 1
            deleted[subject] = deleted.get(subject, 0) + gone
            if gone < CHUNK:
                break
    for subject, count in deleted.items():
        DELETED.labels(subject).inc(count)
    log.info("retention_run", **deleted)
    if not chunks:
        send_after_commit("notifications.retention", lane="periodic")
    return deleted


def _kept_since(now: dt.datetime) -> dt.date:
    days = retention_terms(on=clock.local(now).date()).get(Subject.DELIVERY.value)
    return dt.date.min if days is None else clock.local(now).date() - dt.timedelta(days=days)


def _before(now: dt.datetime, days: int) -> dt.datetime:
    """Return the beginning of the first day that is kept: a day goes as a whole."""
    return clock.midnight((clock.local(now).date() - dt.timedelta(days=days)).isoformat())


def _chunk_delete(statement: str, before: dt.datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"before": before, "most": CHUNK})
        return int(cursor.rowcount)
