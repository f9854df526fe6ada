"""Chainable filters of articles and publications."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from apps.accounts.states import Role
from apps.common.words import all_of, any_of

DESK = frozenset({Role.EDITOR, Role.REVIEWER_FIRST, Role.REVIEWER_SECOND, Role.REVIEWER_FINAL})

# The columns of a person: one join on paths, whatever the number of rights; it is worked out once a statement.
_COLUMNS_OF = """
SELECT c.id FROM news_column c WHERE EXISTS (
    SELECT 1 FROM news_columnright r LEFT JOIN news_column up ON up.id = r.column_id
    WHERE r.staff_id = %s AND starts_with(c.path, coalesce(up.path, '/')))
"""


def columns_of(staff: Any) -> RawSQL:
    """Return, as a subquery, the ids of the columns that ``staff`` works in."""
    return RawSQL(_COLUMNS_OF, (staff.pk,))  # noqa: S611 - a constant statement; the id is a parameter


class ArticleQuerySet(models.QuerySet[Any]):
    """Articles."""

    def visible_to(self, staff: Any) -> ArticleQuerySet:
        """Keep what ``staff`` may see: the desk its columns, administrators all, others nothing."""
        if staff.is_superuser or Role.ADMINISTRATOR in staff.roles:
            return self
        if staff.roles & DESK:
            return self.filter(column_id__in=columns_of(staff))
        return self.none()

    def found_by(self, words: list[str]) -> ArticleQuerySet:
        """Keep the articles that hold every one of ``words`` (at least one), with ``rank`` (title before body)."""
        query = all_of(words)
        found: ArticleQuerySet = self.filter(search=query).annotate(rank=SearchRank(F("search"), query))
        return found


class PublicationQuerySet(models.QuerySet[Any]):
    """Publications."""

    def visible(self, *, now: dt.datetime) -> PublicationQuerySet:
        """Keep what the public may read at ``now``."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now), go_live_at__lte=now, column__is_active=True)

    def in_force(self, *, now: dt.datetime) -> PublicationQuerySet:
        """Keep what is public at ``now`` or will be: what can be retracted."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now))

    def found_by_any(self, words: list[str]) -> PublicationQuerySet:
        """Keep those that hold one of ``words`` (at least one), with ``rank``: the more of them the higher."""
        query = any_of(words)
        found: PublicationQuerySet = self.filter(search=query).annotate(rank=SearchRank(F("search"), query))
        return found
