"""The project's paths, and the yardsticks before them: what is found first is found fastest."""

from django.urls import include, path

from benchmarks import yardsticks
from qingshan.urls import handler400, handler404, handler500

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/bare/<slug:name>", yardsticks.bare),
    path("bench/serializer/articles", yardsticks.ArticleListView.as_view()),
    path("bench/serializer/articles/<uuid:pk>", yardsticks.ArticleDetailView.as_view()),
    path("", include("qingshan.urls")),
]
