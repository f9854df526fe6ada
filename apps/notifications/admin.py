"""Deliveries and templates in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin, ReadOnlyAdmin
from apps.notifications import services
from apps.notifications.models import Delivery, DeliveryAttempt, StaffNotice, WechatTemplate


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


@admin.register(StaffNotice)
class StaffNoticeAdmin(ReadOnlyAdmin):
    """One's own notices, newest first; opening one marks it as read and leads to what it is about."""

    list_display = ("title", "created_at", "read_at")
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffNotice]:
        """Return one's own."""
        return StaffNotice.objects.filter(staff=staff_of(request))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; POST ``read=all`` marks all as read."""
        if request.method == "POST" and request.POST.get("read") == "all":
            services.staff_notices_read(staff=staff_of(request), ids=None, now=clock.now())
            return HttpResponseRedirect(reverse("admin:notifications_staffnotice_changelist"))
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Mark as read and go to the page."""
        del form_url, extra_context
        notice = self.get_object(request, object_id)
        if notice is None:
            return HttpResponseRedirect(reverse("admin:notifications_staffnotice_changelist"))
        services.staff_notices_read(staff=staff_of(request), ids=[notice.pk], now=clock.now())
        return HttpResponseRedirect(notice.path)
