"""What a person decides, and what the database itself refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.common import clock as project_clock
from apps.safety import selectors, services
from apps.safety.errors import CheckNotFound, CheckSettled, DecisionRefused, NoteMissing
from apps.safety.models import TextCheck
from apps.safety.states import CheckState, Verb
from tests.factories.cases import case_make

BLOCKED = "收到刷单返利的信息，怎么举报？"


def decide(check, staff, verb=Verb.CLEAR, note="看过了") -> TextCheck:
    return services.text_check_decide(
        check_id=check.id, staff=staff, verb=verb, note=note, now=project_clock.now()
    )


@pytest.fixture
def doubted(resident, text_check):
    """A check that waits for a person."""
    return text_check(case_make(resident, text=BLOCKED))


@pytest.mark.parametrize("role", ["intake_clerk", "desk_head"])
@pytest.mark.parametrize(("verb", "state"), [(Verb.CLEAR, "cleared"), (Verb.CONFIRM, "confirmed")])
def test_the_desk_clears_or_keeps_back_and_its_name_and_grounds_stay(doubted, staff, role, verb, state):
    person, now = staff(role), project_clock.now()

    services.text_check_decide(check_id=doubted.id, staff=person, verb=verb, note=" 已核对 ", now=now)

    doubted.refresh_from_db()
    assert (doubted.state, doubted.source, doubted.reason) == (state, "human", "word")
    assert (doubted.decided_by_id, doubted.decided_at, doubted.decision_note) == (person.id, now, "已核对")


def test_who_has_read_a_text_need_not_wait_for_the_machine(resident, text_check, clerk):
    check = text_check(case_make(resident))

    decide(check, clerk)

    check.refresh_from_db()
    assert check.state == "cleared"


@pytest.mark.parametrize(
    "role", ["handler", "supervisor", "editor", "reviewer_final", "auditor", "administrator"]
)
def test_others_decide_nothing(doubted, staff, role):
    with pytest.raises(DecisionRefused):
        decide(doubted, staff(role))

    doubted.refresh_from_db()
    assert (doubted.state, doubted.decided_by_id) == ("review", None)


def test_a_decision_is_made_once(doubted, clerk, staff):
    decide(doubted, clerk)

    with pytest.raises(CheckSettled):
        decide(doubted, staff("desk_head"), Verb.CONFIRM)

    doubted.refresh_from_db()
    assert (doubted.state, doubted.decided_by_id) == ("cleared", clerk.id)


@pytest.mark.parametrize("note", ["", "  ", "长" * 301])
def test_grounds_have_a_length(doubted, clerk, note):
    with pytest.raises(NoteMissing):
        decide(doubted, clerk, note=note)

    doubted.refresh_from_db()
    assert doubted.state == "review"


def test_a_check_that_is_not_there_is_told(clerk, doubted):
    with pytest.raises(CheckNotFound):
        services.media_check_decide(
            check_id=doubted.id, staff=clerk, verb=Verb.CLEAR, note="看过", now=project_clock.now()
        )


def refused(act) -> str:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    cause = error.value.__cause__
    return str(cause.diag.constraint_name or cause.diag.message_primary)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"state": "cleared", "source": "human"}, "text_check_decided"),
        ({"state": "passed", "source": ""}, "text_check_judged_has_source"),
        ({"state": "passed", "source": "human"}, "text_check_decided"),
        ({"state": "pending"}, "text_check_judged_has_source"),
        ({"reason": ""}, "text_check_review_has_reason"),
        ({"state": "asked", "source": ""}, "text_check_state"),
        ({"reason": "mood"}, "text_check_reason"),
        ({"source": "rumour"}, "text_check_source"),
        ({"scene": 9}, "text_check_scene"),
        ({"decision_note": "x"}, "text_check_decided"),
    ],
)
def test_the_database_refuses_what_can_not_be(doubted, changed, constraint):
    assert refused(lambda: TextCheck.objects.filter(id=doubted.id).update(**changed)) == constraint


@pytest.mark.parametrize("verb", [Verb.CLEAR, Verb.CONFIRM])
def test_what_is_decided_stays_decided_in_the_database_too(doubted, clerk, verb):
    decide(doubted, clerk, verb)

    assert "append-only" in refused(lambda: TextCheck.objects.filter(id=doubted.id).update(state="review"))
    assert "append-only" in refused(lambda: TextCheck.objects.filter(id=doubted.id).delete())


def test_what_keeps_a_subject_from_the_public_is_told_for_many_at_once(
    resident, with_photo, text_check, clerk, django_assert_num_queries
):
    pending, blocked, cleared = case_make(resident), case_make(resident, text=BLOCKED), case_make(resident)
    pictured, photo = with_photo(resident)
    decide(text_check(cleared), clerk)
    decide(text_check(pictured), clerk)
    services.media_check_decide(
        check_id=photo.id, staff=clerk, verb=Verb.CONFIRM, note="不雅", now=project_clock.now()
    )
    ids = [pending.id, blocked.id, cleared.id, pictured.id]

    with django_assert_num_queries(1):
        found = selectors.safety_open(subject_kind="feedback.case", ids=ids)

    assert found == {
        str(pending.id): CheckState.PENDING,
        str(blocked.id): CheckState.REVIEW,
        str(pictured.id): CheckState.CONFIRMED,
    }
    with django_assert_num_queries(0):
        assert selectors.safety_open(subject_kind="feedback.case", ids=[]) == {}
    assert selectors.safety_open(subject_kind="feedback.entry", ids=ids) == {}
