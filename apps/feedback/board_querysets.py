"""Chainable filters of the board."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import F

from apps.common.words import all_of
from apps.feedback.board_states import MODERATORS, BoardState

# Best first among so many of the newest hits: ranking reads each hit's whole text, and beyond these age decides.
MOST_RANKED = 500


class BoardQuerySet(models.QuerySet[Any]):
    """Entries of the board."""

    def published(self) -> BoardQuerySet:
        """Keep what the public may read; a category that becomes sensitive takes its entries away at once."""
        return self.filter(state=BoardState.PUBLISHED.value, category__sensitive=False)

    def visible_to(self, staff: Any) -> BoardQuerySet:
        """Keep what ``staff`` may see: those who moderate everything, others nothing."""
        return self if staff.is_superuser or staff.roles & MODERATORS else self.none()

    def with_words(self, words: list[str]) -> BoardQuerySet:
        """Keep those that hold every one of ``words`` (at least one)."""
        held: BoardQuerySet = self.filter(search=all_of(words))
        return held

    def found_by(self, words: list[str]) -> BoardQuerySet:
        """Keep the newest ``MOST_RANKED`` of these that hold every one of ``words``, with ``rank`` (title first)."""
        query = all_of(words)
        newest = self.with_words(words).order_by("-published_at", "-id").values("id")[:MOST_RANKED]
        found: BoardQuerySet = self.model._default_manager.filter(id__in=newest).annotate(
            rank=SearchRank(F("search"), query)
        )
        return found
