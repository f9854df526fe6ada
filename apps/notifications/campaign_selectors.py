"""Reads of campaigns for the desk: whom one would reach, how it would look, how it fares."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q, QuerySet

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.changes import kept
from apps.common.selectors import streets_in_force
from apps.notifications import labels
from apps.notifications.models import Campaign, CampaignList, Delivery, WechatGrant, WechatTemplate
from apps.notifications.segments import segment_of, segment_query
from apps.notifications.states import Channel, DeliveryState
from apps.notifications.topics import topics_by_kind
from apps.notifications.wording import sms_values, wechat_values

COUNT_S = 5
CODES_SHOWN = 10
LISTS_OFFERED = 50
_LINE = re.compile(r"([^\n{]*?)[:：]?\s*\{\{\s*(\w+)\.DATA\s*\}\}")
_PLACE = re.compile(r"\{(\d+)\}")


def campaigns_at_desk() -> QuerySet[Campaign]:
    """Return all campaigns with who wrote and approved them.  1 query when read."""
    return Campaign.objects.select_related(
        "author", "approved_by", "wechat_template", "sms_template", "people"
    )


def lists_offered() -> list[CampaignList]:
    """Return the newest lists of people, at most 50.  1 query."""
    return list(CampaignList.objects.order_by("-id")[:LISTS_OFFERED])


@dataclass(frozen=True, slots=True)
class Reach:
    """How many a campaign is for as of now, and by channel of its chain how many could be reached through it."""

    size: int
    channels: dict[str, int]


def campaign_reach(*, campaign: Campaign) -> Reach | None:
    """Count a campaign's segment, because a person asks; None when that would take longer than 5 seconds.

    WeChat: a permission for the template is at hand; SMS: a phone number is known; of a topic's followers those who
    ticked the channel.  1 query, and 1 for each channel.
    """
    segment = segment_of(campaign)
    counts: dict[str, Callable[[], int]] = {
        Channel.WECHAT.value: lambda: WechatGrant.objects.filter(
            Q(remaining__gt=0) | Q(long_term_on=True), template_id=campaign.wechat_template_id,
            resident_id__in=segment_query(segment, ticked=Channel.WECHAT),
        ).count(),
        Channel.SMS.value: lambda: accounts.phones_count(ids=segment_query(segment, ticked=Channel.SMS)),
    }  # fmt: skip
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{COUNT_S}s'")
            size = segment_query(segment).count()
            channels = {name: counts[name]() for name in campaign.channels if name in counts}
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return Reach(size, channels)
    except OperationalError:
        return None


def template_labels(*, template: WechatTemplate) -> dict[str, str]:
    """Return what WeChat's card shows before each key, in the template's order; a key without a name stands for itself."""
    names = {key: name.strip() or key for name, key in _LINE.findall(template.content)}
    return {key: names.get(key, key) for key in template.keys}


@dataclass(frozen=True, slots=True)
class Sample:
    """How a campaign looks: the lines of WeChat's card, and the text message; empty where it is not used."""

    card: list[tuple[str, str]]
    sms: str


def campaign_sample(*, campaign: Campaign) -> Sample:
    """Return what WeChat and the SMS provider are given.  No query where the templates are loaded."""
    card: list[tuple[str, str]] = []
    if Channel.WECHAT.value in campaign.channels and (wechat := campaign.wechat_template):
        given = {key: str(text) for key, text in campaign.wechat_values.items()}
        values = wechat_values(wechat, given)
        card = [(name, values[key]) for key, name in template_labels(template=wechat).items()]
    if Channel.SMS.value not in campaign.channels or not (sms := campaign.sms_template):
        return Sample(card, "")
    params = dict(enumerate(sms_values(sms, [str(text) for text in campaign.sms_params]), start=1))
    text = _PLACE.sub(lambda place: params.get(int(place.group(1)), place.group(0)), sms.text)
    return Sample(card, f"【{sms.sign}】{text}")


@dataclass(frozen=True, slots=True)
class Fares:
    """How a campaign fares: residents told in the inbox, messages over and under way, lines by channel and result."""

    told: int
    of: int
    done: int
    open: int
    per_s: float
    left_s: int | None
    lines: list[tuple[str, str, int]]

    @property
    def percent(self) -> int:
        """Return the share that is over, 0 to 100: rows not written yet count as open."""
        rest = self.open + self.of - self.told
        return 100 if rest == 0 else int(100 * self.done / (self.done + rest))


def campaign_fares(*, campaign: Campaign) -> Fares:
    """Return the counts as last kept with the campaign.  No query."""
    progress = campaign.progress
    lines = [
        (str(labels.CHANNELS[channel]), labels.fate(state=state, code=""), count)
        for channel, states in sorted(progress.get("counts", {}).items(), reverse=True)
        for state, count in sorted(states.items(), key=lambda one: -one[1])
    ]
    return Fares(
        campaign.written_count, campaign.frozen_count, progress.get("done", 0), progress.get("open", 0),
        progress.get("per_s", 0.0), progress.get("left_s"), lines,
    )  # fmt: skip


def campaign_codes(*, campaign_id: UUID) -> list[tuple[str, str, int]]:
    """Return why messages were not sent: channel, code and how many, the ten most frequent.  1 query over the campaign."""
    rows = (
        Delivery.objects.filter(
            campaign_id=campaign_id, state__in=[DeliveryState.FAILED.value, DeliveryState.SUPPRESSED.value]
        )
        .values("channel", "last_code")
        .annotate(count=Count("id"))
        .order_by("-count")[:CODES_SHOWN]
    )
    return [(str(labels.CHANNELS[row["channel"]]), row["last_code"], row["count"]) for row in rows]


def segment_names() -> list[tuple[str, dict[str, str]]]:
    """Return what a segment can name: groups (their label) of ``<kind>|<key>`` → name.

    Streets and communities of today, then the topics.  Kept in memory; 2 queries and those of the topics.
    """
    today = clock.today()
    places = kept("reference", ("segment_places", today), lambda: _places(today))
    topics = [
        (str(kind.label), {f"{Campaign.Segment.TOPIC}|{topic}": name for topic, name in names.items()})
        for kind, names in topics_by_kind()
    ]
    return [
        *((str(Campaign.Segment(kind).label), names) for kind, names in places.items()),
        *((f"{Campaign.Segment.TOPIC.label}：{label}", names) for label, names in topics),
    ]


def _places(on: dt.date) -> dict[str, dict[str, str]]:
    kinds = Campaign.Segment
    found: dict[str, dict[str, str]] = {kinds.STREET: {}, kinds.COMMUNITY: {}}
    for street in streets_in_force(on=on):
        found[kinds.STREET][f"{kinds.STREET}|{street['code']}"] = street["name"]
        for one in street["communities"]:
            found[kinds.COMMUNITY][f"{kinds.COMMUNITY}|{one['code']}"] = f"{street['name']} {one['name']}"
    return found


def segment_label(*, campaign: Campaign) -> str:
    """Return whom a campaign is for in words.  Queries as ``segment_names``; none for everyone and for a loaded list."""
    kind = Campaign.Segment(campaign.segment)
    if kind is Campaign.Segment.EVERYONE:
        return str(kind.label)
    if kind is Campaign.Segment.LIST:
        return f"{kind.label}：{campaign.people or '-'}"
    wanted = f"{kind}|{campaign.segment_key}"
    for label, names in segment_names():
        if wanted in names:
            return f"{label}：{names[wanted]}"
    return f"{kind.label}：{campaign.segment_key or '-'}"
