"""Columns in the admin, and who works in them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.common.admin import DeskAdmin
from apps.common.errors import Refused
from apps.news import services
from apps.news.models import Column, ColumnRight


class RightInline(TabularInline):
    model = ColumnRight
    extra = 0
    autocomplete_fields = ("staff",)


@admin.register(Column)
class ColumnAdmin(DeskAdmin):
    list_display = ("tree_shown", "slug", "levels", "proofs", "stale_days", "position", "is_active")
    search_fields = ("name", "slug")
    ordering = ("path",)
    fields = (
        "name", "slug", "parent", "position", "is_active", "levels", "proofs", "stale_days", "stale_basis",
    )  # fmt: skip
    autocomplete_fields = ("parent",)
    inlines: ClassVar[Any] = [RightInline]

    @admin.display(description=_("name"), ordering="path")
    def tree_shown(self, column: Column) -> str:
        """Return the name with an indent for each level above it."""
        return "　" * (column.path.count("/") - 2) + column.name

    def save_model(self, _request: HttpRequest, obj: Column, _form: Any, _change: bool) -> None:
        """Hand the form to the service, which keeps the paths of all below."""
        services.column_save(column=obj)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what the tree refuses as a message."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)


@admin.register(ColumnRight)
class ColumnRightAdmin(DeskAdmin):
    list_display = ("staff", "column")
    list_select_related = ("staff", "column")
    autocomplete_fields = ("staff", "column")
    search_fields = ("staff__username", "staff__display_name")
    ordering = ("staff", "column")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a right be taken away by who may give it."""
        del obj
        return bool(request.user.has_perm("news.delete_columnright"))
