"""Paths below /api/v1/."""

from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.reports.api import views

urlpatterns = [
    path(
        "feedback/stats",
        public_cached(views.StatsView.as_view(), namespace="figures", max_age_s=60),
        name="feedback-stats",
    ),
]
