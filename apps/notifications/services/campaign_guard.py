"""Stopping a campaign whose messages are wrong in themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

import structlog

from apps.notifications.models import Campaign, CampaignEvent
from apps.notifications.states import CampaignState, CampaignVerb

log = structlog.get_logger(__name__)
DEFECTS = 20


def campaigns_with_defects_pause(*, defects: Mapping[UUID, int], now: dt.datetime) -> None:
    """Pause the running campaigns of which a batch had at least 20 messages refused as wrong.  0 or 2 queries each."""
    for campaign_id, count in defects.items():
        if count < DEFECTS:
            continue
        paused = Campaign.objects.filter(id=campaign_id, state=CampaignState.RUNNING.value).update(
            state=CampaignState.PAUSED.value, paused_because="defect"
        )
        if paused:
            log.error("campaign_paused", campaign=str(campaign_id), defects=count)
            CampaignEvent.objects.create(
                campaign_id=campaign_id, verb=CampaignVerb.PAUSE.value, note=f"defect {count}", at=now
            )
