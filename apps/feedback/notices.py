"""The kinds of message that a case can cause."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.notifications.kinds import Fields, NoticeKind, kind_register

PAGE = "pages/feedback/case"
TEMPLATE = "case_progress"


def _progress(remark: Any) -> Any:
    """Return the template's values; WeChat's keys in the order of the template (受理编号, 内容, 状态, 时间, 提示)."""

    def data(fields: Fields) -> dict[str, str]:
        return {
            "character_string1": fields["number"],
            "thing2": fields["excerpt"],
            "phrase3": fields["state"],
            "time4": fields["at"],
            "thing5": str(remark).format(**fields),
        }

    return data


def _case_kind(
    event: str, *, title: Any, body: Any, more: tuple[str, ...] = (), remark: Any = None, keep_grants: int = 1
) -> NoticeKind:
    return kind_register(
        NoticeKind(
            key=f"feedback.{event}",
            title=title,
            body=body,
            fields=frozenset({"number", "excerpt", "state", "at", *more}),
            page=PAGE,
            page_params=("number",),
            wechat_template=TEMPLATE if remark else None,
            wechat_data=_progress(remark) if remark else None,
            # A one-time permission sends one message: news on the way leave the last one for the reply.
            keep_grants=keep_grants,
            moments=frozenset({"case_submitted", "case_opened"}),
        )
    )


SUBMITTED = _case_kind(
    "submitted",
    title=_("Your case was received"),
    body=_("Case {number} was received at {at}: {excerpt}. You can follow it here at any time."),
    remark=_("Received; you can follow it here"),
)
ACCEPTED = _case_kind(
    "accepted",
    title=_("Your case was accepted"),
    body=_("Case {number} was accepted at {at}."),
)
NOT_ACCEPTED = _case_kind(
    "not_accepted",
    title=_("Your case can not be handled here"),
    body=_("Case {number} can not be handled here. Reason: {reason}\nIt belongs to: {channel}"),
    more=("reason", "channel"),
    remark=_("See the reason and the right channel"),
    keep_grants=0,
)
DISPATCHED = _case_kind(
    "dispatched",
    title=_("Your case is with {unit}"),
    body=_("Case {number} was passed to {unit}. You will have an answer by {due}."),
    more=("unit", "due"),
    remark=_("Passed to {unit}"),
)
REPLIED = _case_kind(
    "replied",
    title=_("{unit} has answered your case"),
    body=_("Answer to case {number}: {reply}\n\nPlease tell us whether it is resolved."),
    more=("unit", "reply"),
    remark=_("Please read the answer and rate it"),
    keep_grants=0,
)
CLOSED = _case_kind(
    "closed",
    title=_("Your case was closed"),
    body=_("Case {number} was closed at {at}. Thank you."),
)
ASKED = kind_register(
    NoticeKind(
        key="feedback.asked",
        title=_("{unit} has a question about your case"),
        body=_(
            "Question about case {number}: {question}\n\nPlease answer by {until}; until then the clock of your case stands."
        ),
        fields=frozenset({"number", "excerpt", "state", "at", "unit", "question", "until", "question_id"}),
        page="pages/feedback/question",
        page_params=("number", "question_id"),
        wechat_template=TEMPLATE,
        wechat_data=_progress(_("Please answer a question")),
        moments=frozenset({"case_submitted", "case_opened"}),
    )
)
SUSPENDED = _case_kind(
    "suspended",
    title=_("Your case is paused"),
    body=_("Case {number} is paused until {until} at the latest. Reason: {reason}"),
    more=("reason", "until"),
)
RESUMED = _case_kind(
    "resumed",
    title=_("Your case goes on"),
    body=_("Case {number} goes on. You will have an answer by {due}."),
    more=("due",),
)
EXTENDED = _case_kind(
    "extended",
    title=_("The answer to your case takes longer"),
    body=_("Case {number} takes longer; you will have an answer by {due}. Reason: {reason}"),
    more=("due", "reason"),
    remark=_("It takes longer; see why"),
)
MERGED = _case_kind(
    "merged",
    title=_("Others reported the same"),
    body=_(
        "Case {number} is worked together with reports of the same event (now: {master_state}). Your number and your deadline stay; you get the answer as well."
    ),
    more=("master_state",),
)
UNMERGED = _case_kind(
    "unmerged",
    title=_("Your case is worked on its own"),
    body=_("Case {number} is not part of a joint case any more and is worked on its own."),
)
RECLOCKED = _case_kind(
    "reclocked",
    title=_("New deadline of your case"),
    body=_("The official calendar changed. Case {number} will be answered by {due}."),
    more=("due",),
)
# In the inbox only: a permission for a message on the phone is kept for the resident's own cases.
FOLLOWED = kind_register(
    NoticeKind(
        key="feedback.followed",
        title=_("News of a case that you follow"),
        body=_("{public_number} “{title}”: {state} ({at})."),
        fields=frozenset({"public_number", "title", "state", "at"}),
        page="pages/feedback/board",
        page_params=("public_number",),
        lane="bulk",
    )
)
