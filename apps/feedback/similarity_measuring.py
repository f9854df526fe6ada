"""How well the likeness of two reports tells whether they are one event.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.feedback.similarity import Report, same_event_score


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports and whether they tell of one event."""

    a: Report
    b: Report
    same: bool


@dataclass(frozen=True, slots=True)
class PairsMeasured:
    """Of the pairs of one event (``same``) and of two (``other``): how many reach the bound, and how close it was."""

    same: int
    same_reached: int
    other: int
    other_reached: int
    same_lowest: float
    other_highest: float

    @property
    def recall(self) -> float:
        """The share of pairs of one event that reach the bound, 0 to 1."""
        return self.same_reached / self.same if self.same else 1.0

    @property
    def precision(self) -> float:
        """The share of pairs of one event among those that reach the bound, 0 to 1."""
        reached = self.same_reached + self.other_reached
        return self.same_reached / reached if reached else 1.0


def pairs_measured(*, pairs: Iterable[Pair], bound: float) -> PairsMeasured:
    """Return how ``pairs`` fare at ``bound`` (0 to 1)."""
    same: list[float] = []
    other: list[float] = []
    for pair in pairs:
        (same if pair.same else other).append(same_event_score(pair.a, pair.b))
    return PairsMeasured(
        same=len(same),
        same_reached=sum(score >= bound for score in same),
        other=len(other),
        other_reached=sum(score >= bound for score in other),
        same_lowest=min(same, default=1.0),
        other_highest=max(other, default=0.0),
    )
