"""Who a campaign is for, as a query over residents: the one place, for previews and for the freeze."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts import selectors as accounts
from apps.notifications.models import Campaign, CampaignListEntry, Subscription
from apps.notifications.states import Channel


@dataclass(frozen=True, slots=True)
class Segment:
    """``kind`` one of ``Campaign.Segment``; ``key`` a street's or community's code or a topic; ``people`` a list's id."""

    kind: str
    key: str = ""
    people: int | None = None


def segment_of(campaign: Campaign) -> Segment:
    """Return the segment of a campaign."""
    return Segment(campaign.segment, campaign.segment_key, campaign.people_id)


def segment_query(segment: Segment, *, ticked: Channel | None = None) -> QuerySet[Any, UUID]:
    """Return the residents of a segment as a query of one column, each once; cancelled accounts are in none.

    ``ticked``  of a topic only those who want it through this channel; other segments ask nobody
    """
    kinds = Campaign.Segment
    if segment.kind == kinds.STREET:
        return accounts.residents_reachable(street=segment.key)
    if segment.kind == kinds.COMMUNITY:
        return accounts.residents_reachable(community=segment.key)
    rows: Any
    if segment.kind == kinds.TOPIC:
        rows = Subscription.objects.filter(topic=segment.key, **({ticked.value: True} if ticked else {}))
    elif segment.kind == kinds.LIST:
        rows = CampaignListEntry.objects.filter(list_id=segment.people)
    else:
        return accounts.residents_reachable()
    found: QuerySet[Any, UUID] = rows.filter(resident__cancelled_at=None).values_list(
        "resident_id", flat=True
    )
    return found
