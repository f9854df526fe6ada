"""Paths below /api/v1/."""

from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.wechat.api import views

urlpatterns = [
    path(
        "scenes/<str:token>",
        # A code never changes what it stands for.
        public_cached(views.SceneView.as_view(), namespace="scenes", max_age_s=600),
        name="scene",
    ),
]
