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
    body=_("Case {number} can not be handled here. Reason: {reason}"),
    more=("reason",),
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
