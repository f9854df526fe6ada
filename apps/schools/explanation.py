"""Why each choice ended as it did: ranks and cut-offs of a whole round, worked out once.

A rank counts children, from 1, among all who chose the intake, in its strict order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from apps.schools.allocation import Outcome
from apps.schools.draw import draw_number
from apps.schools.standing import Applicant, Choice, Roster


@dataclass(frozen=True, slots=True)
class CutoffLine:
    """The last who was admitted to an intake: over all (``category`` None) or of one; None where nobody was."""

    intake: str
    category: str | None
    applied: int
    admitted: int
    last_rank: int | None
    last_priority: int | None
    last_points: int | None
    last_band: int | None


class Ranking:
    """Ranks and cut-offs of a round.  Cost: one sort of each intake's applicants."""

    def __init__(self, roster: Roster, seed: bytes, outcome: Outcome) -> None:
        self._outcome = outcome
        self._ranks: dict[tuple[str, str], int] = {}
        self._choices: dict[tuple[str, str], Choice] = {}
        self._asked: dict[str, list[tuple[Applicant, Choice]]] = {one.code: [] for one in roster.intakes}
        lots = {one.pseudonym: draw_number(seed, one.pseudonym) for one in roster.applicants}
        lot_alone = roster.rules.lot_alone
        for one in roster.applicants:
            for choice in one.choices:
                self._asked[choice.intake].append((one, choice))
                self._choices[one.pseudonym, choice.intake] = choice
        for code, asked in self._asked.items():
            asked.sort(
                key=lambda pair: _order(pair[1], lots[pair[0].pseudonym], pair[0].pseudonym, lot_alone)
            )
            rank = 1
            for one, _choice in asked:
                self._ranks[one.pseudonym, code] = rank
                rank += one.size

    def rank(self, pseudonym: str, intake: str) -> int:
        """Return the rank of an applicant at an intake that it chose."""
        return self._ranks[pseudonym, intake]

    def priority(self, pseudonym: str, intake: str) -> int:
        """Return the class of an applicant at an intake that it chose."""
        return self._choices[pseudonym, intake].priority

    def cutoffs(self) -> list[CutoffLine]:
        """Return the cut-offs of every intake: over all, then by category."""
        lines: list[CutoffLine] = []
        for code, asked in self._asked.items():
            by_category: dict[str, list[tuple[Applicant, Choice]]] = defaultdict(list)
            for pair in asked:
                by_category[pair[0].category].append(pair)
            lines.append(self._line(code, None, asked))
            lines += [self._line(code, category, by_category[category]) for category in sorted(by_category)]
        return lines

    def _line(self, code: str, category: str | None, asked: list[tuple[Applicant, Choice]]) -> CutoffLine:
        inside = [pair for pair in asked if self._outcome.assigned[pair[0].pseudonym] == code]
        applied, admitted = (sum(one.size for one, _choice in some) for some in (asked, inside))
        if not inside:
            return CutoffLine(code, category, applied, 0, None, None, None, None)
        one, choice = inside[-1]
        rank = self.rank(one.pseudonym, code) + one.size - 1
        return CutoffLine(
            code, category, applied, admitted, rank, choice.priority, choice.points, choice.band
        )


def _order(choice: Choice, lot: int, pseudonym: str, lot_alone: bool) -> tuple[int, int, int, int, str]:
    if lot_alone:
        return (choice.priority, 0, 0, lot, pseudonym)
    return (choice.priority, -choice.points, choice.band, lot, pseudonym)
