"""Routing rules: written as drafts, tried on last month's cases, switched on by the head of the desk."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin, ReferenceAdmin
from apps.common.errors import Refused
from apps.feedback import services
from apps.feedback.models import RoutingRule, RoutingTrial, Ruling


class TrialInline(TabularInline):
    """What the rule's versions would have done."""

    model = RoutingTrial
    extra = 0
    max_num = 0
    can_delete = False
    fields = ("at", "rule_version", "since", "cases", "matched", "same_unit", "other_unit", "samples_shown")
    readonly_fields = fields
    ordering = ("-at",)

    @admin.display(description=_("of those to another unit"))
    def samples_shown(self, trial: RoutingTrial) -> str:
        """Return the numbers of the first cases."""
        return "、".join(one["number"] for one in trial.samples[:10]) or "-"

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: a dry run is made by its button."""
        return False


@admin.register(RoutingRule)
class RoutingRuleAdmin(ReferenceAdmin):
    """Rules by their order."""

    list_display = ("position", "name", "mode", "unit", "to_street", "valid_from", "valid_to", "version")
    list_display_links = ("name",)
    list_select_related = ("unit",)
    list_filter = ("mode",)
    ordering = ("position", "id")
    autocomplete_fields = ("unit", "co_units")
    inlines: ClassVar[Any] = [TrialInline]
    change_form_before_template = "admin/feedback/rule_switch.html"

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        """Save; a rule that was changed is a draft again until it was tried anew."""
        if change and form.changed_data:
            services.rule_changed(row=obj)
            self.message_user(
                request,
                _("The rule is a draft again: try it on last month's cases before it goes live."),
                messages.INFO,
            )
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of dry run and switch."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:rule_id>/try/", wrap(self.try_view), name="feedback_routingrule_try"),
            path(
                "<int:rule_id>/switch/<str:mode>/", wrap(self.switch_view), name="feedback_routingrule_switch"
            ),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """POST: run the rule over last month's cases."""
        if request.method != "POST":
            return HttpResponse(status=405)
        try:
            made = services.rule_try(rule_id=rule_id, staff=staff_of(request), now=clock.now())
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            words = _(
                "Of %(cases)s cases the rule fits %(matched)s: %(same)s as they went, %(other)s otherwise."
            )
            told = {
                "cases": made.cases,
                "matched": made.matched,
                "same": made.same_unit,
                "other": made.other_unit,
            }
            self.message_user(request, words % told, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:feedback_routingrule_change", args=[rule_id]))

    def switch_view(self, request: HttpRequest, rule_id: int, mode: str) -> HttpResponse:
        """POST: draft, shadow or live."""
        if request.method != "POST" or mode not in RoutingRule.Mode.values:
            return HttpResponse(status=405)
        try:
            services.rule_switch(rule_id=rule_id, mode=mode, staff=staff_of(request))
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            word = RoutingRule.Mode(mode).label
            self.message_user(request, _("The rule is now: %(mode)s.") % {"mode": word}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:feedback_routingrule_change", args=[rule_id]))


@admin.register(Ruling)
class RulingAdmin(ReadOnlyAdmin):
    """Which unit disputed cases belong to."""

    list_display = ("at", "category", "street", "unit", "clause", "reason")
    list_select_related = ("category", "street", "unit", "clause")
    ordering = ("-at",)
    fields = ("at", "case", "category", "street", "unit", "clause", "reason", "staff")
