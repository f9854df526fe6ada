"""Paths below /api/v1/."""

from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.feedback.api import board_views, suggest_views, views

urlpatterns = [
    path(
        "feedback/categories",
        public_cached(views.CategoriesView.as_view(), namespace="reference", max_age_s=600),
        name="feedback-categories",
    ),
    path("feedback/suggest", suggest_views.SuggestView.as_view(), name="feedback-suggest"),
    path(
        "feedback/suggest/<uuid:inquiry_id>/solved",
        suggest_views.SuggestSolvedView.as_view(),
        name="feedback-suggest-solved",
    ),
    path("feedback/cases", views.CasesView.as_view(), name="feedback-cases"),
    path("feedback/cases/<str:number>", views.CaseView.as_view(), name="feedback-case"),
    path(
        "feedback/cases/<str:number>/supplement",
        views.CaseSupplementView.as_view(),
        name="feedback-case-supplement",
    ),
    path("feedback/cases/<str:number>/answer", views.CaseAnswerView.as_view(), name="feedback-case-answer"),
    path("feedback/cases/<str:number>/nudge", views.CaseNudgeView.as_view(), name="feedback-case-nudge"),
    path("feedback/cases/<str:number>/reopen", views.CaseReopenView.as_view(), name="feedback-case-reopen"),
    path("feedback/cases/<str:number>/rate", views.CaseRateView.as_view(), name="feedback-case-rate"),
    path(
        "feedback/cases/<str:number>/withdraw",
        views.CaseWithdrawView.as_view(),
        name="feedback-case-withdraw",
    ),
    path(
        "feedback/board",
        public_cached(board_views.BoardView.as_view(), namespace="board"),
        name="feedback-board",
    ),
    path(
        "feedback/board/<str:public_number>",
        public_cached(board_views.BoardItemView.as_view(), namespace="board"),
        name="feedback-board-item",
    ),
    path(
        "feedback/board/<str:public_number>/follow",
        board_views.BoardFollowView.as_view(),
        name="feedback-board-follow",
    ),
]
