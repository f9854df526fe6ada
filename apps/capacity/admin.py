"""What the nights counted, and who changed how many units there are: to be read."""

from __future__ import annotations

from django.contrib import admin

from apps.capacity.models import Reconciliation, TotalChange
from apps.common.admin import ReadOnlyAdmin


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("at", "pools", "units", "used", "claimed", "differing")
    ordering = ("-at",)


@admin.register(TotalChange)
class TotalChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "pool", "before", "after", "reason", "actor")
    list_select_related = ("pool",)
    ordering = ("-id",)
