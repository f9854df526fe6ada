"""The kind of message that notifications itself causes: a campaign's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.notifications.kinds import NoticeField, NoticeKind, kind_register

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
