"""Categories, deadlines and ratings."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.common.admin import ReadOnlyAdmin, ReferenceAdmin
from apps.feedback.models import Case, Category, DeadlineProfile, Rating


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


@admin.register(DeadlineProfile)
class DeadlineProfileAdmin(ReferenceAdmin):
    list_display = (
        "code", "name", "respond_value", "respond_unit", "settle_value", "settle_unit", "valid_from", "valid_to",
        "confirmed",
    )  # fmt: skip
    ordering = ("code", "-valid_from")


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("case", "resolved", "satisfaction", "at")
    list_select_related = ("case",)
    list_filter = ("resolved", "satisfaction")
    ordering = ("-id",)
    fields = ("case", "resolved", "satisfaction", "comment", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        """Return the ratings of the cases that this person may see."""
        return Rating.objects.filter(case__in=Case.objects.visible_to(request.user)).select_related("case")
