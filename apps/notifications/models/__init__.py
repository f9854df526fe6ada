"""The rows of notifications, one module a subject."""

from apps.notifications.models.campaigns import (
    Campaign,
    CampaignEvent,
    CampaignList,
    CampaignListEntry,
    CampaignRecipient,
)
from apps.notifications.models.consent import GrantEntry, WechatGrant, WechatTemplate
from apps.notifications.models.deliveries import Delivery, DeliveryAttempt, Receipt, Redrive
from apps.notifications.models.inbox import InboxMessage
from apps.notifications.models.staff import StaffNotice
from apps.notifications.models.statistics import DailyDelivery, Retention
from apps.notifications.models.subscriptions import Subscription, TopicNotice
from apps.notifications.models.texts import NoticeText, SmsTemplate

__all__ = [
    "Campaign",
    "CampaignEvent",
    "CampaignList",
    "CampaignListEntry",
    "CampaignRecipient",
    "DailyDelivery",
    "Delivery",
    "DeliveryAttempt",
    "GrantEntry",
    "InboxMessage",
    "NoticeText",
    "Receipt",
    "Redrive",
    "Retention",
    "SmsTemplate",
    "StaffNotice",
    "Subscription",
    "TopicNotice",
    "WechatGrant",
    "WechatTemplate",
]
