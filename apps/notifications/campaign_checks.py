"""What must hold before a campaign is shown to the second person."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.errors import Refused
from apps.notifications.models import Campaign
from apps.notifications.states import Channel

_PLACE = re.compile(r"\{(\d+)\}")


class CampaignWrong(Refused):
    code = "campaign_wrong"
    message = gettext_lazy("The campaign can not be proposed yet: {wrong}")
    status = 400

    def __init__(self, *, wrong: list[str]) -> None:
        super().__init__(wrong="；".join(wrong))


def campaign_check(*, campaign: Campaign, now: dt.datetime) -> list[str]:
    """Return what is wrong with a campaign, in words for its author; nothing: it may be proposed."""
    checks: tuple[Callable[[Campaign], str], ...] = (_segment, _wechat, _sms, _channels)
    wrong = [found for check in checks if (found := check(campaign))]
    if campaign.starts_at is not None and campaign.starts_at < now:
        wrong.append(_("The start lies in the past."))
    return wrong


def _segment(campaign: Campaign) -> str:
    kinds = Campaign.Segment
    if campaign.segment in (kinds.STREET, kinds.COMMUNITY, kinds.TOPIC) and not campaign.segment_key:
        return _("Say which street, community or topic.")
    if campaign.segment == kinds.LIST and campaign.people_id is None:
        return _("Choose a list of people.")
    return ""


def _channels(campaign: Campaign) -> str:
    known = {channel.value for channel in Channel}
    if set(campaign.channels) - known or len(set(campaign.channels)) != len(campaign.channels):
        return _("Each channel stands once in the chain.")
    return ""


def _wechat(campaign: Campaign) -> str:
    if Channel.WECHAT.value not in campaign.channels:
        return ""
    template = campaign.wechat_template
    if template is None or not template.is_active:
        return _("Choose a WeChat template that is in use.")
    missing = [key for key in template.keys if not str(campaign.wechat_values.get(key, "")).strip()]
    return _("WeChat values are missing: {keys}").format(keys="、".join(missing)) if missing else ""


def _sms(campaign: Campaign) -> str:
    if Channel.SMS.value not in campaign.channels:
        return ""
    template = campaign.sms_template
    if template is None or not template.is_active:
        return _("Choose an SMS template that is in use.")
    places = len(set(_PLACE.findall(template.text)))
    if len(campaign.sms_params) != places:
        return _("The SMS template has {places} places.").format(places=places)
    long = [text for text in campaign.sms_params if len(str(text)) > template.param_chars]
    return _("An SMS value may have {most} characters.").format(most=template.param_chars) if long else ""
