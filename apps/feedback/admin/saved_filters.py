"""Filters of the queue that someone keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common.admin import DeskAdmin
from apps.feedback.models import SavedFilter

if TYPE_CHECKING:
    from apps.accounts.models import Staff

OFFERED = 20


def filters_offered(*, staff: Staff) -> list[SavedFilter]:
    """Return the person's own filters and those shared by others, at most 20.  1 query."""
    rows = SavedFilter.objects.filter(Q(staff=staff) | Q(shared=True))
    return list(rows.order_by("shared", "name")[:OFFERED])


@admin.register(SavedFilter)
class SavedFilterAdmin(DeskAdmin):
    """One's own filters: to rename, to share, to delete."""

    list_display = ("name", "query", "shared")
    fields = ("name", "query", "shared")
    readonly_fields = ("query",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedFilter]:
        """Return one's own."""
        return SavedFilter.objects.filter(staff=staff_of(request))

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: a filter is kept from the queue itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow one's own: nothing hangs on it."""
        return obj is None or obj.staff_id == request.user.pk

    def get_urls(self) -> list[URLPattern]:
        """Add the door that keeps the queue's filter."""
        keep = self.admin_site.admin_view(self.keep_view)
        return [path("keep/", keep, name="feedback_savedfilter_keep"), *super().get_urls()]

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """POST name and query: keep the queue's filter; the same name again replaces it."""
        queue = reverse("admin:feedback_case_changelist")
        name, query = request.POST.get("name", "").strip(), request.POST.get("query", "").lstrip("?")
        if request.method != "POST":
            return HttpResponse(status=405)
        if not 1 <= len(name) <= 30 or not 1 <= len(query) <= 500:
            self.message_user(
                request, _("A filter needs a name of at most 30 characters and a choice."), messages.ERROR
            )
            return HttpResponseRedirect(queue)
        SavedFilter.objects.update_or_create(
            staff=staff_of(request), name=name,
            defaults={"query": query, "shared": request.POST.get("shared") == "on"},
        )  # fmt: skip
        self.message_user(request, _("The filter “%(name)s” is kept.") % {"name": name}, messages.SUCCESS)
        return HttpResponseRedirect(f"{queue}?{query}")
