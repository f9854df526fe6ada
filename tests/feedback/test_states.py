"""The table of moves, walked as the full product of states, verbs and actors."""

from itertools import product

import pytest

from apps.feedback.admin.forms import ACTS
from apps.feedback.states import (
    AT_REST,
    FINAL,
    MOVES,
    OPEN,
    Actor,
    CaseState,
    MoveNotAllowed,
    Verb,
    move_find,
    verbs_open,
)
from apps.notifications.kinds import kinds_all


def test_each_triple_is_in_the_table_or_refused():
    allowed = {(m.verb, m.source, actor) for m in MOVES for actor in m.actors}

    for verb, source, actor in product(Verb, CaseState, Actor):
        if (verb, source, actor) in allowed:
            assert move_find(verb=verb, source=source, actor=actor).verb is verb
        else:
            with pytest.raises(MoveNotAllowed):
                move_find(verb=verb, source=source, actor=actor)


def test_no_two_moves_share_verb_source_and_actor():
    keys = [(m.verb, m.source, actor) for m in MOVES for actor in m.actors]

    assert len(keys) == len(set(keys))


def test_every_state_can_be_reached_from_a_submission():
    reached = {CaseState.SUBMITTED}
    while more := {m.target for m in MOVES if m.source in reached} - reached:
        reached |= more

    assert reached == set(CaseState)


def test_nothing_leads_out_of_a_final_state_and_all_others_have_a_way_out():
    assert {m.source for m in MOVES} & FINAL == set()
    assert {m.source for m in MOVES} | FINAL == set(CaseState)


def test_a_case_is_at_rest_or_its_clock_runs():
    assert set(CaseState) == AT_REST | OPEN
    assert set() == AT_REST & OPEN


def test_each_notice_of_the_table_is_a_registered_kind():
    known = {kind.key for kind in kinds_all()}

    assert {m.notice for m in MOVES if m.notice} <= known


def test_each_open_verb_of_staff_has_a_form_and_no_form_is_without_a_verb():
    staff = frozenset(Actor) - {Actor.RESIDENT, Actor.SYSTEM}
    verbs = {verb for state in CaseState for verb in verbs_open(source=state, actors=staff)}

    assert verbs == set(ACTS)


def test_the_contract_names_the_same_states():
    assert {state.value for state in CaseState} == {
        "submitted", "accepted", "not_accepted", "dispatched", "signed", "in_progress", "replied", "rated", "closed",
        "reopened", "merged", "withdrawn", "returned", "suspended",
    }  # fmt: skip
