"""What places refer to: organisations, kinds, services and matters, terms of assurances."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.common.admin import DeskAdmin
from apps.facilities import services
from apps.facilities.admin.fields import PapersField
from apps.facilities.models import AssuranceTerm, FacilityKind, Organisation, Service


class CatalogueAdmin(DeskAdmin):
    """Rows that places are found by."""

    def save_model(self, _request: HttpRequest, obj: Any, _form: Any, _change: bool) -> None:
        """Hand the row to the service, which makes anew what the places are found by."""
        services.catalogue_save(row=obj)


@admin.register(Organisation)
class OrganisationAdmin(CatalogueAdmin):
    list_display = ("name", "code", "kind", "department", "source")
    list_select_related = ("department",)
    list_filter = ("kind",)
    search_fields = ("name", "short", "code")
    ordering = ("code",)
    autocomplete_fields = ("department",)


@admin.register(FacilityKind)
class FacilityKindAdmin(CatalogueAdmin):
    list_display = ("name", "code", "circle_group", "walk_expected", "tier", "position")
    search_fields = ("name", "code")
    ordering = ("position", "code")

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the code of a kind that is there: places refer to it."""
        return ("code",) if obj else ()


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A service or matter."""

    documents = PapersField(
        label=_("what to bring"), required=False,
        help_text=_("One paper a line, at most 30: name | copies (a whole number) | note."),
    )  # fmt: skip
    levels = forms.MultipleChoiceField(
        label=_("levels"),
        required=False,
        choices=FacilityKind.Tier.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Service
        fields = (
            "code", "name", "kind", "description", "eligibility", "min_age", "max_age", "fee", "fee_source", "documents",
            "promised_days", "levels", "department", "source", "is_active",
        )  # fmt: skip


@admin.register(Service)
class ServiceAdmin(CatalogueAdmin):
    form = ServiceForm
    list_display = ("name", "code", "kind", "department", "promised_days", "is_active")
    list_select_related = ("department",)
    list_filter = ("kind", "is_active")
    search_fields = ("name", "code")
    ordering = ("code",)
    autocomplete_fields = ("department",)


@admin.register(AssuranceTerm)
class AssuranceTermAdmin(DeskAdmin):
    list_display = ("kind_shown", "days", "valid_from", "valid_to", "source")
    list_select_related = ("kind",)
    ordering = ("kind", "valid_from", "id")
    autocomplete_fields = ("kind",)

    @admin.display(description=_("kind of place"), ordering="kind")
    def kind_shown(self, row: AssuranceTerm) -> str:
        """Return the kind, or that it is for every other."""
        return str(row.kind or _("every other kind"))
