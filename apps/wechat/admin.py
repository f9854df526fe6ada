"""Pushes in the admin: how they fare, never what they hold."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.common.admin import ReadOnlyAdmin
from apps.wechat.models import ProviderPush


@admin.register(ProviderPush)
class ProviderPushAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "event_shown", "state", "attempts", "retry_at", "done_at")
    list_filter = ("state", "source")
    ordering = ("-id",)  # ids ascend with the time, and their index is there
    fields = (*list_display, "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderPush]:
        """Return the rows without their bodies: nothing is decrypted here."""
        rows: QuerySet[ProviderPush] = super().get_queryset(request)
        return rows.defer("body")

    @admin.display(description=_("kind of event"))
    def event_shown(self, push: ProviderPush) -> str:
        """Return the kind of event in words."""
        return push.event_label
