"""The kind of message that notifications itself causes, a campaign's; and the topic that it offers, a street."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.changes import kept
from apps.common.selectors import streets_in_force
from apps.notifications.kinds import NoticeField, NoticeKind, kind_register
from apps.notifications.topics import TopicKind, topic_kind_register

# Title, text and chain are each campaign's own; what is registered is its name, and that it has its fields.
CAMPAIGN = kind_register(
    NoticeKind(
        key="notifications.campaign",
        label=_("notice: message to many"),
        title="{title}",
        body="{text}",
        fields={
            "title": NoticeField(_("title"), "停水通知"),
            "text": NoticeField(_("text"), "明日8时至18时检修，请提前储水。"),
        },
        page="pages/inbox/message",
        lane="bulk",
    )
)


def _streets() -> dict[str, str]:
    today = clock.today()
    return kept(
        "reference",
        ("street_topics", today),
        lambda: {one["code"]: one["name"] for one in streets_in_force(on=today)},
    )


STREET = topic_kind_register(TopicKind("street", _("street"), _streets))
