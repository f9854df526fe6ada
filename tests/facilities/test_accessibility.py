"""For whom a place is usable: unknown is never yes, and what is missing is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.facilities.access import NEEDS, Answer, Feature, Profile, Value, judged, usable_by

WHEELCHAIR = (*NEEDS[Profile.WHEELCHAIR].must, *NEEDS[Profile.WHEELCHAIR].helps)
YES, NO = Value.YES, Value.NO


@pytest.mark.parametrize(
    ("facts", "answer", "missing", "unknown"),
    [
        (dict.fromkeys(WHEELCHAIR, YES), Answer.YES, (), ()),
        (
            {**dict.fromkeys(WHEELCHAIR, YES), Feature.ACCESSIBLE_TOILET: NO},
            Answer.PARTLY, (Feature.ACCESSIBLE_TOILET,), (),
        ),
        (
            {**dict.fromkeys(WHEELCHAIR, YES), Feature.STEP_FREE_ENTRANCE: NO},
            Answer.NO, (Feature.STEP_FREE_ENTRANCE,), (),
        ),
        (
            {**dict.fromkeys(WHEELCHAIR, YES), Feature.LIFT: Value.UNKNOWN},
            Answer.UNKNOWN, (), (Feature.LIFT,),
        ),
        ({}, Answer.UNKNOWN, (), WHEELCHAIR),
    ],
)  # fmt: skip
def test_the_answer_for_a_wheelchair_names_what_is_missing(facts, answer, missing, unknown):
    found = judged(facts=facts, profile=Profile.WHEELCHAIR)

    assert (found.answer, found.missing, found.unknown) == (answer, missing, unknown)


def test_a_ramp_of_whatever_slope_is_no_entrance_without_steps():
    facts = {Feature.RAMP: YES, Feature.DOOR_WIDTH_80: YES, Feature.LIFT: YES}

    assert judged(facts=facts, profile=Profile.WHEELCHAIR).answer is Answer.UNKNOWN


@given(st.dictionaries(st.sampled_from(list(Feature)), st.sampled_from(list(Value))))
def test_unknown_is_never_yes_and_what_is_found_is_what_lets_in(facts):
    for profile in Profile:
        found = judged(facts=facts, profile=profile)
        asked = (*NEEDS[profile].must, *NEEDS[profile].helps)
        if found.answer is Answer.YES:
            assert all(facts.get(one) is YES for one in asked)
        assert (profile in usable_by(facts=facts)) is all(
            facts.get(one) is YES for one in NEEDS[profile].must
        )
