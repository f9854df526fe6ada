"""Deliveries and WeChat's templates in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.common.admin import DeskAdmin, ReadOnlyAdmin
from apps.notifications.models import Delivery, DeliveryAttempt, WechatTemplate


class AttemptInline(TabularInline):
    model = DeliveryAttempt
    extra = 0
    fields = ("number", "outcome", "code", "request_id", "started_at", "ended_at")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """How messages fare: states and codes, never their content."""

    list_display = (
        "created_at",
        "channel",
        "lane",
        "state",
        "attempts",
        "last_code",
        "due_at",
        "finished_at",
    )
    list_filter = ("state", "lane", "channel")
    ordering = ("-created_at", "-id")
    fields = (*list_display, "provider_id")
    inlines: ClassVar[Any] = [AttemptInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return what this person may list."""
        return Delivery.objects.visible_to(request.user)


@admin.register(WechatTemplate)
class WechatTemplateAdmin(DeskAdmin):
    list_display = ("name", "title", "type", "template_id", "is_active")
    ordering = ("name",)
