"""Keys of other programs: who has one, and switching one off.  Made by ``manage.py open311_key_create``."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from apps.common.admin import DeskAdmin
from apps.feedback.models import Open311Key


@admin.register(Open311Key)
class Open311KeyAdmin(DeskAdmin):
    list_display = ("name", "is_active", "created_at")
    fields = ("name", "is_active", "created_at")
    readonly_fields = ("name", "created_at")
    ordering = ("name",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: a key is shown once, on the command line."""
        return False
