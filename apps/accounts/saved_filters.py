"""Filters of lists that someone keeps: the chips above a list, the door that keeps one, one's own list of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.accounts.models import SavedFilter, Staff
from apps.common.admin import DeskAdmin

OFFERED = 20
NAME_CHARS, QUERY_CHARS = 30, 500


def filters_offered(*, staff: Staff, page: str) -> list[SavedFilter]:
    """Return the person's own filters of a list and those shared by others, at most 20.  1 query."""
    rows = SavedFilter.objects.filter(Q(staff=staff) | Q(shared=True), page=page)
    return list(rows.order_by("shared", "name")[:OFFERED])


class FilterKeeper:
    """A list whose filters can be kept; mixed into its admin.  Each shown page costs 1 query more."""

    opts: Any
    admin_site: Any
    message_user: Any
    list_before_template = "admin/saved_filters.html"

    def filter_urls(self) -> list[URLPattern]:
        """Return the door that keeps a filter."""
        keep = self.admin_site.admin_view(self.keep_filter_view)
        return [path("keep-filter/", keep, name=f"{self._names()[1]}_keep_filter")]

    def filter_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the chips are drawn from."""
        page, name = self._names()
        return {
            "saved_filters": filters_offered(staff=staff_of(request), page=page),
            "keep_filter_url": reverse(f"admin:{name}_keep_filter"),
        }

    def keep_filter_view(self, request: HttpRequest) -> HttpResponse:
        """POST name and query: keep the filter of the list; the same name again replaces it."""
        page, names = self._names()
        back = reverse(f"admin:{names}_changelist")
        name, query = request.POST.get("name", "").strip(), request.POST.get("query", "").lstrip("?")
        if request.method != "POST":
            return HttpResponse(status=405)
        if not 1 <= len(name) <= NAME_CHARS or not 1 <= len(query) <= QUERY_CHARS:
            self.message_user(
                request, _("A filter needs a name of at most 30 characters and a choice."), messages.ERROR
            )
            return HttpResponseRedirect(back)
        SavedFilter.objects.update_or_create(
            staff=staff_of(request), page=page, name=name,
            defaults={"query": query, "shared": request.POST.get("shared") == "on"},
        )  # fmt: skip
        self.message_user(request, _("The filter “%(name)s” is kept.") % {"name": name}, messages.SUCCESS)
        return HttpResponseRedirect(f"{back}?{query}")

    def _names(self) -> tuple[str, str]:
        return (
            f"{self.opts.app_label}.{self.opts.model_name}",
            f"{self.opts.app_label}_{self.opts.model_name}",
        )


@admin.register(SavedFilter)
class SavedFilterAdmin(DeskAdmin):
    """One's own filters: to rename, to share, to delete."""

    list_display = ("name", "page", "query", "shared")
    fields = ("name", "query", "shared")
    readonly_fields = ("query",)
    ordering = ("page", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedFilter]:
        """Return one's own."""
        return SavedFilter.objects.filter(staff=staff_of(request))

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: a filter is kept from the list itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow one's own: nothing hangs on it."""
        return obj is None or obj.staff_id == request.user.pk
