"""The ways to a resident.  Each stands behind the ``Sender`` protocol; a further provider is one file."""

from __future__ import annotations

from apps.notifications.channels.results import Sender
from apps.notifications.channels.sms import SmsSender
from apps.notifications.channels.wechat import WechatSender
from apps.notifications.states import Channel


def sender_of(channel: Channel) -> Sender:
    """Return the sender of a channel."""
    return WechatSender() if channel is Channel.WECHAT else SmsSender()
