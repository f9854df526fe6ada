"""What units do: contact, ask, extend, return, help; and what chiefs decide."""

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.feedback import selectors, services
from apps.feedback.errors import (
    ClauseUnknown,
    ExtensionRefused,
    MoveRefused,
    QuestionClosed,
    ReturnAfterRuling,
    ReturnTooLate,
    RulingNeeded,
)
from apps.feedback.models import Case, Extension, Pause, Ruling, TimelineEntry
from apps.feedback.states import CaseState
from tests.factories.cases import case_make
from tests.factories.people import code_of, staff_make


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def local(moment: dt.datetime) -> str:
    return f"{project_clock.local(moment):%Y-%m-%d %H:%M}"


def test_the_clocks_of_a_unit_run_from_the_dispatch_and_not_from_the_signature(clock, resident, handler, act):
    case = case_make(resident, state=CaseState.DISPATCHED)
    clock.shift(dt.timedelta(hours=30))
    act("case_sign", case, handler)

    case = fresh(case)
    assert local(case.sign_due_at) == "2026-03-11 18:00"
    assert local(case.contact_due_at) == "2026-03-11 18:00"
    assert local(case.due_at) == "2026-03-17 18:00"
    assert local(case.signed_at) == "2026-03-11 16:00"


def test_the_first_contact_counts_and_the_second_is_only_told(clock, resident, handler, act):
    case = case_make(resident, state=CaseState.SIGNED)
    act("case_contact", case, handler, text="电话联系，约定明天上午到现场")
    first = fresh(case).contacted_at
    clock.shift(dt.timedelta(hours=1))
    act("case_contact", case, handler, text="再次联系")

    assert fresh(case).contacted_at == first
    shown = selectors.histories_of(cases=[case]).entries[case.id]
    assert [e.text for e in shown if e.verb == "contact"] == ["电话联系，约定明天上午到现场", "再次联系"]


def test_a_question_stops_the_clock_until_its_answer_and_its_link_works_once(
    clock, resident, handler, act, told
):
    case = case_make(resident, state=CaseState.SIGNED)
    act("case_ask", case, handler, text="请问是哪一栋楼？")

    shown = resident.get(f"feedback/cases/{case.number}").json()
    assert (shown["state"], shown["question"]["text"]) == ("suspended", "请问是哪一栋楼？")
    assert shown["can"] == ["withdraw", "answer", "supplement"]
    assert told(resident)[-1] == "asked"
    clock.shift(dt.timedelta(minutes=20))
    body = {"question": shown["question"]["id"], "text": "三号楼"}
    answer = resident.post(f"feedback/cases/{case.number}/answer", body)
    again = resident.post(f"feedback/cases/{case.number}/answer", body)

    assert (answer.status_code, answer.json()["state"]) == (200, "in_progress")
    assert answer.json()["due_at"] == "2026-03-17T18:00:00+08:00"  # no close of office lay in between
    assert (again.status_code, code_of(again)) == (409, "question_closed")
    assert TimelineEntry.objects.filter(case=case, verb="answer").count() == 1
    assert Pause.objects.get(case=case).ended_at == project_clock.now()


def test_a_question_that_nobody_answers_expires_and_the_clock_goes_on(clock, resident, handler, act, noticed):
    case = case_make(resident, state=CaseState.SIGNED)
    act("case_ask", case, handler, text="请问是哪一栋楼？")
    question = case.questions.get()
    clock.shift(dt.timedelta(days=5, seconds=1))

    assert services.pauses_expire(now=project_clock.now()) == 1
    assert services.pauses_expire(now=project_clock.now()) == 0

    case = fresh(case)
    assert case.state == "in_progress"
    assert local(case.due_at) == "2026-03-20 18:00"  # the 11th, 12th and 13th stood
    with pytest.raises(QuestionClosed):
        services.case_answer(
            number=case.number, resident_id=resident.resident_id, question_id=question.id, text="迟了", uploads=[],
            now=project_clock.now(),
        )  # fmt: skip


