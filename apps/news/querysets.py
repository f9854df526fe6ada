"""Chainable filters of articles and publications."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import RawSQL

from apps.accounts.states import Role
from apps.common.words import all_of, any_of

DESK = frozenset({Role.EDITOR, Role.REVIEWER_FIRST, Role.REVIEWER_SECOND, Role.REVIEWER_FINAL})

# The columns of a person and what lies below them, level by level: each column is met once, whatever the number of rights.
_COLUMNS_OF = """
WITH RECURSIVE mine (id) AS (
    (SELECT column_id FROM news_columnright WHERE staff_id = %s AND column_id IS NOT NULL
     UNION SELECT id FROM news_column WHERE parent_id IS NULL
        AND EXISTS (SELECT 1 FROM news_columnright WHERE staff_id = %s AND column_id IS NULL))
    UNION SELECT c.id FROM news_column c JOIN mine ON c.parent_id = mine.id)
SELECT id FROM mine
"""


def columns_of(staff: Any) -> RawSQL:
    """Return, as a subquery, the ids of the columns that ``staff`` works in."""
    return RawSQL(_COLUMNS_OF, (staff.pk, staff.pk))  # noqa: S611 - a constant statement; the id is a parameter


def among_columns_of(staff: Any) -> Func:
    """Return the condition that ``column_id`` is one of those: an array, worked out once a statement.

    Joined as a subquery the columns came first, and every article of 500 columns was read for a page of 20.
    """
    ids = RawSQL(f"ARRAY({_COLUMNS_OF})", (staff.pk, staff.pk))  # noqa: S611 - as above
    return Func(
        F("column_id"), ids, template="(%(expressions)s)", arg_joiner=" = ANY ", output_field=BooleanField()
    )


class ArticleQuerySet(models.QuerySet[Any]):
    """Articles."""

    def visible_to(self, staff: Any) -> ArticleQuerySet:
        """Keep what ``staff`` may see: the desk its columns, administrators all, others nothing."""
        if staff.is_superuser or Role.ADMINISTRATOR in staff.roles:
            return self
        if staff.roles & DESK:
            return self.filter(among_columns_of(staff))
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
