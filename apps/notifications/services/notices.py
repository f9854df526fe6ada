"""Writing a notice: the inbox row and its deliveries, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.dispatch import send_after_commit
from apps.common.ids import uuid7
from apps.notifications.kinds import NoticeKind
from apps.notifications.states import Channel

# One statement for both rows: the delivery is only written where the inbox row is new.
_NOTICE_INSERT = """
WITH told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, title, body, page, params, fields, dedup_key, created_at)
    VALUES (%(id)s, %(resident)s, %(kind)s, %(title)s, %(body)s, %(page)s, %(params)s, %(fields)s, %(key)s, %(now)s)
    ON CONFLICT (dedup_key) DO NOTHING RETURNING id
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, channel, dedup_key, lane, state, template_id, data, due_at, attempts, reserved, provider_id,
         last_code, created_at)
    SELECT %(delivery)s, told.id, %(channel)s, %(key)s, %(lane)s, 'queued', '', '{}', %(now)s, 0, FALSE, '', '', %(now)s
    FROM told WHERE %(deliver)s
)
SELECT id FROM told
"""


def notice_enqueue(
    *, kind: NoticeKind, resident_id: UUID, fields: Mapping[str, str], dedup_key: str, now: dt.datetime
) -> UUID | None:
    """Tell a resident something: inbox row, one delivery row for WeChat where the kind has a template.

    ``fields``     exactly the names that ``kind`` declares, all texts; they are frozen with the row
    ``dedup_key``  1 to 120 characters; the same key again writes nothing
    Call it inside the transaction of the change that it tells of; the worker is woken after commit.
    Returns the id of the inbox row, None when the key was there.  1 query.  Raises ValueError on fields
    that are missing or too many: a defect of the caller.
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
    if kind.wechat_template:
        send_after_commit("notifications.pump", lane=kind.lane)
    return message_id


# The same for many residents at once; what they are told is the same for all.
_NOTICES_INSERT = """
WITH one AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(residents)s::uuid[], %(keys)s::text[], %(deliveries)s::uuid[])
        AS one (id, resident_id, dedup_key, delivery_id)
), told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, title, body, page, params, fields, dedup_key, created_at)
    SELECT id, resident_id, %(kind)s, %(title)s, %(body)s, %(page)s, %(params)s::jsonb, %(fields)s::jsonb, dedup_key,
        %(now)s FROM one
    ON CONFLICT (dedup_key) DO NOTHING RETURNING id
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, channel, dedup_key, lane, state, template_id, data, due_at, attempts, reserved, provider_id,
         last_code, created_at)
    SELECT one.delivery_id, told.id, %(channel)s, one.dedup_key, %(lane)s, 'queued', '', '{}', %(now)s, 0, FALSE, '',
        '', %(now)s
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
    if count and kind.wechat_template:
        send_after_commit("notifications.pump", lane=kind.lane)
    return count


def _check(kind: NoticeKind, fields: Mapping[str, str]) -> None:
    if fields.keys() != kind.fields or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError(f"{kind.key} takes the text fields {sorted(kind.fields)}")
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs to the transaction of the change it tells of")


def _frozen(kind: NoticeKind, fields: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    """Return what stands in the rows of a notice whoever it is for."""
    return {
        "kind": kind.key, "now": now, "title": str(kind.title).format(**fields)[:100],
        "body": str(kind.body).format(**fields)[:4000], "page": kind.page,
        "params": json.dumps({name: fields[name] for name in kind.page_params}),
        "fields": json.dumps(dict(fields), ensure_ascii=False), "channel": Channel.WECHAT.value, "lane": kind.lane,
        "deliver": kind.wechat_template is not None,
    }  # fmt: skip
