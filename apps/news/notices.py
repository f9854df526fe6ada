"""The kind of message that news can cause, and the topics that it offers: its columns."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.changes import kept
from apps.news.selectors import columns_active
from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.states import NIGHT, Channel
from apps.notifications.topics import TopicKind, topic_kind_register

# WeChat's keys in the order of the template (资讯标题, 所属栏目, 发布时间, 温馨提示).  News is worth no permission kept back.
PUBLISHED = kind_register(
    NoticeKind(
        key="news.published",
        label=_("notice: article in a column that is followed"),
        fields={
            "id": NoticeField(_("identifier of the article"), "018f0000-0000-7000-8000-000000000000"),
            "title": NoticeField(_("title of the article"), "本周停水检修公告"),
            "column": NoticeField(_("column"), "通知公告"),
            "at": NoticeField(_("moment"), "2026-03-10 10:00"),
        },
        title=_("New in “{column}”"),
        body="{title}",
        page="pages/news/article",
        page_params=("id",),
        lane="bulk",
        channels=(Channel.WECHAT,),
        wechat_template="news_update",
        wechat_values={"thing1": "{title}", "thing2": "{column}", "time3": "{at}", "thing4": _("Tap to read it.")},
        quiet=NIGHT,
        keep_grants=0,
        moments=frozenset({"topic_followed"}),
    )
)  # fmt: skip


def _columns() -> dict[str, str]:
    return kept("news", "topics", columns_active)


COLUMN = topic_kind_register(TopicKind("news", _("column"), _columns))
