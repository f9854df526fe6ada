"""Chainable filters of the board."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.feedback.board_states import MODERATORS, BoardState


class BoardQuerySet(models.QuerySet[Any]):
    """Entries of the board."""

    def published(self) -> BoardQuerySet:
        """Keep what the public may read; a category that becomes sensitive takes its entries away at once."""
        return self.filter(state=BoardState.PUBLISHED.value, category__sensitive=False)

    def visible_to(self, staff: Any) -> BoardQuerySet:
        """Keep what ``staff`` may see: those who moderate everything, others nothing."""
        return self if staff.is_superuser or staff.roles & MODERATORS else self.none()
