"""Who gets which place, against every other way to give them, and what changes of a round must not do."""

from __future__ import annotations

import dataclasses
import random

import pytest

from apps.schools.allocation import Outcome, allocate
from apps.schools.checker import check
from apps.schools.standing import Applicant, Choice, Intake, Roster, Rules
from tests.schools.rosters import SEED, front, order_of, outcomes, rank, roster_random, stable

ROUNDS = 1000


def _blocking_pair(roster: Roster, assigned: dict[str, str | None]) -> bool:
    """The textbook's: someone would rather be where a place is free, or where someone who stands lower is."""
    for one in roster.applicants:
        for choice in one.choices:
            if choice.intake == assigned[one.pseudonym]:
                break
            seats = next(i.seats for i in roster.intakes if i.code == choice.intake)
            there = [
                order_of(roster, other, c)
                for other in roster.applicants
                for c in other.choices
                if c.intake == choice.intake == assigned[other.pseudonym]
            ]
            if len(there) < seats or any(order_of(roster, one, choice) < other for other in there):
                return True
    return False


def test_single_children_without_reserves_get_the_stable_outcome_of_the_textbook_that_is_best_for_all() -> (
    None
):
    several = 0
    for number in range(ROUNDS):
        roster = roster_random(number, twins=False, reserves=False)
        found = allocate(roster, SEED)
        seats = {one.code: one.seats for one in roster.intakes}
        fair = [
            one for one in outcomes(roster)
            if all(list(one.values()).count(code) <= seats[code] for code in seats) and not _blocking_pair(roster, one)
        ]  # fmt: skip
        assert found.assigned in fair
        several += len(fair) > 1
        assert all(
            mine <= other
            for one in fair
            for mine, other in zip(rank(roster, found), rank(roster, one), strict=True)
        )
    assert several > 5  # else nothing was compared


@pytest.mark.parametrize("policy", ["deferred", "draw"])
def test_with_twins_and_reserves_nobody_has_a_claim_and_no_such_outcome_is_better_for_any_child(
    policy: str,
) -> None:
    several = 0
    for number in range(ROUNDS):
        roster = roster_random(number, policy=policy)
        found = allocate(roster, SEED)
        fair = [one for one in outcomes(roster) if stable(roster, one)]
        assert found.assigned in fair
        several += len(fair) > 1
        assert all(
            mine <= other
            for one in fair
            for mine, other in zip(rank(roster, found), rank(roster, one), strict=True)
        )
    assert several > 5


def test_the_checker_agrees_with_the_definition_on_any_outcome() -> None:
    agreed = {True: 0, False: 0}
    for number in range(400):
        roster = roster_random(number, most=5)
        every = list(outcomes(roster))
        for one in random.Random(number).sample(every, min(len(every), 40)):
            expected = stable(roster, one)
            assert check(roster, SEED, Outcome(one)).ok is expected
            agreed[expected] += 1
    assert min(agreed.values()) > 200


def _in_steps(roster: Roster) -> dict[str, str | None]:
    """Immediate acceptance, as its rule reads: in each step every intake admits from those who named it there."""
    assigned: dict[str, str | None] = dict.fromkeys((one.pseudonym for one in roster.applicants), None)
    left = {one.code: one for one in roster.intakes}
    for step in range(roster.rules.max_choices):
        free = [
            one for one in roster.applicants if assigned[one.pseudonym] is None and len(one.choices) > step
        ]
        for code, intake in left.items():
            asking = [one for one in free if one.choices[step].intake == code]
            inside = front(roster, _capped(intake), asking)
            kept = dict(intake.reserves)
            seats = intake.seats
            for one in asking:
                if one.pseudonym in inside:
                    assigned[one.pseudonym] = code
                    seats -= one.size
                    if one.category in kept:
                        kept[one.category] = max(0, kept[one.category] - one.size)
            left[code] = Intake(code, seats, tuple(kept.items()))
    return assigned


def _capped(intake: Intake) -> Intake:
    """What is kept can not be more than what is left."""
    seats, kept = intake.seats, []
    for category, places in intake.reserves:
        kept.append((category, min(places, seats)))
        seats -= min(places, seats)
    return Intake(intake.code, intake.seats, tuple(kept))


def test_immediate_acceptance_is_its_rule_step_by_step() -> None:
    for number in range(ROUNDS):
        roster = roster_random(number, policy="immediate", most=9)
        found = allocate(roster, SEED)
        assert found.assigned == _in_steps(roster)
        assert check(roster, SEED, found).ok


