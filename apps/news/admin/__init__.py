"""The content desk."""

from apps.news.admin import articles, columns, media

__all__ = ["articles", "columns", "media"]
