"""Paths below /open311/v2/: each with .json, .xml or no ending (JSON)."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path

from apps.common.api.public_cache import public_cached
from apps.feedback.open311 import views

_EXT = r"(?P<ext>\.json|\.xml)?$"


def _path(route: str, view: Callable[..., Any], *, namespace: str, max_age_s: int, name: str) -> URLPattern:
    kept = public_cached(view, namespace=namespace, max_age_s=max_age_s)
    return re_path(rf"^{route}{_EXT}", kept, name=f"open311-{name}")


urlpatterns = [
    _path("services", views.ServicesView.as_view(), namespace="reference", max_age_s=600, name="services"),
    _path(
        r"services/(?P<code>[^/.]{1,20})", views.ServiceView.as_view(), namespace="reference", max_age_s=600,
        name="service",
    ),
    _path("requests", views.RequestsView.as_view(), namespace="board", max_age_s=30, name="requests"),
    _path(
        r"requests/(?P<number>[^/.]{1,20})", views.RequestView.as_view(), namespace="board", max_age_s=30,
        name="request",
    ),
    re_path(rf"^tokens/(?P<token>[^/.]{{1,20}}){_EXT}", views.TokenView.as_view(), name="open311-token"),
    _path("discovery", views.DiscoveryView.as_view(), namespace="reference", max_age_s=600, name="discovery"),
]  # fmt: skip
