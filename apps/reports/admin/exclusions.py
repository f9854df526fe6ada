"""Leaving a case out of the indicators: asked by one person, decided by another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.accounts.states import Role
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.api.fields import text_clean
from apps.common.errors import Refused
from apps.reports import selectors, services
from apps.reports.definitions import Basis
from apps.reports.labels import BASIS_LABELS
from apps.reports.models import CaseExclusion


class ExclusionForm(forms.Form):
    """Which case, on what basis, and why."""

    number = forms.CharField(label=_("Case number"), max_length=16)
    basis = forms.ChoiceField(
        label=_("Basis"), choices=[(basis.value, BASIS_LABELS[basis]) for basis in Basis]
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=services.REASON_CHARS, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Someone else decides by these words. No personal data."),
    )  # fmt: skip

    def clean_reason(self) -> str:
        """Return the reason without control characters."""
        return text_clean(self.cleaned_data["reason"]).strip()


@admin.register(CaseExclusion)
class CaseExclusionAdmin(ReadOnlyAdmin):
    list_display = ("case", "basis", "state", "asked_by", "asked_at", "decided_by", "decided_at")
    list_select_related = ("case", "asked_by", "decided_by")
    list_filter = ("state", "basis")
    search_fields = ("case__number__startswith",)
    search_help_text = _("The beginning of a case number")
    ordering = ("-asked_at", "-id")
    fields = (
        "case", "basis", "reason", "state", "asked_by", "asked_at", "decided_by", "decided_at", "counted_at",
    )  # fmt: skip
    change_form_outer_before_template = "admin/reports/decide.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseExclusion]:
        """Return the exclusions of cases that this person may see."""
        return selectors.exclusions_visible(staff=staff_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those ask whose role allows it."""
        return bool(request.user.has_perm("reports.add_caseexclusion"))

    def get_urls(self) -> list[URLPattern]:
        """Add the door of the decision."""
        door = self.admin_site.admin_view(self.decide_view)
        return [
            path("<uuid:exclusion_id>/decide/<str:decision>/", door, name="reports_exclusion_decide"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show the request's form; what is refused shows it again with what was typed."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            return HttpResponse(status=403)
        form = ExclusionForm(request.POST or None, initial={"number": request.GET.get("number", "")[:16]})
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    self._ask(request, form.cleaned_data)
                except Refused as refused:
                    form.add_error(refused.attr if refused.attr in form.fields else None, refused.text())
                    status = refused.status
                else:
                    return HttpResponseRedirect(reverse("admin:reports_caseexclusion_changelist"))
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form,
            "title": _("Ask that a case be left out of the indicators"),
        }  # fmt: skip
        return TemplateResponse(request, "admin/reports/exclusion.html", context, status=status)

    def _ask(self, request: HttpRequest, given: dict[str, str]) -> None:
        services.exclusion_ask(
            number=given["number"].strip(), staff=staff_of(request), basis=Basis(given["basis"]),
            reason=given["reason"], now=clock.now(),
        )  # fmt: skip
        self.message_user(request, _("Asked for: someone else decides."), messages.SUCCESS)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the request, with the decision where it is this person's."""
        exclusion = self.get_object(request, object_id)
        staff = staff_of(request)
        open_here = (
            exclusion is not None
            and exclusion.state == CaseExclusion.State.ASKED
            and Role.DESK_HEAD in staff.roles
            and exclusion.asked_by_id != staff.pk
        )
        context = {"exclusion": exclusion if open_here else None, **(extra_context or {})}
        found: HttpResponse = super().change_view(request, object_id, form_url, context)
        return found

    def decide_view(self, request: HttpRequest, exclusion_id: Any, decision: str) -> HttpResponse:
        """POST: approve or deny, and go back with what came of it as a message."""
        if request.method != "POST" or decision not in ("approve", "deny"):
            return HttpResponse(status=405)
        try:
            services.exclusion_decide(
                exclusion_id=exclusion_id, staff=staff_of(request), approve=decision == "approve",
                now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            done = _("Approved: the figures are counted anew.") if decision == "approve" else _("Denied.")
            self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:reports_caseexclusion_change", args=[exclusion_id]))
