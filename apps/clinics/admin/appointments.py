"""Appointments at the desk, to find one by its number."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.clinics.admin.scope import ClinicAdmin
from apps.clinics.models import Appointment
from apps.common.admin import ReadOnlyAdmin


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin, ClinicAdmin):
    """To find one by its number; what is done with it is done at its session's sheet."""

    unit_path = "department__institution__department_id"
    list_display = ("number", "patient_shown", "department", "starts_at", "state", "channel")
    list_select_related = ("patient", "department")
    list_filter = ("state", "channel", "on")
    search_fields = ("number",)
    ordering = ("-starts_at", "-id")
    fields = (
        "number", "patient_shown", "department", "session", "starts_at", "ends_at", "state", "channel", "ended_why",
        "created_at", "arrived_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=_("patient"))
    def patient_shown(self, appointment: Appointment) -> str:
        """Return the masked name."""
        return appointment.patient.name_masked
