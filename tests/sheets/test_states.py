"""The table of moves as a full product, and the rules on plain values."""

from __future__ import annotations

import itertools

import pytest

from apps.sheets.states import (
    FINAL,
    MOVES,
    Actor,
    BatchState,
    MoveNotAllowed,
    Verb,
    diagram,
    move_target,
    rings,
    second_person_needed,
    verbs_open,
)


@pytest.mark.parametrize(("source", "verb"), list(itertools.product(BatchState, Verb)))
def test_a_move_is_in_the_table_or_refused(source, verb):
    targets = [move.target for move in MOVES if (move.source, move.verb) == (source, verb)]
    if targets:
        assert [move_target(source=source, verb=verb)] == targets
    else:
        with pytest.raises(MoveNotAllowed):
            move_target(source=source, verb=verb)


def test_each_state_can_be_reached_and_the_last_ones_are_the_last():
    reached = {BatchState.UPLOADED}
    for _round in BatchState:
        reached |= {move.target for move in MOVES if move.source in reached}

    assert reached == set(BatchState)
    assert {state.value for state in FINAL} == {"refused", "failed", "discarded", "undone"}


def test_a_person_never_makes_a_machine_s_move():
    machine = {move.verb for move in MOVES if move.actor is Actor.MACHINE}

    assert not machine & {verb for state in BatchState for verb in verbs_open(source=state)}
    assert verbs_open(source=BatchState.PREVIEWED) == (Verb.APPROVE, Verb.COMMIT, Verb.DISCARD)


def test_a_second_person_is_needed_above_the_limit_and_for_a_guarded_column():
    assert [
        second_person_needed(written=200, most=200, guarded_touched=()),
        second_person_needed(written=201, most=200, guarded_touched=()),
        second_person_needed(written=1, most=200, guarded_touched=("kind",)),
    ] == [False, True, True]


def test_rings_are_found_wherever_they_are_entered_and_a_long_way_up_is_none():
    parents = {"a": "b", "b": "c", "c": "b", "d": "e", "e": None, "s": "s"}

    assert rings(parents=parents, keys=["a", "b", "d", "s"]) == {"a", "b", "s"}


def test_the_diagram_names_each_state():
    assert all(state.value in diagram() for state in BatchState)
