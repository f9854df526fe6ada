"""Chainable filters of articles."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import F

from apps.accounts.states import Role
from apps.common.words import all_of, any_of
from apps.news.states import ArticleState

DESK = frozenset(
    {Role.EDITOR, Role.REVIEWER_FIRST, Role.REVIEWER_SECOND, Role.REVIEWER_FINAL, Role.ADMINISTRATOR}
)


class ArticleQuerySet(models.QuerySet[Any]):
    """Articles."""

    def published(self) -> ArticleQuerySet:
        """Keep what the public may read."""
        return self.filter(state=ArticleState.PUBLISHED.value, column__is_active=True)

    def visible_to(self, staff: Any) -> ArticleQuerySet:
        """Keep what ``staff`` may see: the content desk everything, others what is published."""
        return self if staff.is_superuser or staff.roles & DESK else self.published()

    def found_by(self, words: list[str]) -> ArticleQuerySet:
        """Keep the articles that hold every one of ``words`` (at least one), with ``rank`` (title before body)."""
        query = all_of(words)
        found: ArticleQuerySet = self.filter(search=query).annotate(rank=SearchRank(F("search"), query))
        return found

    def found_by_any(self, words: list[str]) -> ArticleQuerySet:
        """Keep the articles that hold one of ``words`` (at least one), with ``rank``: the more of them the higher."""
        query = any_of(words)
        found: ArticleQuerySet = self.filter(search=query).annotate(rank=SearchRank(F("search"), query))
        return found
