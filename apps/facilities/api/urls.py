"""Paths below /api/v1/."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.facilities.api import views
from apps.facilities.selectors import answers_end


def _is_shared(request: HttpRequest) -> bool:
    """Whether others may ask the same: who stands elsewhere asks for another place."""
    return "near" not in request.GET


public: Callable[..., Callable[..., HttpResponseBase]] = partial(
    public_cached, namespace="facilities", keeps=_is_shared
)
# Nobody keeps "open" beyond the minute in which it closes.
timed: Callable[..., Callable[..., HttpResponseBase]] = partial(public, ends=answers_end)

urlpatterns = [
    path("facilities", timed(views.FacilitiesView.as_view()), name="facilities"),
    path("facilities/<uuid:facility_id>", timed(views.FacilityView.as_view()), name="facility"),
    path(
        "facilities/<uuid:facility_id>/corrections",
        views.CorrectionView.as_view(),
        name="facility-corrections",
    ),
    path("me/facility-corrections", views.CorrectionsView.as_view(), name="my-facility-corrections"),
    path("circle", public(views.CircleView.as_view()), name="circle"),
    path("services", public(views.ServicesView.as_view()), name="services"),
]
