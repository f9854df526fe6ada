"""Counting the deliveries of days, so that the messages themselves can go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Max

from apps.common import clock
from apps.common.locks import Lock, lock_hold
from apps.notifications.models import DailyDelivery

# Two rebuilds never write the same day at once; retention looks under the same lock.
LAST_DAYS = 4
CATCH_UP_DAYS = 31
_COUNT = """
INSERT INTO notifications_dailydelivery
    (day, kind, channel, text_version, state, code, count, within_10_s, attempts)
SELECT %(day)s, m.kind, d.channel, d.text_version, d.state, d.last_code, count(*),
    count(*) FILTER (WHERE d.sent_at <= d.created_at + interval '10 seconds'), sum(d.attempts)
FROM notifications_delivery d JOIN notifications_inboxmessage m ON m.id = d.message_id
WHERE d.created_at >= %(first)s AND d.created_at < %(last)s
GROUP BY m.kind, d.channel, d.text_version, d.state, d.last_code
"""


def deliveries_day_rebuild(*, days: Iterable[dt.date], kept_since: dt.date) -> int:
    """Count days anew, each in a transaction of its own; returns how many were.  4 queries a day.

    ``days``        days in Beijing, by the moment in which deliveries were written
    ``kept_since``  the first day whose deliveries are all there still: a day before it that was counted stays as it was
    Running it again gives the same rows, unless deliveries changed meanwhile.
    """
    counted = 0
    for day in sorted(set(days)):
        with transaction.atomic():
            statistics_hold()
            rows = DailyDelivery.objects.filter(day=day)
            if day < kept_since and rows.exists():
                continue
            rows.delete()
            first = clock.midnight(day.isoformat())
            with connection.cursor() as cursor:
                cursor.execute(_COUNT, {"day": day, "first": first, "last": first + dt.timedelta(days=1)})
        counted += 1
    return counted


def statistics_run(*, now: dt.datetime, kept_since: dt.date) -> int:
    """Count the last 4 days, and before them what was missed since the last day counted, at most 31 days back.

    Returns how many days were counted.  2 queries and those of the days.
    """
    today = clock.local(now).date()
    first = today - dt.timedelta(days=LAST_DAYS - 1)
    counted_until = DailyDelivery.objects.aggregate(last=Max("day"))["last"]
    earliest = today - dt.timedelta(days=CATCH_UP_DAYS)
    if counted_until is None:
        first = min(first, earliest)
    elif counted_until < first:
        first = max(counted_until, earliest)
    days = [first + dt.timedelta(days=number) for number in range((today - first).days + 1)]
    return deliveries_day_rebuild(days=days, kept_since=kept_since)


def statistics_hold() -> None:
    """Wait for the lock of the statistics, to the end of the transaction.  1 query."""
    lock_hold(Lock.DELIVERY_STATISTICS)
