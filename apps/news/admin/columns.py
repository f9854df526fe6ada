"""Columns in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.common.admin import DeskAdmin
from apps.common.changes import announce
from apps.news.models import Column


@admin.register(Column)
class ColumnAdmin(DeskAdmin):
    list_display = ("name", "slug", "parent", "position", "is_active")
    list_select_related = ("parent",)
    ordering = ("position", "id")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and let public answers be made anew."""
        super().save_model(request, obj, form, change)
        announce("news")
