"""Rows of the news."""

from apps.news.models.articles import STATE_LABELS, VERB_LABELS, Article, ArticleEvent
from apps.news.models.columns import Column

__all__ = ["STATE_LABELS", "VERB_LABELS", "Article", "ArticleEvent", "Column"]
