"""Writes of the news: who asks from outside asks here."""

from apps.news.services.articles import (
    ArticleChanged,
    ArticleMoveRefused,
    ArticleNotFound,
    ColumnUnknown,
    ReasonNeeded,
    article_draft,
    article_move,
    article_save,
    columns_load,
)

__all__ = [
    "ArticleChanged",
    "ArticleMoveRefused",
    "ArticleNotFound",
    "ColumnUnknown",
    "ReasonNeeded",
    "article_draft",
    "article_move",
    "article_save",
    "columns_load",
]
