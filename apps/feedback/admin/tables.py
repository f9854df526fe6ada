"""Categories, deadlines, channels, the duty list, reply templates and ratings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from apps.common.admin import DeskAdmin, ReadOnlyAdmin, ReferenceAdmin
from apps.common.changes import announce
from apps.feedback.models import (
    Case,
    Category,
    DeadlineProfile,
    DeadlineRule,
    DutyClause,
    HandoverChannel,
    Rating,
    ReplyTemplate,
)


@admin.register(Category)
class CategoryAdmin(ReferenceAdmin):
    list_display = (
        "code",
        "name",
        "parent",
        "lead",
        "profile_code",
        "territorial",
        "public_by_default",
        "sensitive",
    )
    list_select_related = ("parent", "lead")
    list_filter = ("sensitive", "public_by_default", "territorial")
    search_fields = ("code", "name")
    ordering = ("code",)
    autocomplete_fields = ("parent", "lead", "support")

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """Save; a category that became sensitive takes its entries off the public board at once."""
        super().save_model(request, obj, form, change)
        announce("board")


@admin.register(DeadlineProfile)
class DeadlineProfileAdmin(ReferenceAdmin):
    list_display = (
        "code", "name", "respond_value", "respond_unit", "settle_value", "settle_unit", "valid_from", "valid_to",
        "confirmed",
    )  # fmt: skip
    ordering = ("code", "-valid_from")


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(ReferenceAdmin):
    list_display = (
        "position", "request_type", "category", "urgency", "over", "profile_code", "valid_from", "valid_to", "basis",
    )  # fmt: skip
    list_display_links = ("position", "profile_code")
    list_select_related = ("category",)
    autocomplete_fields = ("category",)
    ordering = ("position", "id")


@admin.register(HandoverChannel)
class HandoverChannelAdmin(ReferenceAdmin):
    list_display = ("name", "how", "source", "is_active")
    ordering = ("name",)


@admin.register(DutyClause)
class DutyClauseAdmin(ReferenceAdmin):
    list_display = ("code", "text", "source", "is_active")
    search_fields = ("code", "text")
    ordering = ("code",)


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(SimpleHistoryAdmin, DeskAdmin):
    """Templates; the history holds every version, and an answer keeps which one it started from."""

    list_display = ("name", "use", "category", "version", "is_active")
    list_select_related = ("category",)
    list_filter = ("use", "is_active")
    search_fields = ("name", "text")
    autocomplete_fields = ("category",)
    ordering = ("use", "name")

    def save_model(self, request: HttpRequest, obj: ReplyTemplate, form: Any, change: bool) -> None:
        """Count the version up with each change."""
        if change and form.changed_data:
            obj.version += 1
        super().save_model(request, obj, form, change)


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("case", "resolved", "satisfaction", "at", "called_by")
    list_select_related = ("case", "called_by")
    list_filter = ("resolved", "satisfaction")
    ordering = ("-id",)
    fields = ("case", "resolved", "satisfaction", "comment", "at", "called_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        """Return the ratings of the cases that this person may see."""
        return Rating.objects.filter(case__in=Case.objects.visible_to(request.user)).select_related(
            "case", "called_by"
        )
