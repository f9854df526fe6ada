"""Institutions and their sessions, patients, appointments, attendance, waiting, referrals."""

from apps.clinics.models.appointments import Appointment, AppointmentEvent, WaitRequest
from apps.clinics.models.attendance import AttendanceRule, Restriction, Strike
from apps.clinics.models.institutions import (
    Alliance,
    BookingRule,
    Department,
    Institution,
    Practitioner,
    Room,
)
from apps.clinics.models.patients import Patient, PatientAccess
from apps.clinics.models.referrals import Referral, ReferralConsent, ReferralEvent, ReferralTerm
from apps.clinics.models.sessions import ClinicSession, SessionTemplate, Slot, Suspension, TemplateException

__all__ = [
    "Alliance", "Appointment", "AppointmentEvent", "AttendanceRule", "BookingRule", "ClinicSession", "Department",
    "Institution", "Patient", "PatientAccess", "Practitioner", "Referral", "ReferralConsent", "ReferralEvent",
    "ReferralTerm", "Restriction", "Room", "SessionTemplate", "Slot", "Strike", "Suspension", "TemplateException",
    "WaitRequest",
]  # fmt: skip