def test_someone_elses_question_can_not_be_answered(resident, other_resident, handler, act):
    case = case_make(resident, state=CaseState.SIGNED)
    act("case_ask", case, handler, text="？？")

    answer = other_resident.post(
        f"feedback/cases/{case.number}/answer", {"question": str(case.questions.get().id), "text": "x"}
    )

    assert answer.status_code == 404
    with pytest.raises(QuestionClosed):
        services.case_answer(
            number=case.number, resident_id=resident.resident_id, question_id=case.id, text="x", uploads=[],
            now=project_clock.now(),
        )  # fmt: skip


def test_an_extension_is_asked_by_one_and_granted_by_another_and_the_resident_hears_why(
    clock, resident, handler, supervisor, act, told, noticed
):
    case = case_make(resident, state=CaseState.SIGNED)
    act("extension_ask", case, handler, workdays=3, reason="等待备件")
    assert noticed(supervisor) == ["extension_asked"]
    with pytest.raises(ExtensionRefused):
        act("extension_ask", case, handler, workdays=2, reason="再来一次")

    act("extension_grant", case, supervisor)

    case = fresh(case)
    assert (case.extension_workdays, local(case.due_at)) == (3, "2026-03-20 18:00")
    assert told(resident)[-1] == "extended"
    assert resident.get("inbox").json()["results"][0]["body"].count("等待备件") == 1
    assert noticed(handler)[-1] == "extension_decided"
    with pytest.raises(ExtensionRefused):  # once is what the profile allows
        act("extension_ask", case, handler, workdays=1, reason="x")


def test_who_asks_for_an_extension_does_not_grant_it(resident, act):
    both = staff_make("handler", "supervisor", unit="CG")
    case = case_make(resident, state=CaseState.SIGNED)
    act("extension_ask", case, both, workdays=3, reason="x")

    with pytest.raises(ExtensionRefused):
        act("extension_grant", case, both)

    assert Extension.objects.get(case=case).state == "asked"
    assert fresh(case).extension_workdays == 0


@pytest.mark.parametrize(("workdays", "shift_days"), [(11, 0), (3, 30)])
def test_an_extension_beyond_the_profile_or_after_the_deadline_is_refused(
    clock, resident, handler, act, workdays, shift_days
):
    case = case_make(resident, state=CaseState.SIGNED)
    clock.shift(dt.timedelta(days=shift_days))

    with pytest.raises(ExtensionRefused):
        act("extension_ask", case, handler, workdays=workdays, reason="x")

    assert Extension.objects.count() == 0


def test_a_denied_extension_leaves_the_deadline_and_the_resident_hears_nothing(
    clock, resident, handler, head, act, told
):
    case = case_make(resident, state=CaseState.SIGNED)
    act("extension_ask", case, handler, workdays=3, reason="x")
    before = told(resident)

    act("extension_deny", case, head, reason="请按期办理")

    assert local(fresh(case).due_at) == "2026-03-17 18:00"
    assert told(resident) == before
    shown = resident.get(f"feedback/cases/{case.number}").json()
    assert [e["verb"] for e in shown["timeline"] if e["verb"].startswith("extend")] == []


def test_a_suspension_needs_a_chief_stops_the_clock_and_ends_by_itself(
    clock, resident, handler, supervisor, act, told
):
    case = case_make(resident, state=CaseState.SIGNED)
    with pytest.raises(MoveRefused):
        act("case_suspend", case, handler, reason="x", days=2)

    act("case_suspend", case, supervisor, reason="等待产权单位到场", days=7)
    assert fresh(case).overdue(project_clock.now() + dt.timedelta(days=60)) is False
    clock.shift(dt.timedelta(days=7, minutes=1))
    services.pauses_expire(now=project_clock.now())

    case = fresh(case)
    assert (case.state, local(case.due_at)) == ("in_progress", "2026-03-23 18:00")  # 11, 12, 13 and 16 stood
    assert told(resident)[-2:] == ["suspended", "resumed"]


