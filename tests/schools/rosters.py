"""Small random rounds, and the rule of an intake written down a second time, as plainly as it can be."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from apps.schools.allocation import Outcome
from apps.schools.draw import draw_number
from apps.schools.standing import Applicant, Choice, Intake, Roster, Rules

SEED = b"\x07" * 32


def roster_random(
    number: int, *, most: int = 6, policy: str = "deferred", twins: bool = True, reserves: bool = True, choices: int = 3
) -> Roster:  # fmt: skip
    """Return the round of a number: 3 to ``most`` applicants, 2 to 4 intakes, other classes at each intake."""
    dice = random.Random(f"{number} {policy} {twins} {reserves}")
    codes = [f"s{place}" for place in range(dice.randint(2, 4))]
    intakes = []
    for code in codes:
        seats = dice.choice([0, 1, 1, 1, 1, 2, 3])
        kept = []
        if reserves and seats and dice.random() < 0.6:
            first = dice.randint(0, seats)
            kept = (
                [("a", first)]
                if dice.random() < 0.5
                else [("a", first), ("b", dice.randint(0, seats - first))]
            )
        intakes.append(Intake(code, seats, tuple(kept)))
    applicants = []
    for place in range(dice.randint(min(3, most), most)):
        wanted = dice.sample(codes, min(choices, len(codes), dice.randint(1, 4)))
        applicants.append(
            Applicant(
                f"{place:02d}x", dice.choice([1, 1, 1, 2, 3]) if twins else 1, dice.choice("abc"),
                tuple(Choice(code, dice.randint(0, 5), dice.randint(0, 1), dice.randint(0, 1)) for code in wanted),
            )
        )  # fmt: skip
    return Roster(f"r{number}", Rules(policy, dice.randint(1, 2), choices), tuple(intakes), tuple(applicants))


def order_of(roster: Roster, one: Applicant, choice: Choice) -> tuple[int, ...]:
    """Return where an applicant stands at one of its choices, the lower the better."""
    lot = draw_number(SEED, one.pseudonym)
    if roster.rules.policy == "draw":
        return (choice.priority, lot)
    return (choice.priority, -choice.points, choice.band, lot)


def front(roster: Roster, intake: Intake, asking: Sequence[Applicant]) -> set[str]:
    """Return whom an intake admits of those who ask: each reserve from the front of its category, then the rest from the front."""

    def stand(one: Applicant) -> tuple[int, ...]:
        return order_of(roster, one, next(choice for choice in one.choices if choice.intake == intake.code))

    def until_full(some: Sequence[Applicant], places: int) -> set[str]:
        inside = set()
        for one in sorted(some, key=stand):
            if one.size > places:
                break
            places -= one.size
            inside.add(one.pseudonym)
        return inside

    inside: set[str] = set()
    for_all = intake.seats
    for category, kept in intake.reserves:
        mine = [one for one in asking if one.category == category]
        inside |= until_full(mine, kept)
        for_all -= min(kept, sum(one.size for one in mine))
    return inside | until_full([one for one in asking if one.pseudonym not in inside], for_all)


def stable(roster: Roster, assigned: dict[str, str | None]) -> bool:
    """Whether each intake has exactly whom it would admit of everyone who would rather be there, or is there."""
    for intake in roster.intakes:
        if (
            sum(one.size for one in roster.applicants if assigned[one.pseudonym] == intake.code)
            > intake.seats
        ):
            return False
    for intake in roster.intakes:
        asking = [one for one in roster.applicants if _wants(one, intake.code, assigned[one.pseudonym])]
        if front(roster, intake, asking) != {
            name for name, place in assigned.items() if place == intake.code
        }:
            return False
    return True


def _wants(one: Applicant, code: str, place: str | None) -> bool:
    wanted = [choice.intake for choice in one.choices]
    if code not in wanted:
        return False
    return place is None or wanted.index(code) <= wanted.index(place)


def outcomes(roster: Roster) -> Iterator[dict[str, str | None]]:
    """Return every way to give each applicant one of its choices or none."""
    names = [one.pseudonym for one in roster.applicants]
    for places in itertools.product(*([*(c.intake for c in one.choices), None] for one in roster.applicants)):
        yield dict(zip(names, places, strict=True))


def rank(roster: Roster, outcome: Outcome | dict[str, str | None]) -> list[int]:
    """Return for each applicant at which of its choices it is, the number of choices for none."""
    assigned = outcome.assigned if isinstance(outcome, Outcome) else outcome
    ranks = []
    for one in roster.applicants:
        wanted = [choice.intake for choice in one.choices]
        place = assigned[one.pseudonym]
        ranks.append(len(wanted) if place is None else wanted.index(place))
    return ranks
