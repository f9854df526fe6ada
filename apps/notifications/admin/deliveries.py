"""Deliveries in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.common.admin import ReadOnlyAdmin
from apps.notifications.models import Delivery, DeliveryAttempt


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
    # Ids ascend with time, and have the index.
    ordering = ("-id",)
    fields = (*list_display, "provider_id", "message_page")
    inlines: ClassVar[Any] = [AttemptInline]

    @admin.display(description=_("message"))
    def message_page(self, delivery: Delivery) -> SafeString:
        """Return the way to the message as it was written: there a reason is asked for and the look recorded."""
        page = reverse("admin:notifications_operators_message", args=[delivery.message_id])
        return format_html('<a href="{}">{}</a>', page, _("Show the text"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return what this person may list."""
        return Delivery.objects.visible_to(request.user)
