"""Reads of the inbox, the ledger and the outbox."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from apps.notifications import labels
from apps.notifications.kinds import templates_of_moment
from apps.notifications.models import Delivery, InboxMessage, Subscription, WechatGrant, WechatTemplate
from apps.notifications.topics import topic_names
from apps.notifications.wording import wording

UNREAD_SHOWN = 99
# So many permissions at hand are enough: the dialog is not shown again.
ENOUGH = 3


def inbox_of(*, resident_id: UUID, unread: bool = False) -> QuerySet[InboxMessage]:
    """Return the resident's messages.  1 query when read."""
    rows = InboxMessage.objects.filter(resident_id=resident_id)
    return rows.unread() if unread else rows


def unread_count(*, resident_id: UUID) -> int:
    """Return the number of unread messages, at most 99.  1 query."""
    return InboxMessage.objects.filter(resident_id=resident_id).unread()[:UNREAD_SHOWN].count()


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A template, what of it is at hand, and whether the client should ask now."""

    template: WechatTemplate
    remaining: int | None  # None: nobody is signed in
    long_term_on: bool
    ask: bool


def templates_to_ask(*, moment: str, resident_id: UUID | None = None) -> list[ToAsk]:
    """Return the templates that matter at ``moment``, at most 3 of one type (WeChat's dialog mixes none).

    With a resident: what is at hand, and ``ask`` only where it is worth a dialog: under 3 sends, long-term not on.
    0 or 1 query, and those of ``wording``.
    """
    known = wording().wechat
    found = [known[name] for name in templates_of_moment(moment) if name in known]
    # One-time and long-term can not be asked for in one dialog (20002): the one-time ones run out, so they go first.
    one_time = [one for one in found if one.type == WechatTemplate.Type.ONE_TIME]
    chosen = one_time or found
    if resident_id is None or not chosen:
        return [ToAsk(one, None, False, True) for one in chosen]
    grants = {
        row.template_id: row
        for row in WechatGrant.objects.filter(resident_id=resident_id, template__in=chosen)
    }
    shown = []
    for one in chosen:
        grant = grants.get(one.pk)
        remaining = grant.remaining if grant else 0
        on = bool(grant and grant.long_term_on)
        worth = not on if one.type == WechatTemplate.Type.LONG_TERM else remaining < ENOUGH
        shown.append(ToAsk(one, remaining, on, worth))
    return shown


def outbox_figures(*, now: dt.datetime) -> dict[tuple[str, str], tuple[int, float]]:
    """Return, by lane and channel, how many deliveries are under way and the age in seconds of the oldest.

    What waits for its hour (a text message at night) has no age before that; 0.0 without any.  1 query on the indexes of
    what is under way.
    """
    late = Q(due_at__lte=now) | Q(attempts__gt=0)
    rows = (
        Delivery.objects.under_way()
        .values("lane", "channel")
        .annotate(depth=Count("id"), oldest=Min("created_at", filter=late))
    )
    return {
        (row["lane"], row["channel"]): (
            row["depth"],
            max(0.0, (now - (row["oldest"] or now)).total_seconds()),
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class ToldBy:
    """How one channel fared with one message, for staff; ``fine``: the resident has it or will have."""

    channel: str
    words: str
    fine: bool


def told_of_keys(*, dedup_keys: list[str]) -> dict[str, list[ToldBy]]:
    """Return how each channel fared with the message of each key, in the order of the chain.  1 query."""
    rows = (
        Delivery.objects.filter(message__dedup_key__in=dedup_keys)
        .order_by("id")
        .values_list("message__dedup_key", "channel", "state", "last_code")
    )
    found: dict[str, list[ToldBy]] = {}
    for key, channel, state, code in rows:
        found.setdefault(key, []).append(
            ToldBy(str(labels.CHANNELS[channel]), labels.fate(state=state, code=code), state in labels.FINE)
        )
    return found


@dataclass(frozen=True, slots=True)
class Followed:
    """A topic that a resident follows, its name, and the channels beside the inbox."""

    topic: str
    label: str
    wechat: bool
    sms: bool


def subscriptions_of(*, resident_id: UUID) -> list[Followed]:
    """Return what a resident follows of what can be followed now, at most 100.  1 query, and those of the topics."""
    known = topic_names()
    rows = Subscription.objects.filter(resident_id=resident_id).order_by("topic")
    return [Followed(row.topic, known[row.topic], row.wechat, row.sms) for row in rows if row.topic in known]
