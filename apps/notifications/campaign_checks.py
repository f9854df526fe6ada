"""What must hold before a campaign is shown to the second person."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.selectors import place_valid
from apps.common import clock
from apps.common.errors import Refused
from apps.notifications.models import Campaign
from apps.notifications.states import Channel
from apps.notifications.topics import topic_names

BODY_CHARS = 2000
# A path of the mini-program, with a query if need be: never an address of the web.
_PAGE = re.compile(r"pages(/[a-z0-9-]+)+(\?[A-Za-z0-9_=&.%-]+)?")
_PLACE = re.compile(r"\{(\d+)\}")


class CampaignWrong(Refused):
    code = "campaign_wrong"
    message = gettext_lazy("The campaign can not be proposed yet: %(wrong)s")
    status = 400

    def __init__(self, *, wrong: list[str]) -> None:
        super().__init__(wrong="；".join(wrong))


def campaign_check(*, campaign: Campaign, now: dt.datetime) -> list[str]:
    """Return what is wrong with a campaign, in words for its author; nothing: it may be proposed."""
    checks: tuple[Callable[[Campaign], str], ...] = (_text, _wechat, _sms, _channels)
    wrong = [found for found in (_segment(campaign, now), *(check(campaign) for check in checks)) if found]
    if campaign.starts_at is not None and campaign.starts_at < now:
        wrong.append(_("The start lies in the past."))
    return wrong


def _segment(campaign: Campaign, now: dt.datetime) -> str:
    kinds, key = Campaign.Segment, campaign.segment_key
    if campaign.segment in (kinds.STREET, kinds.COMMUNITY, kinds.TOPIC) and not key:
        return _("Say which street, community or topic.")
    if campaign.segment == kinds.LIST and campaign.people_id is None:
        return _("Choose a list of people.")
    on = clock.local(now).date()
    if (
        (campaign.segment == kinds.STREET and place_valid(street=key, community=None, on=on))
        or (campaign.segment == kinds.COMMUNITY and place_valid(street=None, community=key, on=on))
        or (campaign.segment == kinds.TOPIC and key not in topic_names())
    ):
        return _("This street, community or topic is no longer in use.")
    return ""


def _text(campaign: Campaign) -> str:
    if not campaign.title.strip() or not campaign.body.strip():
        return _("Write a title and a text.")
    if len(campaign.body) > BODY_CHARS:
        return _("The text may have %(most)s characters.") % {"most": BODY_CHARS}
    if campaign.page and not _PAGE.fullmatch(campaign.page):
        return _("The page is a path of the mini-program, such as %(sample)s.") % {
            "sample": "pages/index/index"
        }
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
    return _("WeChat values are missing: %(keys)s") % {"keys": "、".join(missing)} if missing else ""


def _sms(campaign: Campaign) -> str:
    if Channel.SMS.value not in campaign.channels:
        return ""
    template = campaign.sms_template
    if template is None or not template.is_active:
        return _("Choose an SMS template that is in use.")
    places = len(set(_PLACE.findall(template.text)))
    if len(campaign.sms_params) != places:
        return _("The SMS template has %(places)s places.") % {"places": places}
    long = [text for text in campaign.sms_params if len(str(text)) > template.param_chars]
    return _("An SMS value may have %(most)s characters.") % {"most": template.param_chars} if long else ""
