"""What operators see: how the outbox fares, and the messages of one resident.

No count over a table that only grows: attempts are read by their newest ids, failures by the partial index, the rest by
the index of what is under way; each with a limit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, F, Max, Prefetch, Q, Sum

from apps.common.dispatch import Lane
from apps.common.heartbeat import LANES, heartbeat_age_s
from apps.notifications import labels
from apps.notifications.channels import gates
from apps.notifications.kinds import kind_of
from apps.notifications.models import DailyDelivery, Delivery, InboxMessage, WechatTemplate
from apps.notifications.selectors import outbox_figures
from apps.notifications.states import Channel, DeliveryState
from apps.notifications.text_selectors import key_names
from apps.wechat.selectors import pushes_waiting

ATTEMPTS_READ = 100_000
COUNTED_MOST = 10_000
CODES_SHOWN = 20
MESSAGES_SHOWN = 50
JUST_NOW = dt.timedelta(minutes=10)
DAY = dt.timedelta(hours=24)
OUTBOX_LANES: tuple[Lane, ...] = ("interactive", "bulk")

# The newest attempts by their ids: the last hour lies within them up to 28 a second, beyond that it is "at least".
_RATE = """
SELECT count(*) FILTER (WHERE ended_at >= %(minutes)s), count(*) FILTER (WHERE ended_at >= %(hour)s),
    count(*) FILTER (WHERE ended_at >= %(hour)s AND outcome = 'sent'), count(*) >= %(most)s AND min(ended_at) >= %(hour)s
