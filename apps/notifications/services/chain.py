"""When a channel did not reach the resident: on to the next one of the chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import structlog

from apps.notifications.kinds import kind_of
from apps.notifications.models import Delivery
from apps.notifications.services.notices import quiet_over
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import NIGHT, Channel, Quiet
from apps.notifications.wording import ChannelData, channel_data, sms_values

log = structlog.get_logger(__name__)


def fall_back(*, delivery_ids: Sequence[UUID], now: dt.datetime) -> int:
    """Queue the next channel for the deliveries that have one; returns how many.  3 queries, 1 when none has.

    In the transaction that finished them.  What the next channel says is made from the fields frozen with the message
    and the texts that are live now; its version is kept with it.  A message that has been through a channel in this
    round does not go through it again.
    """
    chained = Delivery.objects.filter(id__in=delivery_ids).exclude(fallbacks=[])
    rows = chained.select_related("message", "campaign", "campaign__sms_template").order_by("id")
    made = [one for row in rows if (one := _next(row, now)) is not None]
    if made:
        Delivery.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
        for lane, channel in sorted({(one.lane, one.channel) for one in made}):
            pump_wake(lane=lane, channel=Channel(channel))  # type: ignore[arg-type]
    return len(made)


def _next(row: Delivery, now: dt.datetime) -> Delivery | None:
    channel = Channel(row.fallbacks[0])
    given, quiet = _given(row, channel)
    if given is None:
        return None
    return Delivery(
        message_id=row.message_id, resident_id=row.resident_id, campaign_id=row.campaign_id, channel=channel.value,
        round=row.round, lane=row.lane, fallbacks=row.fallbacks[1:], wechat_template_id=given.wechat_template_id,
        sms_template_id=given.sms_template_id, text_version=given.version, data=given.data or {},
        keep_grants=row.keep_grants, due_at=quiet_over(quiet=quiet, now=now), created_at=now,
    )  # fmt: skip


def _given(row: Delivery, channel: Channel) -> tuple[ChannelData | None, Quiet | None]:
    campaign = row.campaign
    if campaign is not None:
        # A campaign's text message says the same to everyone; nobody is woken by one.
        template = campaign.sms_template
        if channel is not Channel.SMS or template is None:
            return None, NIGHT
        return ChannelData(
            0, sms_template_id=template.pk, data=sms_values(template, list(campaign.sms_params))
        ), NIGHT
    try:
        kind = kind_of(row.message.kind)
        return channel_data(kind=kind, channel=channel, fields=row.message.fields), kind.quiet_of(channel)
    except KeyError as error:
        # A kind that is gone or fields that do not fit it: one such row must not hold the others up.
        log.error("delivery_defect", delivery=str(row.id), kind=row.message.kind, error=type(error).__name__)
        return None, None
