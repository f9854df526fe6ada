"""How long messages are kept, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.common.admin import DeskAdmin
from apps.notifications.models import Retention


@admin.register(Retention)
class RetentionAdmin(DeskAdmin):
    """Terms from a day on: a new one is a further row, so that the earlier ones stay to be read."""

    list_display = ("subject", "days", "valid_from", "source")
    ordering = ("subject", "-valid_from")

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: a term is followed by another."""
        return False
