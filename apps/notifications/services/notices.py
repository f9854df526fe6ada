"""Writing a notice: the inbox row and its first delivery, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common import clock
from apps.common.ids import uuid7
from apps.notifications.kinds import NoticeKind
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import Quiet
from apps.notifications.wording import ChannelData, channel_data, inbox_text

# One statement for both rows: the delivery is only written where the inbox row is new.
_NOTICE_INSERT = """
WITH told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at)
    VALUES (%(id)s, %(resident)s, %(kind)s, %(version)s, %(title)s, %(body)s, %(page)s, %(params)s, %(fields)s,
        %(key)s, %(now)s)
    ON CONFLICT (dedup_key) DO NOTHING RETURNING id, resident_id
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, resident_id, channel, round, lane, fallbacks, state, wechat_template_id, sms_template_id,
         text_version, data, keep_grants, due_at, attempts, reserved, provider_id, last_code, created_at)
    SELECT %(delivery)s, told.id, told.resident_id, %(channel)s, 1, %(lane)s, %(fallbacks)s, 'queued', %(wechat)s,
        %(sms)s, %(channel_version)s, %(data)s, %(keep)s, %(due)s, 0, FALSE, '', '', %(now)s
    FROM told WHERE %(deliver)s
)
SELECT id FROM told
"""


def notice_enqueue(
    *, kind: NoticeKind, resident_id: UUID, fields: Mapping[str, str], dedup_key: str, now: dt.datetime
) -> UUID | None:
    """Tell a resident something: inbox row, one delivery row for the first channel of the kind's chain.

    ``fields``     exactly the names that ``kind`` declares, all texts; they are frozen with the row
    ``dedup_key``  1 to 120 characters; the same key again writes nothing
    Call it inside the transaction of the change that it tells of; the worker is woken after commit.
    Returns the id of the inbox row, None when the key was there.  1 query, and those of ``wording``.  Raises ValueError
    on fields that are missing or too many: a defect of the caller.
    """
    _check(kind, fields)
    message_id = uuid7()
    values = _frozen(kind, fields, now) | {
        "id": message_id, "resident": resident_id, "key": dedup_key, "delivery": uuid7(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTICE_INSERT, values)
        if cursor.fetchone() is None:
            return None
    if kind.channels:
        pump_wake(lane=kind.lane, channel=kind.channels[0])
    return message_id


# The same for many residents at once; what they are told is the same for all.
_NOTICES_INSERT = """
WITH one AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(residents)s::uuid[], %(keys)s::text[], %(deliveries)s::uuid[])
        AS one (id, resident_id, dedup_key, delivery_id)
), told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at)
    SELECT id, resident_id, %(kind)s, %(version)s, %(title)s, %(body)s, %(page)s, %(params)s::jsonb, %(fields)s::jsonb,
        dedup_key, %(now)s FROM one
    ON CONFLICT (dedup_key) DO NOTHING RETURNING id, resident_id
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, resident_id, channel, round, lane, fallbacks, state, wechat_template_id, sms_template_id,
         text_version, data, keep_grants, due_at, attempts, reserved, provider_id, last_code, created_at)
    SELECT one.delivery_id, told.id, told.resident_id, %(channel)s, 1, %(lane)s, %(fallbacks)s, 'queued', %(wechat)s,
        %(sms)s, %(channel_version)s, %(data)s::jsonb, %(keep)s, %(due)s, 0, FALSE, '', '', %(now)s
    FROM told JOIN one USING (id) WHERE %(deliver)s
)
SELECT count(*) FROM told
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One of many who are told the same; ``dedup_key`` as in ``notice_enqueue``."""

    resident_id: UUID
    dedup_key: str


def notices_enqueue_many(
    *, kind: NoticeKind, told: Sequence[Told], fields: Mapping[str, str], now: dt.datetime
) -> int:
    """Tell many residents the same: as ``notice_enqueue`` for each, in one statement; returns how many were new.

    ``told``  at most some hundreds: the caller goes on in chunks, each in a transaction of its own.  1 query, 0 for none.
    """
    _check(kind, fields)
    if not told:
        return 0
    values = _frozen(kind, fields, now) | {
        "ids": [uuid7() for _one in told], "residents": [one.resident_id for one in told],
        "keys": [one.dedup_key for one in told], "deliveries": [uuid7() for _one in told],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES_INSERT, values)
        count = int(cursor.fetchone()[0])
    if count and kind.channels:
        pump_wake(lane=kind.lane, channel=kind.channels[0])
    return count


def quiet_over(*, quiet: Quiet | None, now: dt.datetime) -> dt.datetime:
    """Return when a message may go to a phone: now, or the end of the quiet hours."""
    return now if quiet is None else quiet.over_at(local=clock.local(now))


def _check(kind: NoticeKind, fields: Mapping[str, str]) -> None:
    if fields.keys() != kind.fields.keys() or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError(f"{kind.key} takes the text fields {sorted(kind.fields)}")
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs to the transaction of the change it tells of")


def _frozen(kind: NoticeKind, fields: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    """Return what stands in the rows of a notice whoever it is for."""
    version, title, body = inbox_text(kind=kind, fields=fields)
    first = kind.channels[0] if kind.channels else None
    given = channel_data(kind=kind, channel=first, fields=fields) if first else ChannelData(0)
    return {
        "kind": kind.key, "now": now, "version": version, "title": title, "body": body, "page": kind.page,
        "params": json.dumps({name: fields[name] for name in kind.page_params}),
        "fields": json.dumps(dict(fields), ensure_ascii=False), "lane": kind.lane,
        "channel": first.value if first else "", "fallbacks": [one.value for one in kind.channels[1:]],
        "wechat": given.wechat_template_id, "sms": given.sms_template_id, "channel_version": given.version,
        "data": json.dumps(given.data or {}, ensure_ascii=False), "keep": kind.keep_grants,
        "due": quiet_over(quiet=kind.quiet_of(first) if first else None, now=now), "deliver": first is not None,
    }  # fmt: skip
