"""Freezing a campaign's segment and writing its rows: in SQL from end to end, chunk by chunk, gapless after a crash.

``written_count`` moves on in the transaction that writes the rows, under a lock on the campaign: whoever goes on after a
crash begins where the last commit ended, and two writers take turns.  The unique keys say it once more.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.common.dispatch import send_after_commit
from apps.notifications.models import Campaign
from apps.notifications.notices import CAMPAIGN
from apps.notifications.segments import segment_of, segment_query
from apps.notifications.services.notices import quiet_over
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import NIGHT, CampaignState, Channel
from apps.notifications.wording import sms_values, wechat_values

CHUNK = 5_000
# A task writes so many chunks and queues the next, so that a worker can be stopped.
CHUNKS_A_TASK = 20
_FREEZE = """
INSERT INTO notifications_campaignrecipient (campaign_id, number, resident_id)
SELECT %s::uuid, row_number() OVER (ORDER BY resident_id), resident_id FROM ({segment}) AS segment (resident_id)
"""
# The chain of a topic's follower holds what the follower ticked; everyone else's is the campaign's own.
_CHAIN_OF_TOPIC = """
    SELECT r.resident_id, ARRAY(
        SELECT c FROM unnest(%(channels)s::varchar[]) WITH ORDINALITY AS one (c, place)
        WHERE (c = 'wechat' AND s.wechat) OR (c = 'sms' AND s.sms) ORDER BY place) AS chain
    FROM notifications_campaignrecipient r
    LEFT JOIN notifications_subscription s ON s.resident_id = r.resident_id AND s.topic = %(topic)s
    WHERE r.campaign_id = %(campaign)s AND r.number > %(after)s AND r.number <= %(until)s
"""
_CHAIN = """
    SELECT r.resident_id, %(channels)s::varchar[] AS chain FROM notifications_campaignrecipient r
    WHERE r.campaign_id = %(campaign)s AND r.number > %(after)s AND r.number <= %(until)s
"""
_WRITE = """
WITH taken AS ({chain}), told AS (
    INSERT INTO notifications_inboxmessage
        (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at)
    SELECT uuid7_of(%(now)s), resident_id, %(kind)s, 0, %(title)s, %(body)s, %(page)s, '{{}}', %(fields)s::jsonb,
        'campaign:' || %(campaign)s::text || ':' || resident_id::text, %(now)s FROM taken
    ON CONFLICT (dedup_key) DO NOTHING RETURNING id, resident_id
), queued AS (
    INSERT INTO notifications_delivery
        (id, message_id, resident_id, campaign_id, channel, round, lane, fallbacks, state, wechat_template_id,
         sms_template_id, text_version, data, keep_grants, due_at, attempts, reserved, provider_id, last_code, created_at)
    SELECT uuid7_of(%(now)s), told.id, told.resident_id, %(campaign)s, chain[1], 1, 'bulk', chain[2:], 'queued',
        CASE chain[1] WHEN 'wechat' THEN %(wechat)s::bigint END, CASE chain[1] WHEN 'sms' THEN %(sms)s::bigint END, 0,
        CASE chain[1] WHEN 'wechat' THEN %(wechat_data)s::jsonb ELSE %(sms_data)s::jsonb END, 0, %(due)s, 0, FALSE, '',
        '', %(now)s
    FROM told JOIN taken USING (resident_id) WHERE cardinality(chain) > 0
)
SELECT count(*) FROM told
"""


def recipients_freeze(*, campaign: Campaign) -> int:
    """Write the residents of the campaign's segment as they are now, numbered from 1; returns how many.  1 query.

    In the transaction that starts the campaign.
    """
    sql, params = segment_query(segment_of(campaign)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE.format(segment=sql), [campaign.id, *params])
        return int(cursor.rowcount)


def campaign_write(*, campaign_id: UUID, now: dt.datetime) -> int:
    """Write the next rows of a running campaign, at most 100,000; returns how many residents were taken.

    Each 5,000 in a transaction of their own: 3 queries.  Then it queues itself again while any are left.
    """
    taken = 0
    for _chunk in range(CHUNKS_A_TASK):
        count = _chunk_write(campaign_id, now)
        taken += count
        if count < CHUNK:
            return taken
    send_after_commit("notifications.campaign_write", lane="bulk", campaign_id=str(campaign_id))
    return taken


def _chunk_write(campaign_id: UUID, now: dt.datetime) -> int:
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(of=("self",))
            .select_related("wechat_template", "sms_template")
            .filter(id=campaign_id, state=CampaignState.RUNNING.value)
            .first()
        )
        if campaign is None or campaign.written_count >= campaign.frozen_count:
            return 0
        until = min(campaign.written_count + CHUNK, campaign.frozen_count)
        topic = campaign.segment == Campaign.Segment.TOPIC
        with connection.cursor() as cursor:
            sql = _WRITE.format(chain=_CHAIN_OF_TOPIC if topic else _CHAIN)
            cursor.execute(sql, _values(campaign, until, now))
        count = until - campaign.written_count
        Campaign.objects.filter(id=campaign_id).update(written_count=until)
        for channel in campaign.channels:
            pump_wake(lane="bulk", channel=Channel(channel))
    return count


def _values(campaign: Campaign, until: int, now: dt.datetime) -> dict[str, Any]:
    wechat, sms = campaign.wechat_template, campaign.sms_template
    fields = {"title": campaign.title, "text": campaign.body}
    wechat_data = wechat_values(wechat, campaign.wechat_values) if wechat else {}
    sms_data = sms_values(sms, list(campaign.sms_params)) if sms else []
    return {
        "campaign": campaign.id, "after": campaign.written_count, "until": until, "now": now,
        "channels": campaign.channels, "topic": campaign.segment_key, "kind": CAMPAIGN.key, "title": campaign.title,
        "body": campaign.body, "page": campaign.page or CAMPAIGN.page,
        "fields": json.dumps(fields, ensure_ascii=False), "wechat": wechat.pk if wechat else None,
        "sms": sms.pk if sms else None, "wechat_data": json.dumps(wechat_data, ensure_ascii=False),
        "sms_data": json.dumps(sms_data, ensure_ascii=False), "due": quiet_over(quiet=NIGHT, now=now),
    }  # fmt: skip
