"""Taking due deliveries in hand: a set of rows a statement, whatever the number of messages.

Claimed rows are the worker's until ``claimed_until``.  What can not be sent at all is finished here and goes to the next
channel of its chain.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.accounts import selectors as accounts
from apps.common.dispatch import Lane
from apps.notifications.channels.results import Send
from apps.notifications.models import Campaign, WechatTemplate
from apps.notifications.services import ledger
from apps.notifications.services.chain import fall_back
from apps.notifications.states import CampaignState, Channel, Outcome
from apps.notifications.wording import wording

# Rows of residents who have another message in a worker's hand wait: WeChat refuses two at once (43108).  Ordered by the
# campaign too, though it is one: for "IS NULL" PostgreSQL does not see that the index gives the order, and sorted all
# that was due for each batch.
_DUE = """
SELECT d.id, d.attempts, d.resident_id, d.wechat_template_id, d.sms_template_id, d.data, d.keep_grants, d.reserved,
    d.campaign_id, m.page, m.params
FROM notifications_delivery d JOIN notifications_inboxmessage m ON m.id = d.message_id
WHERE d.state IN ('queued', 'retry') AND d.lane = %s AND d.channel = %s AND {campaign} AND d.due_at <= %s
    AND NOT EXISTS (
        SELECT 1 FROM notifications_delivery busy WHERE busy.resident_id = d.resident_id AND busy.state = 'sending')
ORDER BY d.campaign_id, d.due_at, d.id LIMIT %s
FOR UPDATE OF d SKIP LOCKED
"""
_TAKE = """
UPDATE notifications_delivery SET state = 'sending', claimed_at = %s, claimed_until = %s, attempts = attempts + 1,
    reserved = id = ANY(%s)
WHERE id = ANY(%s)
"""
_DROP = """
UPDATE notifications_delivery d SET state = one.state, last_code = one.code, reserved = FALSE, finished_at = %s
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS one (id, state, code) WHERE d.id = one.id
"""


@dataclass(slots=True)
class Row:
    """A due delivery, locked."""

    id: UUID
    attempts: int
    resident_id: UUID
    wechat_template_id: int | None
    sms_template_id: int | None
    data: Any
    keep_grants: int
    reserved: bool
    campaign_id: UUID | None
    page: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed in one go; ``dropped`` were finished without being sent."""

    channel: Channel
    sends: list[Send]
    rows: list[Row]
    dropped: int
    started_at: dt.datetime

    def __bool__(self) -> bool:
        return bool(self.rows or self.dropped)


def batch_claim(*, lane: Lane, channel: Channel, limit: int, now: dt.datetime) -> Batch:
    """Claim at most ``limit`` due deliveries, the longest due first, one for each resident.

    Campaigns that run share what notices of the lane leave; one that is paused is not touched.  5 to 9 queries.
    """
    with transaction.atomic():
        rows = _due(lane, channel, limit, now)
        if not rows:
            return Batch(channel, [], [], 0, now)
        refused: dict[UUID, tuple[Outcome, str]] = {}
        sends = _sends(channel, rows, refused)
        if channel is Channel.WECHAT:
            _permit(rows, refused, now)
        taken = [row for row in rows if row.id not in refused]
        until = now + dt.timedelta(seconds=settings.OUTBOX_CLAIM_S)
        with connection.cursor() as cursor:
            if taken:
                reserved = [row.id for row in taken if row.reserved]
                cursor.execute(_TAKE, [now, until, reserved, [row.id for row in taken]])
        if refused:
            _drop(rows, refused, now)
    return Batch(
        channel, [send for send in sends if send.delivery_id not in refused], taken, len(refused), now
    )


