"""Subscription messages: the send with its checks in order, and the ledger of permissions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from apps.wechat.simulator.answers import OK, Refusal
from apps.wechat.simulator.calls import Call, Check
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import LONG_TERM, ONE_TIME, Message, State
from apps.wechat.values import value_ok

IDS_A_DIALOG = 3


class DialogRefused(Exception):
    """The dialog can not be shown: ``errcode`` is what wx.requestSubscribeMessage gives the mini-program."""

    def __init__(self, errcode: int, text: str) -> None:
        self.errcode = errcode
        self.text = text
        super().__init__(errcode, text)


def _user_known(call: Call) -> None:
    if call.text("touser") not in call.state.users:
        raise Refusal(40003)


def _template_known(call: Call) -> None:
    if call.text("template_id") not in call.state.templates:
        raise Refusal(40037)


def _values_right(call: Call) -> None:
    template = call.state.templates[call.text("template_id")]
    data = call.body.get("data")
    if not isinstance(data, dict):
        raise Refusal(47003, "data is empty")
    for key in template.keys:
        item = data.get(key)
        value = item.get("value") if isinstance(item, dict) else None
        if value is None or value == "":
            raise Refusal(47003, f"data.{key}.value is emtpy")  # spelling as received
        if not isinstance(value, str) or not value_ok(key, value, allowed=template.enums.get(key, ())):
            raise Refusal(47003, f"data.{key}.value invalid")
    for key in data:
        if key not in template.keys:
            raise Refusal(47003, "data holds a key that the template has not")


def _page_published(call: Call) -> None:
    page, pages = call.body.get("page"), call.state.account.pages
    if page is None or call.body.get("miniprogram_state", "formal") != "formal":
        return
    if not isinstance(page, str) or (pages is not None and page.partition("?")[0].lstrip("/") not in pages):
        raise Refusal(41030)


def _sending_allowed(call: Call) -> None:
    if call.state.account.sending_banned:
        raise Refusal(43107)


def _alone(call: Call) -> None:
    if call.state.in_flight[call.text("touser")] > 1:
        raise Refusal(43108)


def _permission_left(call: Call) -> None:
    openid, template_id = call.text("touser"), call.text("template_id")
    permission = call.state.ledger.get((openid, template_id))
    if permission is None or permission.switched_off or not call.state.users[openid].messages_on:
        raise Refusal(43101)
    long_term = call.state.templates[template_id].kind == LONG_TERM
    if not (permission.long_term_on if long_term else permission.remaining > 0):
        raise Refusal(43101)


# Rule 8.  The real order is not documented: to change it, move a row (the template must come before its values).
SEND_CHECKS: tuple[Check, ...] = (
    _user_known,
    _template_known,
    _values_right,
    _page_published,
    _sending_allowed,
    _alone,
    _permission_left,
)


async def send(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/message/subscribe/send.  Only success lowers the ledger."""
    state, openid = call.state, call.text("touser")
    state.in_flight[openid] += 1
    try:
        # The second of two calls is refused at once, while the first is still at work.
        if state.in_flight[openid] == 1:
            await asyncio.sleep(state.account.send_work_s + call.pause_s)
        for check in SEND_CHECKS:
            check(call)
    finally:
        state.in_flight[openid] -= 1
        if state.in_flight[openid] <= 0:
            del state.in_flight[openid]
    message = _kept(call)
    code = state.account.sent_error_code
    call.pusher.push(
        event="subscribe_msg_sent_event",
        openid=message.openid,
        items=[
            {
                "TemplateId": message.template_id,
                "MsgID": str(message.msgid),
                "ErrorCode": str(code),
                "ErrorStatus": "failed" if code else "success",
            }
        ],
    )
    return {**OK, "msgid": message.msgid}


def _kept(call: Call) -> Message:
    state, page, now_s = call.state, call.body.get("page"), call.state.now_s()
    template, openid = state.templates[call.text("template_id")], state.users[call.text("touser")].openid
    if template.kind == ONE_TIME:
        permission = state.permission(openid=openid, template_id=template.template_id)
        permission.remaining -= 1
        permission.updated_at_s = now_s
    data = call.body["data"]
    message = Message(
        openid=openid,
        template=template,
        page=page if isinstance(page, str) else None,
        values="\n".join([data[key]["value"] for key in template.keys]),
        msgid=state.next_msgid(),
        at_s=now_s,
    )
    state.message_keep(message=message)
    return message


def dialog_answer(*, state: State, pusher: Pusher, openid: str, results: Mapping[str, str]) -> dict[str, str]:
    """Answer the subscription dialog for a user (rule 9) and return what the mini-program gets, by template.

    One-time: +1 for each accept; long-term: on.  A reject, ban or filter changes nothing.
    Raises DialogRefused, then nothing has changed; KeyError for an unknown openid.
    """
    user = state.users[openid]
    if not results:
        raise DialogRefused(10001, "tmplIds is empty")
    if len(results) > IDS_A_DIALOG:
        raise DialogRefused(20003, "more than 3 templates")
    if not results.keys() <= state.templates.keys():
        raise DialogRefused(20001, "no such template")
    if len({state.templates[template_id].kind for template_id in results}) > 1:
        raise DialogRefused(20002, "one-time mixed with long-term")
    if not user.messages_on:
        raise DialogRefused(20004, "the main switch is off")
    answered = {}
    for template_id, result in results.items():
        permission = state.permission(openid=openid, template_id=template_id)
        # A template that was switched off in the settings shows no dialog and counts as rejected.
        # acceptWithAudio and the like occur: every value that starts with accept is one.
        accepted = result.startswith("accept") and not permission.switched_off
        answered[template_id] = result if accepted or not result.startswith("accept") else "reject"
        if accepted and state.templates[template_id].kind == LONG_TERM:
            permission.long_term_on = True
        elif accepted:
            permission.remaining += 1
        permission.updated_at_s = state.now_s()
    pusher.push(
        event="subscribe_msg_popup_event",
        openid=openid,
        items=[
            {
                "TemplateId": template_id,
                "SubscribeStatusString": "accept" if result.startswith("accept") else "reject",
                "PopupScene": "0",
            }
            for template_id, result in answered.items()
            if result.startswith("accept") or result == "reject"
        ],
    )
    return answered


def setting_change(*, state: State, pusher: Pusher, openid: str, template_id: str, on: bool) -> None:
    """Switch a template on or off in the user's settings; only switching off is pushed.  Raises KeyError."""
    state.users[openid], state.templates[template_id]
    permission = state.permission(openid=openid, template_id=template_id)
    permission.switched_off = not on
    permission.updated_at_s = state.now_s()
    if not on:
        pusher.push(
            event="subscribe_msg_change_event",
            openid=openid,
            items=[{"TemplateId": template_id, "SubscribeStatusString": "reject"}],
        )


def permissions_grant(*, state: State, openids: Iterable[str], template_id: str, count: int) -> int:
    """Give many users ``count`` sends of one template (or switch a long-term one on), without a dialog and its pushes.

    Returns how many users there were.  Raises KeyError for an unknown template or user, and then nothing is given.
    """
    given, now_s = list(openids), state.now_s()
    long_term = state.templates[template_id].kind == LONG_TERM
    owners = [state.users[openid].openid for openid in given]
    for openid in owners:
        permission = state.permission(openid=openid, template_id=template_id)
        if long_term:
            permission.long_term_on = True
        else:
            permission.remaining += count
        permission.updated_at_s = now_s
    return len(owners)
