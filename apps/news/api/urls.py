"""Paths below /api/v1/."""

from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.news.api import views

urlpatterns = [
    path("columns", public_cached(views.ColumnsView.as_view(), namespace="news"), name="columns"),
    path("articles", public_cached(views.ArticlesView.as_view(), namespace="news"), name="articles"),
    path(
        "articles/<uuid:article_id>",
        public_cached(views.ArticleView.as_view(), namespace="news"),
        name="article",
    ),
]