def _due(lane: Lane, channel: Channel, limit: int, now: dt.datetime) -> list[Row]:
    rows = _due_of(None, lane, channel, limit, now)
    if lane == "bulk" and len(rows) < limit:
        running = list(
            Campaign.objects.filter(state=CampaignState.RUNNING.value)
            .order_by("id")
            .values_list("id", flat=True)[:20]
        )
        for place, campaign_id in enumerate(running):
            share = -(-(limit - len(rows)) // (len(running) - place))
            rows += _due_of(campaign_id, lane, channel, share, now)
    # A second row of the same resident is let go: its lock ends with the transaction.
    first: dict[UUID, Row] = {}
    for row in rows:
        first.setdefault(row.resident_id, row)
    return list(first.values())


def _due_of(
    campaign_id: UUID | None, lane: Lane, channel: Channel, limit: int, now: dt.datetime
) -> list[Row]:
    whose, values = (
        ("d.campaign_id IS NULL", []) if campaign_id is None else ("d.campaign_id = %s", [campaign_id])
    )
    with connection.cursor() as cursor:
        cursor.execute(_DUE.format(campaign=whose), [lane, channel.value, *values, now, limit])
        return [_row(row) for row in cursor.fetchall()]


def _row(values: tuple[Any, ...]) -> Row:
    row = Row(*values)
    # Django has the driver hand jsonb over as text.
    row.data, row.params = json.loads(values[5]), json.loads(values[10])
    return row


def _sends(channel: Channel, rows: list[Row], refused: dict[UUID, tuple[Outcome, str]]) -> list[Send]:
    """Return what to send; rows without a template or an address go to ``refused``.  1 query."""
    words = wording()
    of = accounts.openids_of if channel is Channel.WECHAT else accounts.phones_of
    addresses = of(ids=[row.resident_id for row in rows])
    sends = []
    for row in rows:
        template: Any
        if channel is Channel.WECHAT:
            template = words.wechat_by_id.get(row.wechat_template_id or 0)
        else:
            template = words.sms_by_id.get(row.sms_template_id or 0)
        address = addresses.get(row.resident_id)
        if template is None or address is None:
            refused[row.id] = (Outcome.SUPPRESSED, "no_template" if template is None else "no_recipient")
            continue
        sends.append(_send(channel, row, address, template))
    return sends


def _send(channel: Channel, row: Row, address: str, template: Any) -> Send:
    if channel is Channel.SMS:
        return Send(
            row.id, row.attempts + 1, address, template.template_id, {}, tuple(row.data), sign=template.sign
        )
    return Send(row.id, row.attempts + 1, address, template.template_id, row.data, page=_page(row))


def _page(row: Row) -> str:
    query = "&".join(f"{name}={value}" for name, value in row.params.items())
    return f"{row.page}?{query}" if query else row.page


def _permit(rows: list[Row], refused: dict[UUID, tuple[Outcome, str]], now: dt.datetime) -> None:
    """Set a permission aside for each row that needs one and mark it ``reserved``; at most 2 queries."""
    words = wording()
    one_time: list[Row] = []
    long_term: list[Row] = []
    for row in rows:
        if row.id in refused or row.reserved or row.wechat_template_id is None:
            continue
        template = words.wechat_by_id[row.wechat_template_id]
        (one_time if template.type == WechatTemplate.Type.ONE_TIME else long_term).append(row)
    allowed = ledger.grants_reserve(
        rows=[(row.resident_id, row.wechat_template_id or 0, row.keep_grants) for row in one_time], now=now
    )
    on = ledger.long_term_allowed(rows=[(row.resident_id, row.wechat_template_id or 0) for row in long_term])
    for row in one_time:
        row.reserved = row.resident_id in allowed
    for row in [
        *(row for row in one_time if row.resident_id not in allowed),
        *(row for row in long_term if row.resident_id not in on),
    ]:
        refused[row.id] = (Outcome.SUPPRESSED, "no_permission")


def _drop(rows: list[Row], refused: dict[UUID, tuple[Outcome, str]], now: dt.datetime) -> None:
    """Finish what can not be sent and go on with the next channel of each chain."""
    given_back = [
        (row.resident_id, row.wechat_template_id or 0) for row in rows if row.id in refused and row.reserved
    ]
    ids = sorted(refused)
    with connection.cursor() as cursor:
        cursor.execute(
            _DROP, [now, ids, [refused[one][0].value for one in ids], [refused[one][1] for one in ids]]
        )
    ledger.grants_give_back(rows=given_back, now=now)
    fall_back(delivery_ids=ids, now=now)
