"""Paths below /api/v1/."""

from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.feedback.api import views

urlpatterns = [
    path(
        "feedback/categories",
        public_cached(views.CategoriesView.as_view(), namespace="reference", max_age_s=600),
        name="feedback-categories",
    ),
    path("feedback/cases", views.CasesView.as_view(), name="feedback-cases"),
    path("feedback/cases/<str:number>", views.CaseView.as_view(), name="feedback-case"),
    path("feedback/cases/<str:number>/rate", views.CaseRateView.as_view(), name="feedback-case-rate"),
    path(
        "feedback/cases/<str:number>/withdraw",
        views.CaseWithdrawView.as_view(),
        name="feedback-case-withdraw",
    ),
]
