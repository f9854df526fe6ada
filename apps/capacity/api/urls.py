"""Paths below /api/v1/."""

from django.urls import path

from apps.capacity.api import views
from apps.common.api.public_cache import public_cached

urlpatterns = [
    path(
        "capacity/reconciliation",
        public_cached(views.ReconciliationView.as_view(), namespace="capacity", max_age_s=300),
        name="capacity-reconciliation",
    ),
]
