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
from apps.notifications.models import Delivery
from apps.notifications.states import Channel

_INBOX_INSERT = """
INSERT INTO notifications_inboxmessage
    (id, resident_id, kind, title, body, page, params, fields, dedup_key, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (dedup_key) DO NOTHING RETURNING id
"""


def notice_enqueue(
    *, kind: NoticeKind, resident_id: UUID, fields: Mapping[str, str], dedup_key: str, now: dt.datetime
) -> UUID | None:
    """Tell a resident something: inbox row, one delivery row for WeChat where the kind has a template.

    ``fields``     exactly the names that ``kind`` declares, all texts; they are frozen with the row
    ``dedup_key``  1 to 120 characters; the same key again writes nothing
    Call it inside the transaction of the change that it tells of; the worker is woken after commit.
    Returns the id of the inbox row, None when the key was there.  At most 2 queries.  Raises ValueError on fields
    that are missing or too many: a defect of the caller.
    """
    if fields.keys() != kind.fields or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError(f"{kind.key} takes the text fields {sorted(kind.fields)}")
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs to the transaction of the change it tells of")
    message_id = uuid7()
    row: list[Any] = [
        message_id, resident_id, kind.key,
        str(kind.title).format(**fields)[:100], str(kind.body).format(**fields)[:4000],
        kind.page, json.dumps({name: fields[name] for name in kind.page_params}),
        json.dumps(dict(fields), ensure_ascii=False), dedup_key, now,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INBOX_INSERT, row)
        if cursor.fetchone() is None:
            return None
    if kind.wechat_template:
        Delivery.objects.create(
            message_id=message_id, channel=Channel.WECHAT.value, dedup_key=dedup_key, lane=kind.lane,
            due_at=now, created_at=now,
        )  # fmt: skip
        send_after_commit("notifications.pump", lane=kind.lane)
    return message_id
