"""The kinds of message that places can cause, and what of them can be followed: each place that is not gone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.changes import kept
from apps.facilities.followed import facilities_followable
from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.states import NIGHT, Channel
from apps.notifications.topics import TopicKind, topic_kind_register

PAGE = "pages/facilities/facility"
_FIELDS = {
    "id": NoticeField(_("identifier of the place"), "018f0000-0000-7000-8000-000000000000"),
    "name": NoticeField(_("name of the place"), "红钢城街道便民服务中心"),
    "at": NoticeField(_("moment"), "2026年3月10日 10:00"),
    "text": NoticeField(_("what is new"), "3月12日停电检修，暂停服务一天。"),
    "state": NoticeField(_("state of the place"), "临时关闭"),
}


def _news(event: str, label: object, title: object) -> NoticeKind:
    """Register what followers are told; WeChat's keys in the order of the template (服务名称, 时间, 地点, 状态, 提示)."""
    return kind_register(
        NoticeKind(
            key=f"facilities.{event}",
            label=label,
            fields=_FIELDS,
            title=title,
            body="{text}",
            page=PAGE,
            page_params=("id",),
            lane="bulk",
            channels=(Channel.WECHAT,),
            wechat_template="service_notice",
            wechat_values={
                "thing1": "{name}", "time2": "{at}", "thing3": "{name}", "phrase4": "{state}", "thing5": _("See before you go."),
            },
            quiet=NIGHT,
            moments=frozenset({"topic_followed"}),
        )
    )  # fmt: skip


CLOSED = _news("closed", _("notice: place closed for a time"), _("“{name}” is closed for a time"))
REOPENED = _news("reopened", _("notice: place open again"), _("“{name}” is open again"))
HOURS = _news("hours", _("notice: other opening hours of a place"), _("“{name}” has other opening hours"))
STATUS = _news("status", _("notice: place begins, pauses or ends"), _("News of “{name}”"))
CORRECTED = kind_register(
    NoticeKind(
        key="facilities.corrected",
        label=_("notice: answer to a correction report"),
        fields={
            "id": _FIELDS["id"], "name": _FIELDS["name"],
            "reply": NoticeField(_("answer"), "已更正地址，感谢您的提醒。"),
        },
        title=_("Thank you for your hint about “{name}”"),
        body="{reply}",
        page=PAGE,
        page_params=("id",),
    )
)  # fmt: skip


def _followable() -> dict[str, str]:
    return kept("facilities", "topics", facilities_followable)


FACILITY = topic_kind_register(TopicKind("facility", _("facility"), _followable))
