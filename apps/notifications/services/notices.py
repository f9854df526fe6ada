"""Writing a notice: the inbox row and its deliveries, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
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
    if fields.keys() != kind.fields or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError(f"{kind.key} takes the text fields {sorted(kind.fields)}")
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs to the transaction of the change it tells of")
    message_id = uuid7()
    values: dict[str, Any] = {
        "id": message_id, "resident": resident_id, "kind": kind.key, "key": dedup_key, "now": now,
        "title": str(kind.title).format(**fields)[:100], "body": str(kind.body).format(**fields)[:4000],
        "page": kind.page, "params": json.dumps({name: fields[name] for name in kind.page_params}),
        "fields": json.dumps(dict(fields), ensure_ascii=False), "delivery": uuid7(), "channel": Channel.WECHAT.value,
        "lane": kind.lane, "deliver": kind.wechat_template is not None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTICE_INSERT, values)
        if cursor.fetchone() is None:
            return None
    if kind.wechat_template:
        send_after_commit("notifications.pump", lane=kind.lane)
    return message_id
