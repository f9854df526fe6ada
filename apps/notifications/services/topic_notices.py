"""Telling the followers of topics: written down in the caller's transaction, told by a worker chunk by chunk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.common.dispatch import send_after_commit
from apps.notifications.kinds import NoticeKind, kind_of
from apps.notifications.models import TopicNotice
from apps.notifications.services.bulk_rows import BulkText, rows_write
from apps.notifications.services.notices import quiet_over
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import Channel
from apps.notifications.wording import channel_data, inbox_text

CHUNK = 5_000
# A task writes so many chunks and queues the next, so that a worker can be stopped.
CHUNKS_A_TASK = 20
_NOBODY = UUID(int=0)
# Who follows several of the topics is told once, through every channel ticked for one of them.
_FOLLOWERS = """
    SELECT resident_id, {ticked} AS chain FROM (
        SELECT s.resident_id, bool_or(s.wechat) AS wechat, bool_or(s.sms) AS sms
        FROM notifications_subscription s JOIN accounts_resident r ON r.id = s.resident_id AND r.cancelled_at IS NULL
        WHERE s.topic = ANY(%(topics)s::varchar[]) AND s.resident_id > %(after)s
        GROUP BY s.resident_id ORDER BY s.resident_id LIMIT %(chunk)s
    ) AS follower
"""


def topic_tell(
    *, topics: Sequence[str], kind: NoticeKind, fields: Mapping[str, str], key: str, now: dt.datetime
) -> None:
    """Tell the followers of ``topics``: the inbox of each, and the channels of ``kind`` that the follower ticked.

    ``fields``  as for ``notice_enqueue``   ``key``  at most 80 characters; under the same one nobody is told again
    Call it inside the transaction of the change that it tells of.  1 query.
    """
    TopicNotice.objects.bulk_create(
        [TopicNotice(key=key, kind=kind.key, topics=list(topics), fields=dict(fields), created_at=now)],
        ignore_conflicts=True,
    )
    send_after_commit("notifications.topics_write", lane="bulk")


def topics_write(*, now: dt.datetime) -> int:
    """Tell the followers of what is not finished, at most 100,000; returns how many residents were taken.

    Each 5,000 in a transaction of their own: 3 queries and those of ``wording``.  Two at once take different notices.
    """
    taken = 0
    for _chunk in range(CHUNKS_A_TASK):
        count = _chunk_write(now)
        if count is None:
            return taken
        taken += count
    send_after_commit("notifications.topics_write", lane="bulk")
    return taken


def topics_sweep() -> None:
    """Wake a worker for notices that a crash or a lost broker left unfinished.  1 query."""
    if TopicNotice.objects.filter(finished_at=None).exists():
        send_after_commit("notifications.topics_write", lane="bulk")


def _chunk_write(now: dt.datetime) -> int | None:
    """Write the next rows of the oldest unfinished notice; None when there is none."""
    with transaction.atomic():
        open_ones = TopicNotice.objects.select_for_update(of=("self",), skip_locked=True).filter(
            finished_at=None
        )
        notice = open_ones.order_by("id").first()
        if notice is None:
            return None
        kind = kind_of(notice.kind)
        values: dict[str, Any] = {
            "topics": notice.topics, "channels": [channel.value for channel in kind.channels],
            "after": notice.told_until or _NOBODY, "chunk": CHUNK,
        }  # fmt: skip
        text = _text(notice, kind, now)
        count, notice.told_until = rows_write(taken=_FOLLOWERS, values=values, text=text, now=now)
        notice.told_count += count
        if count < CHUNK:
            notice.finished_at = now
        notice.save(update_fields=["told_until", "told_count", "finished_at"])
        if count:
            for channel in kind.channels:
                pump_wake(lane="bulk", channel=channel)
    return count


def _text(notice: TopicNotice, kind: NoticeKind, now: dt.datetime) -> BulkText:
    """Return what everyone is told, by the texts that are live now."""
    version, title, body = inbox_text(kind=kind, fields=notice.fields)
    given = {
        channel: channel_data(kind=kind, channel=channel, fields=notice.fields) for channel in kind.channels
    }
    due: dict[Channel, dt.datetime] = {
        channel: quiet_over(quiet=kind.quiet_of(channel), now=now) for channel in kind.channels
    }
    return BulkText(
        kind=kind.key, version=version, prefix=f"{notice.key}:", title=title, body=body, page=kind.page,
        params={name: notice.fields[name] for name in kind.page_params}, fields=notice.fields, given=given, due=due,
        keep_grants=kind.keep_grants,
    )  # fmt: skip
