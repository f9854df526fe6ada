"""The full product of states and verbs: each move is in the table or refused."""

from __future__ import annotations

from itertools import product

import pytest

from apps.safety.states import (
    CLOSED_TO_THE_PUBLIC,
    FINAL,
    MOVES,
    Actor,
    CheckState,
    MoveNotAllowed,
    Verb,
    move_target,
    verbs_open,
)


@pytest.mark.parametrize(("source", "verb", "actor"), list(product(CheckState, Verb, Actor)))
def test_each_move_is_in_the_table_or_refused(source, verb, actor):
    allowed = [m.target for m in MOVES if (m.source, m.verb, m.actor) == (source, verb, actor)]

    assert len(allowed) <= 1
    if allowed:
        assert move_target(source=source, verb=verb, actor=actor) is allowed[0]
    else:
        with pytest.raises(MoveNotAllowed):
            move_target(source=source, verb=verb, actor=actor)


def test_each_state_can_be_reached_and_what_is_settled_stays():
    assert {CheckState.PENDING} | {move.target for move in MOVES} == set(CheckState)
    assert {CheckState.PASSED, CheckState.CLEARED, CheckState.CONFIRMED} == FINAL


def test_only_what_passed_or_was_cleared_is_open_to_the_public():
    assert set(CheckState) - CLOSED_TO_THE_PUBLIC == {CheckState.PASSED, CheckState.CLEARED}


def test_a_person_decides_whatever_is_not_settled_and_a_machine_clears_nothing():
    for state in CheckState:
        assert verbs_open(source=state) == (() if state in FINAL else (Verb.CLEAR, Verb.CONFIRM))
    assert all((move.verb in (Verb.CLEAR, Verb.CONFIRM)) == (move.actor is Actor.PERSON) for move in MOVES)