def test_parallel_batches_hold_before_the_checker_and_one_wide_batch_is_deferred_acceptance() -> None:
    for number in range(ROUNDS):
        roster = roster_random(number, policy="parallel", most=9)
        assert check(roster, SEED, allocate(roster, SEED)).ok
        whole = dataclasses.replace(roster, rules=Rules("parallel", 3, 3))
        deferred = dataclasses.replace(roster, rules=Rules("deferred", 3, 3))
        assert allocate(whole, SEED) == allocate(deferred, SEED)


def test_no_intake_has_more_children_than_places_and_nobody_what_it_did_not_choose() -> None:
    for number in range(ROUNDS):
        for policy in ("deferred", "draw", "parallel", "immediate"):
            roster = roster_random(number, policy=policy, most=12)
            assigned = allocate(roster, SEED).assigned
            for intake in roster.intakes:
                assert (
                    sum(a.size for a in roster.applicants if assigned[a.pseudonym] == intake.code)
                    <= intake.seats
                )
            for one in roster.applicants:
                assert assigned[one.pseudonym] in [None, *(choice.intake for choice in one.choices)]


# --- What a change of a round must not do -----------------------------------------------------------------------------


def test_other_names_for_the_intakes_change_nothing() -> None:
    for number in range(300):
        roster = roster_random(number, most=9)
        other = {one.code: f"z{9 - place}" for place, one in enumerate(roster.intakes)}
        renamed = dataclasses.replace(
            roster,
            intakes=tuple(dataclasses.replace(one, code=other[one.code]) for one in reversed(roster.intakes)),
            applicants=tuple(
                dataclasses.replace(
                    one, choices=tuple(dataclasses.replace(c, intake=other[c.intake]) for c in one.choices)
                )
                for one in roster.applicants
            ),
        )
        before, after = allocate(roster, SEED).assigned, allocate(renamed, SEED).assigned
        assert after == {name: place and other[place] for name, place in before.items()}


def test_an_intake_that_nobody_chose_changes_nothing() -> None:
    for number in range(300):
        roster = roster_random(number, most=9)
        more = dataclasses.replace(roster, intakes=(*roster.intakes, Intake("new", 3, (("a", 1),))))
        assert allocate(more, SEED) == allocate(roster, SEED)


def test_more_places_harm_no_child() -> None:
    better = 0
    for number in range(ROUNDS):
        roster = roster_random(number, most=9)
        place = number % len(roster.intakes)
        more = dataclasses.replace(
            roster,
            intakes=tuple(
                dataclasses.replace(one, seats=one.seats + (at == place))
                for at, one in enumerate(roster.intakes)
            ),
        )
        before, after = rank(roster, allocate(roster, SEED)), rank(more, allocate(more, SEED))
        assert all(new <= old for new, old in zip(after, before, strict=True))
        better += after != before
    assert better > 100


def test_to_name_less_than_one_wishes_never_helps_a_single_child() -> None:
    for number in range(300):
        roster = roster_random(number, twins=False)
        honest = rank(roster, allocate(roster, SEED))
        for place, one in enumerate(roster.applicants):
            for at in range(len(one.choices)):
                first = dataclasses.replace(
                    one, choices=(one.choices[at], *one.choices[:at], *one.choices[at + 1 :])
                )
                lied = dataclasses.replace(
                    roster,
                    applicants=tuple(first if other is one else other for other in roster.applicants),
                )
                got = allocate(lied, SEED).assigned[one.pseudonym]
                true_rank = len(one.choices) if got is None else [c.intake for c in one.choices].index(got)
                assert honest[place] <= true_rank


# --- Blocks -----------------------------------------------------------------------------------------------------------


def test_who_stands_behind_twins_that_do_not_fit_is_not_admitted_past_them() -> None:
    def one(name: str, size: int, priority: int) -> Applicant:
        return Applicant(name, size, "a", (Choice("s", priority, 0, 0),))

    roster = Roster(
        "r", Rules("deferred", 1, 1), (Intake("s", 2, ()),), (one("1", 1, 0), one("2", 2, 1), one("3", 1, 2))
    )
    found = allocate(roster, SEED)
    assert found.assigned == {"1": "s", "2": None, "3": None}
    certificate = check(roster, SEED, found)
    assert certificate.ok
    assert (certificate.placed, certificate.seats, certificate.children) == (1, 2, 4)
    assert "truth_never_hurts" not in certificate.guarantees
    past = check(roster, SEED, Outcome({"1": "s", "2": None, "3": "s"}))
    assert past.problems == ("3 was admitted past the line of s",)
