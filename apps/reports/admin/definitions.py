"""What the indicators mean: dated rows, one a version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.common.admin import DeskAdmin
from apps.reports import services
from apps.reports.definitions import FormulaUnknown, formula_of
from apps.reports.errors import DefinitionUnknown
from apps.reports.models import IndicatorDefinition


class DefinitionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A definition; its formula must be one that the system holds."""

    class Meta:
        model = IndicatorDefinition
        fields = (
            "code", "version", "name", "numerator", "denominator", "exclusions", "valid_from", "valid_to", "source",
            "small_sample", "is_published", "position",
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Tell early, at the field, what the service would refuse."""
        values = super().clean() or self.cleaned_data
        code = values.get("code", self.instance.code)
        version = values.get("version", self.instance.version)
        if code and version:
            try:
                formula_of(code=code, version=version)
            except FormulaUnknown:
                refused = DefinitionUnknown(code=code, version=version)
                raise forms.ValidationError(refused.text(), refused.code) from None
        return values


@admin.register(IndicatorDefinition)
class IndicatorDefinitionAdmin(DeskAdmin):
    form = DefinitionForm
    list_display = ("name", "code", "version", "valid_from", "valid_to", "small_sample", "is_published")
    list_filter = ("is_published",)
    ordering = ("position", "code", "-version")
    search_fields = ("code", "name")
    search_help_text = _("Code or name")

    def get_readonly_fields(self, _request: HttpRequest, obj: IndicatorDefinition | None = None) -> Any:
        """Keep what figures were told under: code and version of a row never change."""
        return ("code", "version") if obj else ()

    def save_model(self, _request: HttpRequest, obj: IndicatorDefinition, _form: Any, _change: bool) -> None:
        """Hand the form to the service."""
        services.definition_save(definition=obj)
