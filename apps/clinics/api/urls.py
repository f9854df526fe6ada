"""Paths below /api/v1/."""

from collections.abc import Callable
from functools import partial

from django.http.response import HttpResponseBase
from django.urls import path

from apps.clinics.api import views, waiting_views
from apps.common.api.public_cache import public_cached

# What remains changes with each booking and by the clock: nobody keeps it, but who has it already is told so.
fresh: Callable[..., Callable[..., HttpResponseBase]] = partial(
    public_cached, namespace="clinics", max_age_s=0, keeps=lambda _request: False
)

urlpatterns = [
    path("clinics/departments", fresh(views.DepartmentsView.as_view()), name="clinics-departments"),
    path("clinics/departments/<int:department_id>/sessions", fresh(views.SessionsView.as_view()), name="clinics-sessions"),
    path("clinics/sessions/<uuid:session_id>/slots", fresh(views.SlotsView.as_view()), name="clinics-slots"),
    path("clinics/calendar/<str:token>", views.CalendarLinkView.as_view(), name="clinics-calendar-link"),
    path("patients", views.PatientsView.as_view(), name="patients"),
    path("patients/<uuid:access_id>", views.PatientAccessView.as_view(), name="patient-access"),
    path("clinics/holds", views.HoldsView.as_view(), name="clinics-holds"),
    path("clinics/appointments", views.AppointmentsView.as_view(), name="clinics-appointments"),
    path("clinics/appointments/<str:number>", views.AppointmentView.as_view(), name="clinics-appointment"),
    path(
        "clinics/appointments/<str:number>/cancel", views.AppointmentCancelView.as_view(), name="clinics-appointment-cancel"
    ),
    path("clinics/appointments/<str:number>/check-in", views.CheckInView.as_view(), name="clinics-check-in"),
    path(
        "clinics/appointments/<str:number>/calendar.ics", views.CalendarView.as_view(), name="clinics-appointment-calendar"
    ),
    path("clinics/waitlist", waiting_views.WaitlistView.as_view(), name="clinics-waitlist"),
    path("clinics/waitlist/<uuid:wait_id>", waiting_views.WaitView.as_view(), name="clinics-wait"),
    path("clinics/waitlist/<uuid:wait_id>/accept", waiting_views.WaitAcceptView.as_view(), name="clinics-wait-accept"),
    path("clinics/waitlist/<uuid:wait_id>/decline", waiting_views.WaitDeclineView.as_view(), name="clinics-wait-decline"),
    path("clinics/restrictions", waiting_views.RestrictionsView.as_view(), name="clinics-restrictions"),
    path("clinics/restrictions/<uuid:restriction_id>/appeal", waiting_views.AppealView.as_view(), name="clinics-appeal"),
    path("clinics/referrals", waiting_views.ReferralsView.as_view(), name="clinics-referrals"),
    path(
        "clinics/referrals/<uuid:referral_id>/consent", waiting_views.ReferralConsentView.as_view(),
        name="clinics-referral-consent",
    ),
    path(
        "clinics/referrals/<uuid:referral_id>/withdraw", waiting_views.ReferralWithdrawView.as_view(),
        name="clinics-referral-withdraw",
    ),
]  # fmt: skip
