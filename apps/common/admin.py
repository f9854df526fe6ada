"""Reference data in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from apps.common.changes import announce
from apps.common.dispatch import send_after_commit
from apps.common.models import CalendarDay, Community, Street

CALENDAR_SETTLES_S = 30


class DeskAdmin(ModelAdmin):
    """What every list of the desk keeps: 20 rows, no count over the table, nothing deleted."""

    list_per_page = 20
    show_full_result_count = False
    paginator = InfinitePaginator
    actions: ClassVar[Any] = None

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: rows end by a date or a state."""
        return False


class ReferenceAdmin(DeskAdmin):
    """Reference data that public answers are made from."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let public answers be made anew."""
        super().save_model(request, obj, form, change)
        announce("reference")


class ReadOnlyAdmin(DeskAdmin):
    """Rows that staff look at and services write."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(CalendarDay)
class CalendarDayAdmin(ReferenceAdmin):
    list_display = ("on", "name", "kind", "status", "source")
    list_filter = ("kind", "status")
    ordering = ("-on",)

    def save_model(self, request: HttpRequest, obj: CalendarDay, form: Any, change: bool) -> None:
        """Save, and have the open deadlines computed anew once several days typed in a row are all there."""
        super().save_model(request, obj, form, change)
        send_after_commit("feedback.deadlines_recompute", lane="periodic", countdown_s=CALENDAR_SETTLES_S)


@admin.register(Street)
class StreetAdmin(ReferenceAdmin):
    list_display = ("code", "name", "valid_from", "valid_to", "replaced_by", "selectable", "managed")
    list_select_related = ("replaced_by",)
    search_fields = ("code", "name", "pinyin")
    ordering = ("code",)


@admin.register(Community)
class CommunityAdmin(ReferenceAdmin):
    list_display = ("code", "name", "street", "is_village", "valid_from", "valid_to", "selectable")
    list_select_related = ("street",)
    search_fields = ("code", "name", "pinyin")
    ordering = ("code",)
