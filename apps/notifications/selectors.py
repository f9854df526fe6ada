"""Reads of the inbox and the ledger."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Count, Min, QuerySet

from apps.notifications.kinds import templates_of_moment
from apps.notifications.models import Delivery, InboxMessage, WechatTemplate
from apps.notifications.states import DeliveryState

UNREAD_SHOWN = 99


def inbox_of(*, resident_id: UUID, unread: bool = False) -> QuerySet[InboxMessage]:
    """Return the resident's messages.  1 query when read."""
    rows = InboxMessage.objects.filter(resident_id=resident_id)
    return rows.unread() if unread else rows


def unread_count(*, resident_id: UUID) -> int:
    """Return the number of unread messages, at most 99.  1 query."""
    return InboxMessage.objects.filter(resident_id=resident_id).unread()[:UNREAD_SHOWN].count()


def templates_to_ask(*, moment: str) -> list[WechatTemplate]:
    """Return the templates whose permission the client should ask for at ``moment``, at most 3.  ≤ 1 query."""
    names = templates_of_moment(moment)
    return (
        list(WechatTemplate.objects.filter(name__in=names, is_active=True).order_by("name")) if names else []
    )


def outbox_figures(*, now: dt.datetime) -> dict[str, tuple[int, float]]:
    """Return, by lane, how many deliveries are under way and the age in seconds of the oldest.  1 indexed query."""
    rows = (
        Delivery.objects.filter(state__in=[DeliveryState.QUEUED.value, DeliveryState.SENDING.value])
        .values("lane")
        .annotate(depth=Count("id"), oldest=Min("created_at"))
    )
    return {row["lane"]: (row["depth"], max(0.0, (now - row["oldest"]).total_seconds())) for row in rows}


def deliveries_of_keys(*, dedup_keys: list[str]) -> dict[str, tuple[str, str]]:
    """Return (state, last answer) of the WeChat delivery of each key: "told or not told" for staff.  1 query."""
    rows = Delivery.objects.filter(dedup_key__in=dedup_keys).values_list("dedup_key", "state", "last_code")
    return {key: (state, code) for key, state, code in rows}
