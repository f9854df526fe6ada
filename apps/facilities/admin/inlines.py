"""What belongs to a place, row by row in its form.  The rows are read here and written by services, each lot as a whole."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.common.errors import Refused
from apps.common.files import image_clean
from apps.common.uploads import upload_link
from apps.facilities.admin.fields import ClockField, SpansField
from apps.facilities.errors import HoursWrong
from apps.facilities.labels import changes_shown
from apps.facilities.models import (
    AccessibilityFact,
    Alias,
    DayException,
    FacilityEvent,
    OpeningRule,
    Photo,
    ServiceAtFacility,
)
from apps.facilities.opening import DAY_MIN, Rule, rules_check, spans_check

EVENTS_SHOWN = 20


def rows_kept(formset: Any) -> list[dict[str, Any]]:
    """Return what the rows of a valid formset say, without those that are empty or taken out."""
    return [
        form.cleaned_data
        for form in formset.forms
        if form not in formset.deleted_forms
        and (form.instance.pk or form.has_changed())
        and form.cleaned_data
    ]


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A weekly rule; the rows are compared with each other by the formset."""

    opens_min = ClockField(label=_("opens"))
    closes_min = ClockField(label=_("closes"))

    class Meta:
        model = OpeningRule
        fields = ("weekday", "opens_min", "closes_min", "valid_from", "valid_to", "note")

    def clean(self) -> dict[str, Any] | None:
        """Take an end before its beginning as one of the next day."""
        values = super().clean()
        opens, closes = self.cleaned_data.get("opens_min"), self.cleaned_data.get("closes_min")
        if opens is not None and closes is not None and closes <= opens:
            self.cleaned_data["closes_min"] = closes + DAY_MIN
        return values

    def validate_constraints(self) -> None:
        """Leave it to the formset: a row may stand where another one stood before."""


class RuleFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Refuse rules that overlap or are impossible, before anything typed is lost."""
        super().clean()
        if any(self.errors):
            return
        names = ("weekday", "opens_min", "closes_min", "valid_from", "valid_to")
        rules = [Rule(*(row.get(name) for name in names)) for row in rows_kept(self)]  # type: ignore[arg-type]
        if rules_check(rules) is not None:
            raise ValidationError(str(HoursWrong.message), HoursWrong.code)


class RuleInline(TabularInline):
    model = OpeningRule
    form = RuleForm
    formset = RuleFormSet
    extra = 0
    verbose_name_plural = _("weekly opening hours")
    ordering = ("weekday", "opens_min", "id")


class DayForm(forms.ModelForm):  # type: ignore[type-arg]
    """An exception day."""

    spans = SpansField(label=_("hours of the day"), required=False, help_text=_("Empty: closed all day."))

    class Meta:
        model = DayException
        fields = ("on", "spans", "reason")

    def clean_spans(self) -> Any:
        """Refuse hours that overlap or are impossible."""
        spans = self.cleaned_data["spans"]
        if spans_check(spans) is not None:
            raise ValidationError(str(HoursWrong.message), HoursWrong.code)
        return spans


class DayInline(TabularInline):
    model = DayException
    form = DayForm
    extra = 0
    ordering = ("on",)


class FactInline(TabularInline):
    model = AccessibilityFact
    fields = ("feature", "value", "note", "checked_on")
    extra = 0
    ordering = ("id",)


class OfferInline(TabularInline):
    model = ServiceAtFacility
    fields = ("service", "note", "fee")
    autocomplete_fields = ("service",)
    extra = 0
    ordering = ("service__code",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAtFacility]:
        """Return the rows with their services."""
        rows: QuerySet[ServiceAtFacility] = super().get_queryset(request)
        return rows.select_related("service")


class AliasInline(TabularInline):
    model = Alias
    fields = ("name",)
    extra = 0
    ordering = ("id",)


class PhotoForm(forms.ModelForm):  # type: ignore[type-arg]
    """A picture; the file is asked for once."""

    file = forms.FileField(
        label=_("file"), required=False, widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/*"})
    )

    class Meta:
        model = Photo
        fields = ("alt", "position")

    def clean(self) -> dict[str, Any] | None:
        """Refuse a new row without a picture, and what is no picture."""
        values = super().clean()
        file = self.cleaned_data.get("file")
        if self.instance.pk is None and file is None:
            self.add_error("file", ValidationError(_("Choose a picture."), "required"))
        elif file is not None and self.instance.pk is not None:
            self.add_error("file", ValidationError(_("Another picture is a row of its own."), "taken"))
        elif file is not None:
            try:
                image_clean(stream=file)
                file.seek(0)
            except Refused as refused:
                self.add_error("file", ValidationError(refused.text(), refused.code))
        return values


class PhotoInline(TabularInline):
    model = Photo
    form = PhotoForm
    fields = ("shown", "file", "alt", "position")
    readonly_fields = ("shown",)
    extra = 0
    ordering = ("position", "id")

    @admin.display(description=_("picture"))
    def shown(self, photo: Photo) -> str:
        """Return the picture, small; nothing in a row that is being filled in."""
        if photo._state.adding:
            return "-"
        return format_html(
            '<img class="qs-thumb" src="{}" alt="" width="64" loading="lazy">',
            upload_link(photo.upload, thumb=True),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        """Return the rows with their uploads."""
        rows: QuerySet[Photo] = super().get_queryset(request)
        return rows.select_related("upload")


class EventInline(TabularInline):
    """The newest lines of the place's history."""

    model = FacilityEvent
    fields = ("at", "verb", "staff", "changed_shown", "text")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    ordering = ("-id",)
    verbose_name_plural = _("newest lines of the history")

    @admin.display(description=_("what was changed"))
    def changed_shown(self, event: FacilityEvent) -> str:
        """Return what was changed, in words."""
        return changes_shown(event.changed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FacilityEvent]:
        """Return the newest lines of the place that is open."""
        rows: QuerySet[FacilityEvent] = super().get_queryset(request).select_related("staff")
        match = request.resolver_match
        place: Any = match.kwargs.get("object_id") if match else None
        newest = FacilityEvent.objects.filter(facility_id=place).order_by("-id").values("id")[:EVENTS_SHOWN]
        return rows.filter(id__in=newest) if place else rows.none()

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: history is written by what is done."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False
