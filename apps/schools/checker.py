"""An independent look at an allocation before anyone hears of it.

Written apart from ``allocation``: it shares the roster's values with it, nothing else.  It asks of the result what was promised,
not how it was found:

- everyone on the roster has one of their choices or none, and no intake more than its places;
- each intake admitted exactly whom its rule takes from *everyone who would rather be there* than where they are (or is there):
  by its own order, reserves first, from the front, up to the first who does not fit.  Who is missing has a *claim*, who is too
  many was admitted past the line.  With single children that is: no blocking pair, and no place left free that anyone wants;
- so no one who stands lower in a category was admitted where one who stands higher was refused.

Under ``parallel`` and ``immediate`` this holds among those whom a batch decides together.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from apps.schools.allocation import Outcome
from apps.schools.standing import Roster

MOST_PROBLEMS = 20
GUARANTEES = {
    "deferred": ("no_claim_of_anyone", "best_for_the_children"),
    "draw": ("no_claim_of_anyone", "best_for_the_children"),
    "parallel": ("no_claim_within_a_batch",),
    "immediate": ("no_claim_within_a_step",),
}
# Proven where no block of twins applies.
TRUTHFUL = "truth_never_hurts"


class Row(NamedTuple):
    """Who asks an intake.  The first five are the order, the lower first; ``points`` with a minus; ``there`` whether admitted."""

    priority: int
    points: int
    band: int
    lot: int
    name: str
    size: int
    category: str
    there: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was looked at and found.  ``problems`` empty means it holds; at most 20 are named."""

    ok: bool
    problems: tuple[str, ...]
    applicants: int
    children: int
    placed: int
    seats: int
    policy: str
    guarantees: tuple[str, ...]


def check(roster: Roster, seed: bytes, outcome: Outcome) -> Certificate:
    """Return what is wrong with ``outcome``, or that nothing is.  Cost: one sort of each intake's askers."""
    problems = _result_problems(roster, outcome)
    if not problems:
        asked = _askers(roster, seed, outcome)
        for intake in roster.intakes:
            problems += _intake_problems(intake.code, intake.seats, intake.reserves, asked[intake.code])
    policy = roster.rules.policy
    with_blocks = any(one.size > 1 for one in roster.applicants)
    guarantees = GUARANTEES[policy]
    if policy in ("deferred", "draw") and not with_blocks:
        guarantees = (*guarantees, TRUTHFUL)
    placed = sum(one.size for one in roster.applicants if outcome.assigned.get(one.pseudonym) is not None)
    return Certificate(
        not problems, tuple(problems[:MOST_PROBLEMS]), len(roster.applicants), sum(one.size for one in roster.applicants),
        placed, sum(one.seats for one in roster.intakes), policy, guarantees,
    )  # fmt: skip


def _result_problems(roster: Roster, outcome: Outcome) -> list[str]:
    """Return what is wrong with the result as such: unknown applicants or choices, too many children."""
    if outcome.assigned.keys() != {one.pseudonym for one in roster.applicants}:
        return ["the result does not list exactly the applicants of the roster"]
    problems = []
    used: dict[str, int] = defaultdict(int)
    for one in roster.applicants:
        place = outcome.assigned[one.pseudonym]
        if place is None:
            continue
        used[place] += one.size
        if all(choice.intake != place for choice in one.choices):
            problems.append(f"{one.pseudonym} was given what it did not choose")
    seats = {one.code: one.seats for one in roster.intakes}
    problems += [
        f"{code} has more children than places" for code in sorted(used) if used[code] > seats.get(code, 0)
    ]
    return problems


def _askers(roster: Roster, seed: bytes, outcome: Outcome) -> dict[str, dict[int, list[Row]]]:
    """Return, by intake and batch, everyone who would rather be there than where they are, or is there."""
    asked: dict[str, dict[int, list[Row]]] = {one.code: defaultdict(list) for one in roster.intakes}
    width, lot_alone = roster.rules.width, roster.rules.policy == "draw"
    for one in roster.applicants:
        name, size, category = one.pseudonym, one.size, one.category
        place = outcome.assigned[name]
        lot = int.from_bytes(hmac.digest(seed, name.encode(), "sha256")[:8], "big")
        for position, choice in enumerate(one.choices):
            there = choice.intake == place
            points, band = (0, 0) if lot_alone else (choice.points, choice.band)
            row = Row(choice.priority, -points, band, lot, name, size, category, there)
            asked[choice.intake][position // width].append(row)
            if there:
                break
    return asked


def _intake_problems(
    code: str, seats: int, reserves: Iterable[tuple[str, int]], steps: dict[int, list[Row]]
) -> list[str]:
    """Return who has a claim on an intake or was admitted past its line, batch by batch."""
    problems: list[str] = []
    kept = dict(reserves)
    for step in sorted(steps):
        rows = sorted(steps[step])
        inside = _front(rows, seats, kept)
        there = [row for row in rows if row.there]
        for row in rows:
            if row.there != (row.name in inside):
                what = "was admitted past the line of" if row.there else "has a claim on"
                problems.append(f"{row.name} {what} {code}")
        for row in there:
            seats -= row.size
            if row.category in kept:
                kept[row.category] = max(0, kept[row.category] - row.size)
    return problems


def _front(rows: Sequence[Row], seats: int, reserves: dict[str, int]) -> set[str]:
    """Return whom an intake takes of ``rows``, which are in its order."""
    inside: set[str] = set()
    promised, still = 0, seats
    for category, places in reserves.items():
        places = min(places, still)
        still -= places
        mine = [row for row in rows if row.category == category]
        promised += min(places, sum(row.size for row in mine))
        inside |= _first(mine, places)
    others = [row for row in rows if row.name not in inside] if inside else rows
    return inside | _first(others, seats - promised)


def _first(rows: Sequence[Row], places: int) -> set[str]:
    """Return who stands before the first that does not fit."""
    for end, row in enumerate(rows):
        places -= row.size
        if places < 0:
            return {one.name for one in rows[:end]}
    return {row.name for row in rows}
