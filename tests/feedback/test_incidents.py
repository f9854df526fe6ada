"""Reports of one event: merged, answered once, rated by everyone."""

import pytest

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.errors import MergeRefused
from apps.feedback.models import Case, TimelineEntry
from apps.feedback.states import CaseState
from tests.factories.cases import case_make


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_one_answer_reaches_every_reporter_who_keeps_number_deadline_and_rating(
    clock, resident, other_resident, clerk, handler, act, told
):
    master = case_make(resident, state=CaseState.SIGNED)
    other = case_make(other_resident)
    due = other.due_at
    act("case_merge", other, clerk, into=master.number)
    assert told(other_resident)[-1] == "merged"
    assert other_resident.get(f"feedback/cases/{other.number}").json()["joined"] is True

    act("case_reply", master, handler, text="路灯已修好。")

    shown = other_resident.get(f"feedback/cases/{other.number}").json()
    assert (shown["state"], shown["reply"]["text"], shown["unit"]) == (
        "replied",
        "路灯已修好。",
        "区城管执法局",
    )
    assert fresh(other).due_at == due
    assert told(other_resident)[-1] == "replied"
    assert told(resident)[-1] == "replied"
    rated = other_resident.post(f"feedback/cases/{other.number}/rate", {"resolved": False, "satisfaction": 2})
    closed = resident.post(f"feedback/cases/{master.number}/rate", {"resolved": True, "satisfaction": 5})
    assert (rated.json()["state"], closed.json()["state"]) == ("rated", "closed")
    again = other_resident.post(f"feedback/cases/{other.number}/reopen", {"text": "我这边还是不亮"})
    assert (again.json()["state"], fresh(other).master_id) == ("reopened", None)
    assert fresh(master).state == "closed"


def test_what_was_merged_into_a_merged_case_goes_with_it(resident, clerk, handler, act):
    first, second, third = (
        case_make(resident),
        case_make(resident),
        case_make(resident, state=CaseState.SIGNED),
    )
    act("case_merge", first, clerk, into=second.number)
    act("case_merge", second, clerk, into=third.number)

    act("case_reply", third, handler, text="好了")

    assert [fresh(one).state for one in (first, second, third)] == ["replied"] * 3
    assert fresh(first).master_id == third.id


@pytest.mark.parametrize("state", [CaseState.REPLIED])
def test_a_case_is_not_merged_into_one_that_is_answered(resident, clerk, act, state):
    master, other = case_make(resident, state=state), case_make(resident)

    with pytest.raises(MergeRefused):
        act("case_merge", other, clerk, into=master.number)

    assert (fresh(other).state, TimelineEntry.objects.filter(verb="merge").count()) == ("submitted", 0)


def test_a_case_is_merged_neither_into_itself_nor_into_nothing_nor_into_a_merged_one(resident, clerk, act):
    first, second, third = (case_make(resident) for _each in range(3))
    act("case_merge", first, clerk, into=second.number)

    for into in (third.number, "1", first.number):
        with pytest.raises(MergeRefused):
            act("case_merge", third, clerk, into=into)

    assert fresh(third).state == "submitted"


def test_an_unmerged_case_is_back_at_the_desk(resident, clerk, act, told):
    master, other = case_make(resident), case_make(resident)
    act("case_merge", other, clerk, into=master.number)

    act("case_unmerge", other, clerk, reason="不是同一盏灯")

    assert (fresh(other).state, fresh(other).master_id) == ("accepted", None)
    assert told(resident)[-1] == "unmerged"


@pytest.mark.parametrize("ending", ["withdraw", "refuse"])
def test_when_the_master_ends_the_others_live_on(resident, other_resident, clerk, act, ending):
    master, other = case_make(resident), case_make(other_resident)
    act("case_merge", other, clerk, into=master.number)

    if ending == "withdraw":
        resident.post(f"feedback/cases/{master.number}/withdraw", {"reason": "已修好"})
    else:
        act("case_refuse", master, clerk, reason="不属本区", channel="elsewhere")

    assert fresh(master).settled_at is not None
    assert (fresh(other).state, fresh(other).settled_at) == ("accepted", None)


def test_a_member_may_withdraw_and_the_master_stays(resident, other_resident, clerk, act):
    master, other = case_make(resident), case_make(other_resident)
    act("case_merge", other, clerk, into=master.number)

    answer = other_resident.post(f"feedback/cases/{other.number}/withdraw", {"reason": "不用了"})

    assert answer.json()["state"] == "withdrawn"
    assert fresh(master).state == "submitted"


def test_the_clock_of_a_merged_case_runs_on(clock, resident, clerk, act):
    import datetime as dt

    master, other = case_make(resident), case_make(resident)
    act("case_merge", other, clerk, into=master.number)
    clock.shift(dt.timedelta(days=30))

    assert fresh(other).overdue(project_clock.now()) is True


def test_a_refusal_names_the_right_channel(resident, clerk, act):
    case = case_make(resident)
    with pytest.raises(services.MoveRefused.__mro__[1]):  # any refusal: the channel is unknown
        act("case_refuse", case, clerk, reason="x", channel="nowhere")
    assert fresh(case).state == "submitted"

    act("case_refuse", case, clerk, reason="属于劳动争议", channel="arbitration")

    body = resident.get("inbox").json()["results"][0]["body"]
    assert "属于劳动争议" in body
    assert "仲裁机构" in body
