"""The kinds of message that a case can cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.states import NIGHT, Channel, Quiet

PAGE = "pages/feedback/case"
TEMPLATE = "case_progress"
SMS_TEMPLATE = "case_answered"
_MOMENTS = frozenset({"case_submitted", "case_opened"})
# Samples are invented; they fill the previews of the texts.
_FIELDS: Mapping[str, NoticeField] = {
    "number": NoticeField(_("number of the case"), "2026031000000019"),
    "excerpt": NoticeField(_("beginning of the case's text"), "路灯不亮"),
    "state": NoticeField(_("state of the case"), "办理中"),
    "at": NoticeField(_("moment"), "2026年3月10日 10:00"),
    "unit": NoticeField(_("unit"), "区城管执法局"),
    "due": NoticeField(_("deadline"), "2026年3月17日 17:30"),
    "reason": NoticeField(_("reason"), "不属于区级职责范围"),
    "channel": NoticeField(_("where it belongs"), "12345热线"),
    "reply": NoticeField(_("answer"), "已到现场修好，请查看。"),
    "until": NoticeField(_("at the latest"), "2026年3月12日 17:30"),
    "question": NoticeField(_("question"), "请问路灯杆上的编号是多少？"),
    "question_id": NoticeField(_("identifier of the question"), "018f0000-0000-7000-8000-000000000000"),
    "master_state": NoticeField(_("state of the joint case"), "办理中"),
    "public_number": NoticeField(_("public number"), "GK20260310001"),
    "title": NoticeField(_("public title"), "路灯不亮"),
}


def _fields(*names: str) -> dict[str, NoticeField]:
    return {name: _FIELDS[name] for name in names}


def _progress(remark: Any) -> dict[str, Any]:
    """Return the template's values; WeChat's keys in the order of the template (受理编号, 内容, 状态, 时间, 提示)."""
    return {
        "character_string1": "{number}", "thing2": "{excerpt}", "phrase3": "{state}", "time4": "{at}", "thing5": remark,
    }  # fmt: skip


def _case_kind(
    event: str,
    *,
    label: Any,
    title: Any,
    body: Any,
    more: tuple[str, ...] = (),
    remark: Any = None,
    keep_grants: int = 1,
    legal: bool = False,
    quiet: Quiet | None = None,
) -> NoticeKind:
    """Register a kind.  ``remark``: it goes to the phone; ``legal``: by text message where WeChat does not reach."""
    channels = (Channel.WECHAT,) * bool(remark) + (Channel.SMS,) * legal
    return kind_register(
        NoticeKind(
            key=f"feedback.{event}",
            label=label,
            title=title,
            body=body,
            fields=_fields("number", "excerpt", "state", "at", *more),
            page=PAGE,
            page_params=("number",),
            channels=channels,
            wechat_template=TEMPLATE if remark else None,
            wechat_values=_progress(remark) if remark else {},
            sms_template=SMS_TEMPLATE if legal else None,
            sms_params=("{number}",) if legal else (),
            legal=legal,
            quiet=quiet,
            # A one-time permission sends one message: news on the way leave the last one for the reply.
            keep_grants=keep_grants,
            moments=_MOMENTS,
        )
    )


SUBMITTED = _case_kind(
    "submitted",
    label=_("notice: case received"),
    title=_("Your case was received"),
    body=_("Case {number} was received at {at}: {excerpt}. You can follow it here at any time."),
    remark=_("Received; you can follow it here"),
)
ACCEPTED = _case_kind(
    "accepted",
    label=_("notice: case accepted"),
    title=_("Your case was accepted"),
    body=_("Case {number} was accepted at {at}."),
)
NOT_ACCEPTED = _case_kind(
    "not_accepted",
    label=_("notice: case can not be handled"),
    title=_("Your case can not be handled here"),
    body=_("Case {number} can not be handled here. Reason: {reason}\nIt belongs to: {channel}"),
    more=("reason", "channel"),
    remark=_("See the reason and the right channel"),
    keep_grants=0,
    legal=True,
)
DISPATCHED = _case_kind(
    "dispatched",
    label=_("notice: case passed to a unit"),
    title=_("Your case is with {unit}"),
    body=_("Case {number} was passed to {unit}. You will have an answer by {due}."),
    more=("unit", "due"),
    remark=_("Passed to {unit}"),
)
REPLIED = _case_kind(
    "replied",
    label=_("notice: case answered"),
    title=_("{unit} has answered your case"),
    body=_("Answer to case {number}: {reply}\n\nPlease tell us whether it is resolved."),
    more=("unit", "reply"),
    remark=_("Please read the answer and rate it"),
    keep_grants=0,
    legal=True,
)
CLOSED = _case_kind(
    "closed",
    label=_("notice: case closed"),
    title=_("Your case was closed"),
    body=_("Case {number} was closed at {at}. Thank you."),
)
ASKED = kind_register(
    NoticeKind(
        key="feedback.asked",
        label=_("notice: question to the resident"),
        title=_("{unit} has a question about your case"),
        body=_(
            "Question about case {number}: {question}\n\nPlease answer by {until}; until then the clock of your case stands."
        ),
        fields=_fields("number", "excerpt", "state", "at", "unit", "question", "until", "question_id"),
        page="pages/feedback/question",
        page_params=("number", "question_id"),
        channels=(Channel.WECHAT,),
        wechat_template=TEMPLATE,
        wechat_values=_progress(_("Please answer a question")),
        moments=_MOMENTS,
    )
)
SUSPENDED = _case_kind(
    "suspended",
    label=_("notice: case paused"),
    title=_("Your case is paused"),
    body=_("Case {number} is paused until {until} at the latest. Reason: {reason}"),
    more=("reason", "until"),
)
RESUMED = _case_kind(
    "resumed",
    label=_("notice: case goes on"),
    title=_("Your case goes on"),
    body=_("Case {number} goes on. You will have an answer by {due}."),
    more=("due",),
)
EXTENDED = _case_kind(
    "extended",
    label=_("notice: deadline extended"),
    title=_("The answer to your case takes longer"),
    body=_("Case {number} takes longer; you will have an answer by {due}. Reason: {reason}"),
    more=("due", "reason"),
    remark=_("It takes longer; see why"),
    quiet=NIGHT,
)
MERGED = _case_kind(
    "merged",
    label=_("notice: case worked with others"),
    title=_("Others reported the same"),
    body=_(
        "Case {number} is worked together with reports of the same event (now: {master_state}). Your number and your deadline stay; you get the answer as well."
    ),
    more=("master_state",),
)
UNMERGED = _case_kind(
    "unmerged",
    label=_("notice: case on its own again"),
    title=_("Your case is worked on its own"),
    body=_("Case {number} is not part of a joint case any more and is worked on its own."),
)
RECLOCKED = _case_kind(
    "reclocked",
    label=_("notice: deadline changed by the calendar"),
    title=_("New deadline of your case"),
    body=_("The official calendar changed. Case {number} will be answered by {due}."),
    more=("due",),
)
# In the inbox only: a permission for a message on the phone is kept for the resident's own cases.
FOLLOWED = kind_register(
    NoticeKind(
        key="feedback.followed",
        label=_("notice: news of a followed case"),
        title=_("News of a case that you follow"),
        body=_("{public_number} “{title}”: {state} ({at})."),
        fields=_fields("public_number", "title", "state", "at"),
        page="pages/feedback/board",
        page_params=("public_number",),
        lane="bulk",
    )
)
