"""Paths below /api/v1/."""

from collections.abc import Callable
from functools import partial

from django.http.response import HttpResponseBase
from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.schools.api import catchment_views, family_views, views

# Counters move with each application: nobody keeps them, but who has the same already is told so.
fresh: Callable[..., Callable[..., HttpResponseBase]] = partial(
    public_cached, namespace="schools", max_age_s=0, keeps=lambda _request: False
)

urlpatterns = [
    path("schools/rounds", fresh(views.RoundsView.as_view()), name="schools-rounds"),
    path("schools/rounds/<uuid:round_id>", fresh(views.RoundView.as_view()), name="schools-round"),
    path("schools/rounds/<uuid:round_id>/intakes", fresh(views.IntakesView.as_view()), name="schools-intakes"),
    path("schools/rounds/<uuid:round_id>/history", fresh(views.HistoryView.as_view()), name="schools-history"),
    path("schools/rounds/<uuid:round_id>/draw", fresh(views.DrawView.as_view()), name="schools-draw"),
    path("schools/rounds/<uuid:round_id>/draw/files/<str:name>", views.DrawFileView.as_view(), name="schools-draw-file"),
    path("schools/catchment", fresh(catchment_views.CatchmentView.as_view()), name="schools-catchment"),
    path("children", family_views.ChildrenView.as_view(), name="children"),
    path("children/guardians/<uuid:guardianship_id>/confirm", family_views.GuardianConfirmView.as_view(), name="guardian-confirm"),
    path("children/guardians/<uuid:guardianship_id>", family_views.GuardianView.as_view(), name="guardian"),
    path("schools/applications", family_views.ApplicationsView.as_view(), name="schools-applications"),
    path("schools/applications/<uuid:application_id>", family_views.ApplicationView.as_view(), name="schools-application"),
    path("schools/applications/<uuid:application_id>/documents", family_views.DocumentsView.as_view(), name="schools-documents"),
    path(
        "schools/applications/<uuid:application_id>/documents/<uuid:document_id>", family_views.DocumentView.as_view(),
        name="schools-document",
    ),
    path("schools/applications/<uuid:application_id>/submit", family_views.SubmitView.as_view(), name="schools-submit"),
    path("schools/applications/<uuid:application_id>/withdraw", family_views.WithdrawView.as_view(), name="schools-withdraw"),
    path("schools/applications/<uuid:application_id>/object", family_views.ObjectView.as_view(), name="schools-object"),
    path("schools/applications/<uuid:application_id>/result", family_views.ResultView.as_view(), name="schools-result"),
    path("schools/applications/<uuid:application_id>/offer/accept", family_views.AcceptView.as_view(), name="schools-offer-accept"),
    path("schools/applications/<uuid:application_id>/offer/decline", family_views.DeclineView.as_view(), name="schools-offer-decline"),
    path("schools/applications/<uuid:application_id>/offer/appeal", family_views.AppealView.as_view(), name="schools-appeal"),
]  # fmt: skip
