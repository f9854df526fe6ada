"""What a running campaign needs from time to time: its counts, its end, the calling back of what was cancelled."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.common.dispatch import send_after_commit
from apps.notifications.models import Campaign, Delivery
from apps.notifications.services.campaigns import CampaignMoveRefused, campaign_act, campaigns_start_due
from apps.notifications.states import WAITING, CampaignState, CampaignVerb, DeliveryState

CHUNK = 5_000
CHUNKS_A_TURN = 20
_COUNTS = """
SELECT channel, state, count(*) FROM notifications_delivery WHERE campaign_id = %s GROUP BY channel, state
"""
_OPEN = frozenset(
    {*(state.value for state in WAITING), DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value}
)


def campaigns_tend(*, now: dt.datetime) -> None:
    """Start what is due, count what runs, finish what is over, call back what was cancelled.

    2 queries when nothing runs.  At most 20 campaigns a call.
    """
    campaigns_start_due(now=now)
    live = Campaign.objects.filter(
        state__in=[CampaignState.RUNNING.value, CampaignState.PAUSED.value, CampaignState.CANCELLED.value],
        frozen_at__isnull=False,
    ).exclude(state=CampaignState.CANCELLED.value, progress__contains={"settled": True})
    for campaign in live.order_by("id")[:20]:
        if campaign.state == CampaignState.CANCELLED.value:
            waiting_cancel(campaign_id=campaign.id, now=now)
        if campaign.state == CampaignState.RUNNING.value and campaign.written_count < campaign.frozen_count:
            send_after_commit("notifications.campaign_write", lane="bulk", campaign_id=str(campaign.id))
        progress_count(campaign=campaign, now=now)


def progress_count(*, campaign: Campaign, now: dt.datetime) -> dict[str, Any]:
    """Count the campaign's deliveries by channel and state and keep it; finishes a running one that is over.

    2 queries over the campaign's own index, 1 to keep it.  ``progress``: {"counts": {channel: {state: n}}, "open": n,
    "done": n, "per_s": messages a second since the count before, "left_s": seconds or None, "settled": bool}
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [campaign.id])
        rows = cursor.fetchall()
    counts: dict[str, dict[str, int]] = {}
    for channel, state, count in rows:
        counts.setdefault(channel, {})[state] = count
    total = sum(count for _channel, _state, count in rows)
    # One that was given up stays unknown and is over all the same.
    doubts = Delivery.objects.filter(campaign_id=campaign.id).in_doubt_still().count()
    waiting = doubts + sum(count for _channel, state, count in rows if state in _OPEN)
    done = total - waiting
    per_s, left_s = _rate(campaign, done, waiting, now)
    written = campaign.written_count >= campaign.frozen_count
    progress = {
        "counts": counts, "open": waiting, "done": done, "per_s": per_s, "left_s": left_s,
        "settled": waiting == 0 and (written or campaign.state == CampaignState.CANCELLED.value),
    }  # fmt: skip
    Campaign.objects.filter(id=campaign.id).update(progress=progress, counted_at=now)
    if campaign.state == CampaignState.RUNNING.value and written and not waiting:
        # Paused or cancelled meanwhile: the next count sees it.
        with suppress(CampaignMoveRefused):
            campaign_act(campaign_id=campaign.id, verb=CampaignVerb.FINISH, staff=None, version=None, now=now)
    return progress


def _rate(campaign: Campaign, done: int, waiting: int, now: dt.datetime) -> tuple[float, int | None]:
    """Return messages a second since the last count, and how many seconds the rest takes at that."""
    before, at = int(campaign.progress.get("done", 0)), campaign.counted_at
    spent = (now - at).total_seconds() if at else 0
    per_s = round((done - before) / spent, 1) if spent > 0 else 0.0
    rest = waiting + campaign.frozen_count - campaign.written_count
    return per_s, round(rest / per_s) if per_s > 0 else None


def waiting_cancel(*, campaign_id: UUID, now: dt.datetime) -> int:
    """Call back what waits of a cancelled campaign, at most 100,000 a call; returns how many.

    What is in a sender's hand ends by itself.  Each 5,000 in a transaction of their own.
    """
    cancelled = 0
    for _chunk in range(CHUNKS_A_TURN):
        with transaction.atomic():
            ids = list(
                Delivery.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(campaign_id=campaign_id, state__in=[state.value for state in WAITING])
                .values_list("id", flat=True)[:CHUNK]
            )
            Delivery.objects.filter(id__in=ids).update(
                state=DeliveryState.CANCELLED.value, last_code="called_back", finished_at=now
            )
        cancelled += len(ids)
        if len(ids) < CHUNK:
            break
    return cancelled
