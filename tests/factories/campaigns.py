"""Campaigns for tests."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Staff
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Campaign, WechatTemplate


def campaign_make(author: Staff, **change: Any) -> Campaign:
    """Write a draft to everyone by the long-term template; it may be proposed as it is."""
    template = WechatTemplate.objects.get(name="service_notice")
    values = {
        "name": "停水", "segment": "everyone", "title": "停水通知", "body": "明日检修。", "channels": ["wechat"],
        "wechat_template": template, "wechat_values": dict.fromkeys(template.keys, "2026年3月11日 08:00"),
    }  # fmt: skip
    return services.campaign_draft(staff=author, values=values | change, now=clock.now())
