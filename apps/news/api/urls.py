"""Paths below /api/v1/."""

from collections.abc import Callable
from functools import partial

from django.http.response import HttpResponseBase
from django.urls import path

from apps.common.api.public_cache import public_cached
from apps.news.api import favourites, views
from apps.news.hits import hits_counted
from apps.news.public_selectors import public_ends

public: Callable[..., Callable[..., HttpResponseBase]] = partial(
    public_cached, namespace="news", ends=public_ends
)

urlpatterns = [
    path("columns", public_cached(views.ColumnsView.as_view(), namespace="news"), name="columns"),
    path("articles", public(views.ArticlesView.as_view()), name="articles"),
    path("articles/<uuid:article_id>", hits_counted(public(views.ArticleView.as_view())), name="article"),
    path("articles/<uuid:article_id>/favourite", favourites.FavouriteView.as_view(), name="favourite"),
    path("me/favourites", favourites.FavouritesView.as_view(), name="favourites"),
]
