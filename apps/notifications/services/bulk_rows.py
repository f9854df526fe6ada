"""The inbox and delivery rows of one text for many residents, in one statement; nothing is held per resident."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.notifications.states import Channel
from apps.notifications.wording import ChannelData

# The chain of who follows a topic holds what the ``follower`` ticked, in the order of ``channels``.
_TICKED = """ARRAY(
    SELECT c FROM unnest(%(channels)s::varchar[]) WITH ORDINALITY AS one (c, place)
    WHERE (c = 'wechat' AND follower.wechat) OR (c = 'sms' AND follower.sms) ORDER BY place)"""
# Both tables are filled from the one set: joining what the first insert returned was planned as a loop of 5,000 × 5,000,
# for nothing is known yet of the rows of a new campaign.
_WRITE = """
WITH taken AS MATERIALIZED (
    SELECT uuid7_of(%(now)s) AS message_id, resident_id, chain FROM ({taken}) AS one
), told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at)
    SELECT message_id, resident_id, %(kind)s, %(version)s, %(title)s, %(body)s, %(page)s, %(params)s::jsonb,
        %(fields)s::jsonb, %(prefix)s || resident_id::text, %(now)s FROM taken
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, resident_id, campaign_id, channel, round, lane, fallbacks, state, wechat_template_id,
         sms_template_id, text_version, data, keep_grants, due_at, attempts, reserved, provider_id, last_code, created_at)
    SELECT uuid7_of(%(now)s), message_id, resident_id, %(campaign)s, chain[1], 1, 'bulk', chain[2:], 'queued',
        CASE chain[1] WHEN 'wechat' THEN %(wechat)s::bigint END, CASE chain[1] WHEN 'sms' THEN %(sms)s::bigint END,
        CASE chain[1] WHEN 'wechat' THEN %(wechat_version)s::int ELSE %(sms_version)s::int END,
        CASE chain[1] WHEN 'wechat' THEN %(wechat_data)s::jsonb ELSE %(sms_data)s::jsonb END, %(keep)s,
        CASE chain[1] WHEN 'wechat' THEN %(wechat_due)s::timestamptz ELSE %(sms_due)s::timestamptz END, 0, FALSE, '',
        '', %(now)s
    FROM taken WHERE cardinality(chain) > 0
)
SELECT count(*), (array_agg(resident_id ORDER BY resident_id DESC))[1] FROM taken
"""


@dataclass(frozen=True, slots=True)
class BulkText:
    """What all of them are told; ``prefix`` and the resident's id make the key under which each is told once.

    ``given``, ``due``  by channel: the provider's template with its values, and when the phone may be used
    """

    kind: str
    prefix: str
    title: str
    body: str
    page: str
    fields: Mapping[str, str]
    given: Mapping[Channel, ChannelData]
    due: Mapping[Channel, dt.datetime]
    version: int = 0
    params: Mapping[str, str] | None = None
    campaign_id: UUID | None = None
    keep_grants: int = 0


def rows_write(
    *, taken: str, values: Mapping[str, Any], text: BulkText, now: dt.datetime
) -> tuple[int, UUID | None]:
    """Tell the residents of a query; returns how many it gave and the last one's id.  1 query.

    ``taken``   SQL that gives (resident_id, chain of channels), and ``values`` its parameters; ``{ticked}`` in it is the
    chain that a row named ``follower`` ticked of %(channels)s
    The caller knows whose turn it is.  The unique key says it once more: to tell someone twice is a defect, and raises
    IntegrityError.
    """
    nothing = ChannelData(0)
    wechat, sms = (text.given.get(channel, nothing) for channel in (Channel.WECHAT, Channel.SMS))
    given: dict[str, Any] = {
        "now": now, "kind": text.kind, "version": text.version, "title": text.title, "body": text.body,
        "page": text.page, "params": _json(text.params or {}), "fields": _json(text.fields), "prefix": text.prefix,
        "campaign": text.campaign_id, "keep": text.keep_grants, "wechat": wechat.wechat_template_id,
        "wechat_version": wechat.version, "wechat_data": _json(wechat.data or {}),
        "wechat_due": text.due.get(Channel.WECHAT, now), "sms": sms.sms_template_id, "sms_version": sms.version,
        "sms_data": _json(sms.data or []), "sms_due": text.due.get(Channel.SMS, now),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WRITE.format(taken=taken.format(ticked=_TICKED)), {**values, **given})
        count, last = cursor.fetchone()
    return int(count), last


def _json(value: Any) -> str:
    return json.dumps(value if isinstance(value, list) else dict(value), ensure_ascii=False)
