"""Notifications in the admin."""

from apps.notifications.admin import deliveries, staff

__all__ = ["deliveries", "staff"]