def test_a_return_rests_on_a_clause_and_goes_back_to_the_desk(clock, resident, handler, clerk, act, noticed):
    case = case_make(resident, state=CaseState.SIGNED)
    with pytest.raises(ClauseUnknown):
        act("case_return", case, handler, clause="", reason="不归我们")

    act("case_return", case, handler, clause="01", reason="属水务职责")

    case = fresh(case)
    assert (case.state, case.hops) == ("returned", 1)
    entry = TimelineEntry.objects.get(case=case, verb="return")
    assert (entry.details["clause"], entry.text) == ("01", "属水务职责")
    assert noticed(clerk) == ["returned"]
    assert "属水务职责" not in str(resident.get(f"feedback/cases/{case.number}").json())
    assert local(case.due_at) == "2026-03-17 18:00"


def test_the_time_for_returning_runs_from_the_dispatch(clock, resident, handler, act):
    case = case_make(resident, state=CaseState.SIGNED)
    clock.shift(dt.timedelta(days=3))

    with pytest.raises(ReturnTooLate):
        act("case_return", case, handler, clause="01", reason="x")

    assert fresh(case).hops == 0


def test_past_the_hop_budget_only_the_head_rules_and_the_ruling_binds_and_guides(
    clock, resident, handler, clerk, head, act, noticed
):
    water = staff_make("handler", unit="SW")
    case = case_make(resident, state=CaseState.DISPATCHED, street="420107003")
    act("case_return", case, handler, clause="01", reason="不归城管")
    act("case_dispatch", case, clerk, unit="SW", note="")
    act("case_return", case, water, clause="04", reason="不归水务")
    assert noticed(head) == ["ruling_needed"]
    with pytest.raises(RulingNeeded):
        act("case_dispatch", case, clerk, unit="CG", note="")
    with pytest.raises(MoveRefused):
        act("case_arbitrate", case, clerk, unit="CG", reason="x")

    act("case_arbitrate", case, head, unit="CG", reason="路灯设施由城管管养")

    case = fresh(case)
    assert (case.state, case.unit.code, case.hops) == ("dispatched", "CG", 2)
    with pytest.raises(ReturnAfterRuling):
        act("case_return", case, handler, clause="01", reason="还是不归我们")
    assert (Ruling.objects.get().clause_id, Ruling.objects.get().unit.code) == ("04", "CG")
    following = case_make(resident, category="0201", street="420107003")
    proposed = services.unit_proposed(case=following, now=project_clock.now())
    assert proposed.unit_code == "CG"
    assert "裁定" in proposed.why


def test_a_co_handling_unit_sees_the_case_and_gives_its_opinion_but_does_not_answer(
    resident, clerk, handler, other_handler, act, noticed
):
    case = case_make(resident)
    act("case_dispatch", case, clerk, unit="CG", note="", co_units=["JY"])
    assert noticed(other_handler) == ["helped"]
    act("case_contribute", case, other_handler, text="学校门口由我局协调")
    act("case_sign", case, handler)

    with pytest.raises(services.CaseNotFound):
        act("case_reply", case, other_handler, text="x")

    assert Case.objects.visible_to(other_handler).filter(pk=case.pk).exists()
    assert not Case.objects.led_for(other_handler).filter(pk=case.pk).exists()
    assert "学校门口由我局协调" not in str(resident.get(f"feedback/cases/{case.number}").json())


def test_supervision_puts_a_case_first_and_a_nudge_second(clock, resident, handler, supervisor, act, noticed):
    plain, nudged, watched = (case_make(resident, state=CaseState.SIGNED) for _each in range(3))
    resident.post(f"feedback/cases/{nudged.number}/nudge", {"text": "请快一点"})
    act("case_supervise", watched, supervisor, text="三日内办结")

    order = [case.number for case in selectors.queue_of(staff=handler)]
    assert order == [watched.number, nudged.number, plain.number]
    assert noticed(handler)[-2:] == ["nudged", "supervised"]
    act("case_contact", nudged, handler, text="已联系")
    assert [case.number for case in selectors.queue_of(staff=handler)] == [
        watched.number,
        plain.number,
        nudged.number,
    ]
