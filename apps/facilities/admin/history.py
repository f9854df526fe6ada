"""The history of places and who verified what: to be read, never written."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.common.admin import ReadOnlyAdmin
from apps.facilities.labels import changes_shown
from apps.facilities.models import Assurance, FacilityEvent


@admin.register(FacilityEvent)
class FacilityEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "facility", "verb", "staff", "changed_shown", "text")
    list_select_related = ("facility", "staff")
    list_filter = ("verb",)
    search_fields = ("facility__name", "facility__code")
    ordering = ("-id",)
    fields = ("facility", "at", "verb", "staff", "changed_shown", "text")
    readonly_fields = fields

    @admin.display(description=_("what was changed"))
    def changed_shown(self, event: FacilityEvent) -> str:
        """Return what was changed, in words."""
        return changes_shown(event.changed)


@admin.register(Assurance)
class AssuranceAdmin(ReadOnlyAdmin):
    list_display = ("assured_on", "facility", "method", "by", "valid_to")
    list_select_related = ("facility", "by")
    list_filter = ("method",)
    search_fields = ("facility__name", "facility__code")
    ordering = ("-id",)
    fields = ("facility", "assured_on", "method", "by", "valid_to", "at")
