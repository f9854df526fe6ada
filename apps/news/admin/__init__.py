"""The content desk."""

from apps.news.admin import articles, columns

__all__ = ["articles", "columns"]
