"""Missed appointments, restrictions, and the appeals that people decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.clinics import services
from apps.clinics.admin.scope import ClinicAdmin
from apps.clinics.models import Restriction, Strike
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.common.posting import posted


@admin.register(Strike)
class StrikeAdmin(ReadOnlyAdmin, ClinicAdmin):
    unit_path = "institution__department_id"
    list_display = ("on", "patient_shown", "institution", "appointment", "voided_at", "voided_why")
    list_select_related = ("patient", "institution__facility", "appointment")
    ordering = ("-on", "-id")
    fields = ("on", "patient_shown", "institution", "appointment", "created_at", "voided_at", "voided_why")
    readonly_fields = fields

    @admin.display(description=_("patient"))
    def patient_shown(self, strike: Strike) -> str:
        """Return the masked name."""
        return strike.patient.name_masked


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyAdmin, ClinicAdmin):
    unit_path = "institution__department_id"
    list_display = ("patient_shown", "institution", "first_on", "until_on", "appeal", "decided_by")
    list_select_related = ("patient", "institution__facility", "decided_by")
    list_filter = ("appeal",)
    ordering = ("-id",)
    fields = (
        "patient_shown", "institution", "rule", "first_on", "until_on", "appeal", "appeal_text", "appealed_at", "decision",
        "decided_by", "decided_at",
    )  # fmt: skip
    readonly_fields = fields
    change_form_outer_before_template = "admin/clinics/restriction.html"

    @admin.display(description=_("patient"))
    def patient_shown(self, held: Restriction) -> str:
        """Return the masked name."""
        return held.patient.name_masked

    def get_urls(self) -> list[URLPattern]:
        """Add the door of decisions."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:restriction_id>/decide/", wrap(self.decide_view), name="clinics_restriction_decide"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the restriction with the form of the decision while an appeal is open."""
        held = self.get_object(request, object_id) if object_id else None
        context = {"held": held if held and held.appeal == Restriction.Appeal.OPEN else None}
        return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))

    def decide_view(self, request: HttpRequest, restriction_id: UUID) -> HttpResponse:
        """POST: lift the restriction or leave it, with words for the patient."""
        if request.method != "POST":
            return HttpResponse(status=405)
        held = self.get_object(request, str(restriction_id))
        if held is None or not request.user.has_perm("clinics.change_restriction"):
            raise Http404
        try:
            services.restriction_decide(
                restriction_id=restriction_id, staff=staff_of(request), lift=request.POST.get("decision") == "lift",
                words=posted(request, "words"), now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self.message_user(request, _("Decided; the patient is told."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:clinics_restriction_change", args=[restriction_id]))
