"""What WeChat's events and the SMS provider's reports change: grants, withdrawals, receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.accounts import selectors as accounts
from apps.notifications.models import GrantEntry, WechatTemplate
from apps.notifications.services import ledger
from apps.notifications.services.ledger import Answered
from apps.notifications.services.receipts import Reported, receipts_take
from apps.notifications.states import Channel
from apps.wechat.pushes import PushEvent

POPUP, CHANGE, SENT = "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"
SMS_RECEIPT = "sms_receipt"


def dialog_answered(events: Sequence[PushEvent], now: dt.datetime) -> None:
    """Add what residents granted in the dialog (subscribe_msg_popup_event).  4 queries."""
    ledger.grants_add(
        answered=[one for one in _answers(events) if one.accepted], source=GrantEntry.Source.PUSH, now=now
    )


def settings_changed(events: Sequence[PushEvent], now: dt.datetime) -> None:
    """Set to nothing what residents switched off in the settings (subscribe_msg_change_event).  4 queries."""
    ledger.grants_withdraw(
        answered=[one for one in _answers(events) if not one.accepted], source=GrantEntry.Source.PUSH, now=now
    )


def messages_sent(events: Sequence[PushEvent], now: dt.datetime) -> None:
    """Apply the final results of sends (subscribe_msg_sent_event).  6 queries and more."""
    residents = accounts.residents_of_openids(openids=[one.openid for one in events])
    templates = _templates(events)
    reported = [
        Reported(
            provider_id=item["MsgID"],
            arrived=item.get("ErrorCode") == "0",
            code=item.get("ErrorStatus", "") if item.get("ErrorCode") == "0" else _refusal(item),
            reported_at=event.created_at,
            resident_id=residents.get(event.openid),
            wechat_template_id=templates[item["TemplateId"]].pk
            if item.get("TemplateId") in templates
            else None,
        )
        for event in events
        for item in event.items
        if item.get("MsgID")
    ]
    receipts_take(channel=Channel.WECHAT, reported=reported, now=now)


def texts_reported(events: Sequence[PushEvent], now: dt.datetime) -> None:
    """Apply the SMS provider's reports.  4 queries and more."""
    reported = [
        Reported(
            provider_id=item["sid"], arrived=item.get("report_status") == "SUCCESS", code=item.get("errmsg", ""),
            reported_at=event.created_at,
        )
        for event in events
        for item in event.items
        if item.get("sid")
    ]  # fmt: skip
    receipts_take(channel=Channel.SMS, reported=reported, now=now)


def _refusal(item: object) -> str:
    row = dict(item)  # type: ignore[call-overload]
    return f"{row.get('ErrorCode', '')} {row.get('ErrorStatus', '')}".strip()


def _templates(events: Sequence[PushEvent]) -> dict[str, WechatTemplate]:
    ids = {item["TemplateId"] for event in events for item in event.items if item.get("TemplateId")}
    return {one.template_id: one for one in WechatTemplate.objects.filter(template_id__in=ids)}


def _answers(events: Sequence[PushEvent]) -> list[Answered]:
    """Return the answers about templates and people that we know; one event's template counts once."""
    residents = accounts.residents_of_openids(openids=[one.openid for one in events])
    templates = _templates(events)
    return [
        Answered(
            resident_id=residents[event.openid],
            template=templates[item["TemplateId"]],
            accepted=item.get("SubscribeStatusString", "").startswith("accept"),
            # One dialog a second for a person and template: the same event under another id is the same dialog.
            key=f"push:{residents[event.openid]}:{templates[item['TemplateId']].pk}:{event.created_at.timestamp():.0f}",
        )
        for event in events
        if event.openid in residents
        for item in event.items
        if item.get("TemplateId") in templates
    ]
