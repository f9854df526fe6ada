"""Notices to staff in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.notifications import services
from apps.notifications.models import StaffNotice


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
