"""Notifications in the admin."""

from apps.notifications.admin import (
    campaign_lists,
    campaigns,
    deliveries,
    operators,
    retention,
    staff,
    templates,
    texts,
)

__all__ = [
    "campaign_lists",
    "campaigns",
    "deliveries",
    "operators",
    "retention",
    "staff",
    "templates",
    "texts",
]