FROM notifications_deliveryattempt
WHERE id > (SELECT COALESCE(max(id), 0) - %(most)s FROM notifications_deliveryattempt)
"""
# State as a constant: a prepared plan for any state can not use the index of the failed ones.
_FAILURES = """
SELECT channel, last_code, count(*), max(finished_at) FROM (
    SELECT channel, last_code, finished_at FROM notifications_delivery
    WHERE state = 'failed' AND finished_at >= %(since)s ORDER BY finished_at DESC LIMIT %(most)s
) recent
GROUP BY channel, last_code ORDER BY count(*) DESC, channel, last_code LIMIT %(codes)s
"""
_DOUBTS = """
SELECT count(*), min(due_at) FROM (
    SELECT due_at FROM notifications_delivery WHERE state = 'unknown' AND finished_at IS NULL ORDER BY due_at LIMIT %s
) doubts
"""
# Of the last messages that WeChat took: for how many its receipt has come.
_RECEIPTS = """
SELECT count(*), count(*) FILTER (WHERE state IN ('delivered', 'failed')) FROM (
    SELECT d.state FROM notifications_deliveryattempt a JOIN notifications_delivery d ON d.id = a.delivery_id
    WHERE a.outcome = 'sent' AND d.channel = 'wechat'
        AND a.id > (SELECT COALESCE(max(id), 0) - 5000 FROM notifications_deliveryattempt)
    ORDER BY a.id DESC LIMIT 1000
) taken
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """What is under way in a lane through a channel."""

    lane: Lane
    channel: Channel
    depth: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Resting:
    """A channel that is left alone: why (a code or ours), and for how many seconds more."""

    channel: Channel
    why: str
    left_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures of the last 24 hours with one code, and what to do about it."""

    channel: str
    code: str
    count: int
    last_at: dt.datetime
    meaning: str
    step: str

    @property
    def channel_label(self) -> str:
        """The channel's name for staff."""
        return str(labels.CHANNELS[self.channel])


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates against WeChat's list: names whose template is gone, how many have no name, when compared."""

    gone: list[str]
    unassigned: int
    synced_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the operators' page shows.  ``hour_at_least``: more attempts than were read."""

    queues: list[Queue]
    resting: list[Resting]
    minutes: int
    hour: int
    hour_taken: int
    hour_at_least: bool
    failures: list[Failure]
    doubts: int
    doubts_due_at: dt.datetime | None
    taken: int
    with_receipt: int
    pushes: int
    pushes_oldest_at: dt.datetime | None
    templates: Templates
    heartbeats: list[tuple[str, float | None]]


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is measured each time the metrics are asked for."""

    queues: list[Queue]
    resting: list[Resting]
    failures: list[Failure]
    pushes_oldest_at: dt.datetime | None
    templates_gone: int


def gauges(*, now: dt.datetime) -> Gauges:
    """Return the figures of ``/metrics``.  4 queries, and what Redis knows."""
    _count, oldest_at = pushes_waiting()
    recent = failures_of(since=now - JUST_NOW)
    return Gauges(_queues(now), _resting(), recent, oldest_at, len(_templates().gone))


def overview(*, now: dt.datetime) -> Overview:
    """Return how sending fares now.  7 queries, and what Redis knows."""
    since_minutes, since_hour = now - dt.timedelta(minutes=5), now - dt.timedelta(hours=1)
    minutes, hour, taken_hour, more = _row(
        _RATE, {"minutes": since_minutes, "hour": since_hour, "most": ATTEMPTS_READ}
    )
    doubts, doubts_due_at = _row(_DOUBTS, [COUNTED_MOST])
    taken, with_receipt = _row(_RECEIPTS, [])
    pushes, pushes_oldest_at = pushes_waiting()
    return Overview(
        queues=_queues(now), resting=_resting(),
        minutes=minutes, hour=hour, hour_taken=taken_hour, hour_at_least=bool(more),
        failures=failures_of(since=now - DAY), doubts=doubts, doubts_due_at=doubts_due_at, taken=taken,
        with_receipt=with_receipt, pushes=pushes, pushes_oldest_at=pushes_oldest_at, templates=_templates(),
        heartbeats=[(lane, heartbeat_age_s(lane)) for lane in LANES],
    )  # fmt: skip


def failures_of(*, since: dt.datetime) -> list[Failure]:
    """Return the failures since a moment by channel and code, at most 20, of at most 10,000 rows.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILURES, {"since": since, "most": COUNTED_MOST, "codes": CODES_SHOWN})
        return [
            Failure(channel, code, count, last_at, *labels.advice(code=code))
            for channel, code, count, last_at in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class Share:
    """How the deliveries of a day ended, of one kind in one channel."""

    day: dt.date
    name: str
    channel: str
    count: int
    delivered: int
    within_10_s: int
    suppressed: int
    failed: int

    @property
    def delivered_percent(self) -> int | None:
        """What the provider took, in whole percent."""
        return round(100 * self.delivered / self.count) if self.count else None

    @property
    def within_percent(self) -> int | None:
        """What the provider took within ten seconds of being written, in percent of what it took."""
        return round(100 * self.within_10_s / self.delivered) if self.delivered else None


def delivery_shares(*, since: dt.date, until: dt.date) -> list[Share]:
    """Return the figures by day, kind and channel, newest first, at most 500 lines.  1 query.

    ``since`` and ``until``  days in Beijing, both included
    """
    reached = Q(state__in=[DeliveryState.SENT.value, DeliveryState.DELIVERED.value])
    rows = (
        DailyDelivery.objects.filter(day__gte=since, day__lte=until)
        .values("day", "kind", "channel")
        .annotate(
            total=Sum("count"),
            reached=Sum("count", filter=reached, default=0),
            within=Sum(F("within_10_s"), default=0),
            suppressed=Sum("count", filter=Q(state=DeliveryState.SUPPRESSED.value), default=0),
            failed=Sum("count", filter=Q(state=DeliveryState.FAILED.value), default=0),
        )
        .order_by("-day", "kind", "channel")[:500]
    )
    return [
        Share(
            row["day"], kind_label(key=row["kind"]), str(labels.CHANNELS[row["channel"]]), row["total"],
            row["reached"], row["within"], row["suppressed"], row["failed"],
        )
        for row in rows
    ]  # fmt: skip


def kind_label(*, key: str) -> str:
    """Return what staff call a kind; its key when it is no longer registered."""
    try:
        return str(kind_of(key).label)
    except KeyError:
        return key


def names_of_keys(*, template: WechatTemplate | None, keys: list[str]) -> dict[str, str]:
    """Return what a template calls its keys; the key itself without a template."""
    return key_names(content=template.content if template else "", keys=keys)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of a resident and how each channel fared: (channel, fate, code, when)."""

    message: InboxMessage
    kind: str
    deliveries: list[tuple[str, str, str, dt.datetime]]


def messages_of(*, resident_id: UUID) -> list[Shown]:
    """Return the resident's last 50 messages, newest first, with the fate in each channel.  2 queries."""
    rows = (
        InboxMessage.objects.filter(resident_id=resident_id)
        .order_by("-id")
        .prefetch_related(_deliveries())[:MESSAGES_SHOWN]
    )
    return [_shown(row) for row in rows]


def message_of(*, message_id: UUID) -> Shown | None:
    """Return one message, or None.  2 queries."""
    row = InboxMessage.objects.filter(id=message_id).prefetch_related(_deliveries()).first()
    return None if row is None else _shown(row)


def _deliveries() -> Prefetch[Any]:
    rows = Delivery.objects.select_related("wechat_template", "sms_template").order_by("id")
    return Prefetch("deliveries", rows)


def _shown(row: InboxMessage) -> Shown:
    told = [
        (
            str(labels.CHANNELS[one.channel]), labels.fate(state=one.state, code=one.last_code), one.last_code,
            one.finished_at or one.created_at,
        )
        for one in row.deliveries.all()
    ]  # fmt: skip
    return Shown(row, kind_label(key=row.kind), told)


def _queues(now: dt.datetime) -> list[Queue]:
    figures = outbox_figures(now=now)
    return [
        Queue(lane, channel, *figures.get((lane, channel.value), (0, 0.0)))
        for lane in OUTBOX_LANES
        for channel in Channel
    ]


def _resting() -> list[Resting]:
    found = ((channel, gates.resting(channel=channel)) for channel in Channel)
    return [Resting(channel, *rest) for channel, rest in found if rest is not None]


def _templates() -> Templates:
    named = Q(name__isnull=False)
    row = WechatTemplate.objects.aggregate(
        synced_at=Max("synced_at"),
        unassigned=Count("id", filter=~named & Q(is_active=True)),
        gone=ArrayAgg("title", filter=named & Q(is_active=False), order_by="title", default=[]),
    )
    return Templates(row["gone"], row["unassigned"], row["synced_at"])


def _row(statement: str, values: dict[str, Any] | Sequence[Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: tuple[Any, ...] = cursor.fetchone()
    return found
