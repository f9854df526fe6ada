"""Freezing a campaign's segment and writing its rows: in SQL from end to end, chunk by chunk, gapless after a crash.

``written_count`` moves on in the transaction that writes the rows, under a lock on the campaign: whoever goes on after a
crash begins where the last commit ended, and two writers take turns.  The unique keys say it once more.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import connection, transaction

from apps.common.dispatch import send_after_commit
from apps.notifications.models import Campaign
from apps.notifications.notices import CAMPAIGN
from apps.notifications.segments import segment_of, segment_query
from apps.notifications.services.bulk_rows import BulkText, rows_write
from apps.notifications.services.notices import quiet_over
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import NIGHT, CampaignState, Channel
from apps.notifications.wording import ChannelData, sms_values, wechat_values

CHUNK = 5_000
# A task writes so many chunks and queues the next, so that a worker can be stopped.
CHUNKS_A_TASK = 20
FREEZE_S = 120
_FREEZE = """
INSERT INTO notifications_campaignrecipient (campaign_id, number, resident_id)
SELECT %s::uuid, row_number() OVER (ORDER BY resident_id), resident_id FROM ({segment}) AS segment (resident_id)
"""
_CHAIN_OF_TOPIC = """
    SELECT r.resident_id, {ticked} AS chain FROM notifications_campaignrecipient r
    LEFT JOIN notifications_subscription follower ON follower.resident_id = r.resident_id AND follower.topic = %(topic)s
    WHERE r.campaign_id = %(campaign)s AND r.number > %(after)s AND r.number <= %(until)s
"""
_CHAIN = """
    SELECT r.resident_id, %(channels)s::varchar[] AS chain FROM notifications_campaignrecipient r
    WHERE r.campaign_id = %(campaign)s AND r.number > %(after)s AND r.number <= %(until)s
"""


def recipients_freeze(*, campaign: Campaign) -> int:
    """Write the residents of the campaign's segment as they are now, numbered from 1; returns how many.  2 queries.

    In the transaction that starts the campaign.  Half a million take a second or two; a busy machine gets two minutes.
    """
    sql, params = segment_query(segment_of(campaign)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{FREEZE_S}s'")
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
        rows_write(
            taken=_CHAIN_OF_TOPIC if topic else _CHAIN, text=_text(campaign, now), now=now,
            values={
                "campaign": campaign.id, "after": campaign.written_count, "until": until, "channels": campaign.channels,
                "topic": campaign.segment_key,
            },
        )  # fmt: skip
        count = until - campaign.written_count
        Campaign.objects.filter(id=campaign_id).update(written_count=until)
        for channel in campaign.channels:
            pump_wake(lane="bulk", channel=Channel(channel))
    return count


def _text(campaign: Campaign, now: dt.datetime) -> BulkText:
    """Return what everyone of a campaign is told; nobody is woken by one."""
    wechat, sms = campaign.wechat_template, campaign.sms_template
    given: dict[Channel, ChannelData] = {}
    if wechat:
        data = wechat_values(wechat, campaign.wechat_values)
        given[Channel.WECHAT] = ChannelData(0, wechat_template_id=wechat.pk, data=data)
    if sms:
        params = sms_values(sms, list(campaign.sms_params))
        given[Channel.SMS] = ChannelData(0, sms_template_id=sms.pk, data=params)
    return BulkText(
        kind=CAMPAIGN.key, prefix=f"campaign:{campaign.id}:", title=campaign.title, body=campaign.body,
        page=campaign.page or CAMPAIGN.page, fields={"title": campaign.title, "text": campaign.body}, given=given,
        due=dict.fromkeys(Channel, quiet_over(quiet=NIGHT, now=now)), campaign_id=campaign.id,
    )  # fmt: skip
