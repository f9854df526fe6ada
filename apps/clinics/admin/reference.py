"""Institutions, who works there, when, and the rules by which they are booked."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.clinics.admin.scope import ClinicAdmin
from apps.clinics.models import (
    Alliance,
    AttendanceRule,
    BookingRule,
    Department,
    Institution,
    Practitioner,
    ReferralTerm,
    Room,
    SessionTemplate,
    TemplateException,
)
from apps.clinics.models.sessions import POOLS
from apps.common.admin import DeskAdmin


@admin.register(Alliance)
class AllianceAdmin(DeskAdmin):
    list_display = ("name", "source")
    ordering = ("name",)


@admin.register(Institution)
class InstitutionAdmin(ClinicAdmin):
    unit_path = "department_id"
    list_display = ("facility", "level", "alliance", "leads", "is_station", "is_active")
    list_select_related = ("facility", "alliance")
    list_filter = ("level", "is_station")
    ordering = ("facility__name",)


@admin.register(Department)
class DepartmentAdmin(ClinicAdmin):
    unit_path = "institution__department_id"
    list_display = ("name", "institution", "kind", "min_age", "max_age", "is_active")
    list_select_related = ("institution__facility",)
    search_fields = ("name", "code")
    ordering = ("institution__facility__name", "name")


@admin.register(Practitioner)
class PractitionerAdmin(ClinicAdmin):
    unit_path = "institution__department_id"
    list_display = ("name", "title", "institution", "is_active")
    list_select_related = ("institution__facility",)
    search_fields = ("name",)
    ordering = ("institution__facility__name", "name")


@admin.register(Room)
class RoomAdmin(ClinicAdmin):
    unit_path = "institution__department_id"
    list_display = ("name", "institution")
    list_select_related = ("institution__facility",)
    ordering = ("institution__facility__name", "name")


class DatedRuleAdmin(ClinicAdmin):
    """A rule is followed by another; the earlier one stays to be read."""

    unit_path = "institution__department_id"
    list_select_related = ("institution__facility",)
    ordering = ("-valid_from",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rules of the person's institutions and those of the whole district, which hold for them too."""
        mine: QuerySet[Any] = super().get_queryset(request)
        everyones: QuerySet[Any] = self.model._default_manager.filter(institution=None)
        return mine | everyones


@admin.register(BookingRule)
class BookingRuleAdmin(DatedRuleAdmin):
    list_display = (
        "institution",
        "valid_from",
        "valid_to",
        "days_ahead",
        "release_time",
        "cancel_hours",
        "cancel_by",
        "source",
    )


@admin.register(AttendanceRule)
class AttendanceRuleAdmin(DatedRuleAdmin):
    list_display = (
        "institution",
        "valid_from",
        "valid_to",
        "strikes",
        "window_days",
        "restrict_days",
        "source",
    )


@admin.register(ReferralTerm)
class ReferralTermAdmin(DeskAdmin):
    list_display = ("urgency", "state", "hours", "valid_from", "source")
    ordering = ("urgency", "state", "-valid_from")


class TemplateExceptionInline(TabularInline):
    model = TemplateException
    extra = 0
    fields = ("on", "starts", "ends", "reason")


class WeeklyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A weekly session; the units of its slots by pool as numbers."""

    public = forms.IntegerField(
        label=_("units of a slot for everyone"),
        min_value=0,
        max_value=200,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    referral = forms.IntegerField(
        label=_("units of a slot for referrals"),
        min_value=0,
        max_value=200,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    counter = forms.IntegerField(
        label=_("units of a slot at the counter"),
        min_value=0,
        max_value=200,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    elderly = forms.IntegerField(
        label=_("units of a slot for the elderly"),
        min_value=0,
        max_value=200,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = SessionTemplate
        fields = (
            "department", "practitioner", "room", "weekday", "on_holidays", "starts", "ends", "slot_minutes",
            "opens_to_all_hours", "valid_from", "valid_to",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in POOLS:
                self.initial[name] = self.instance.pools.get(name, 0)

    def clean(self) -> dict[str, Any]:
        """Put the numbers together; a slot without any would be nobody's."""
        given: dict[str, Any] = super().clean() or {}
        pools = {name: given[name] for name in POOLS if given.get(name)}
        if not pools:
            self.add_error("public", _("Please give at least one unit."))
        self.instance.pools = pools
        return given


@admin.register(SessionTemplate)
class SessionTemplateAdmin(ClinicAdmin):
    form = WeeklyForm
    fields = (
        "department", "practitioner", "room", "weekday", "on_holidays", "starts", "ends", "slot_minutes", "public", "referral",
        "counter", "elderly", "opens_to_all_hours", "valid_from", "valid_to",
    )  # fmt: skip
    unit_path = "department__institution__department_id"
    list_display = (
        "department", "practitioner", "room", "weekday", "on_holidays", "starts", "ends", "slot_minutes", "valid_from",
        "valid_to",
    )  # fmt: skip
    list_select_related = ("department", "practitioner", "room")
    list_filter = ("weekday",)
    ordering = ("department__name", "weekday", "starts")
    inlines: ClassVar[Any] = [TemplateExceptionInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for sessions; exceptions can be taken back."""
        return False
