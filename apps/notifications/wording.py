"""What a notice says in each channel: the live versions, WeChat's and the SMS provider's templates, kept in memory.

Kept per process until a change is announced, so that writing a notice reads nothing (decision 0003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.common.changes import kept
from apps.notifications.kinds import NoticeKind
from apps.notifications.models import NoticeText, SmsTemplate, WechatTemplate
from apps.notifications.states import Channel, TextState
from apps.notifications.text_checks import BODY_CHARS, TITLE_CHARS
from apps.notifications.texts import filled
from apps.wechat.values import value_fit

NAMESPACE = "notice_wording"


@dataclass(frozen=True, slots=True)
class Wording:
    """All live texts by (kind, target), the templates by our name."""

    texts: Mapping[tuple[str, str], tuple[int, Mapping[str, Any]]]
    wechat: Mapping[str, WechatTemplate]
    sms: Mapping[str, SmsTemplate]
    wechat_by_id: Mapping[int, WechatTemplate]
    sms_by_id: Mapping[int, SmsTemplate]


@dataclass(frozen=True, slots=True)
class ChannelData:
    """What one channel is given: its template's row, None where none is set up, and the frozen values."""

    version: int
    wechat_template_id: int | None = None
    sms_template_id: int | None = None
    data: Mapping[str, str] | list[str] | None = None


def wording() -> Wording:
    """Return what is live now.  3 queries, none while it is kept."""
    return kept(NAMESPACE, "all", _load)


def _load() -> Wording:
    wechat = list(WechatTemplate.objects.filter(is_active=True))
    sms = list(SmsTemplate.objects.filter(is_active=True))
    return Wording(
        texts={
            (row.kind, row.target): (row.number, row.content)
            for row in NoticeText.objects.filter(state=TextState.LIVE.value)
        },
        wechat={row.name: row for row in wechat if row.name},
        sms={row.name: row for row in sms},
        wechat_by_id={row.pk: row for row in wechat},
        sms_by_id={row.pk: row for row in sms},
    )


def inbox_text(*, kind: NoticeKind, fields: Mapping[str, str]) -> tuple[int, str, str]:
    """Return version, title and text of the inbox message.  Queries as ``wording``."""
    version, content = wording().texts.get(
        (kind.key, NoticeText.Target.INBOX.value), (0, {"title": kind.title, "body": kind.body})
    )
    title, body = (filled(str(content[part]), fields) for part in ("title", "body"))
    return version, title[:TITLE_CHARS], body[:BODY_CHARS]


def channel_data(*, kind: NoticeKind, channel: Channel, fields: Mapping[str, str]) -> ChannelData:
    """Return what ``channel`` is given for a notice, cut and cleaned so that the provider takes it."""
    version, content = wording().texts.get((kind.key, channel.value), (0, {}))
    if channel is Channel.WECHAT:
        template = wording().wechat.get(content.get("template", kind.wechat_template))
        if template is None:
            return ChannelData(version)
        texts = content.get("values", kind.wechat_values)
        given = {key: filled(str(text), fields) for key, text in texts.items()}
        return ChannelData(version, wechat_template_id=template.pk, data=wechat_values(template, given))
    sms = wording().sms.get(content.get("template", kind.sms_template))
    if sms is None:
        return ChannelData(version)
    params = [filled(str(text), fields) for text in content.get("params", kind.sms_params)]
    return ChannelData(version, sms_template_id=sms.pk, data=sms_values(sms, params))


def wechat_values(template: WechatTemplate, given: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every key of the template and for no other: WeChat refuses both a missing and an extra one."""
    enums = template.enums or {}
    return {key: value_fit(key, given.get(key, ""), allowed=enums.get(key, ())) for key in template.keys}


def sms_values(template: SmsTemplate, params: list[str]) -> list[str]:
    """Return the parameters on one line each and cut to what the account may fill in."""
    most = template.param_chars
    plain = [" ".join(text.split()) for text in params]
    return [text if len(text) <= most else text[: most - 1] + "…" for text in plain]
