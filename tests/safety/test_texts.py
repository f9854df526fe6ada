"""Texts on their way to a verdict, against the running simulator: each answer, each silence, each lost task."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.common import clock as project_clock
from apps.feedback.models import Case
from apps.safety import services, tasks
from apps.safety.metrics import VERDICTS
from apps.safety.models import TextCheck
from apps.safety.services import texts
from apps.safety.states import Reason, Verb
from apps.safety.verdicts import Heard, worst
from tests.factories.cases import case_make
from tests.factories.people import ResidentClient
from tests.safety.conftest import visitor_make

PATH = "/wxa/msg_sec_check"
RISKY, DOUBTFUL, HINT = "模拟违规词", "模拟广告词", "高价回收烟酒"


@pytest.fixture
def check_of(text_check):
    """Hand in a case with a text and return its check."""
    return lambda resident, text="路灯不亮。": text_check(case_make(resident, text=text))


def state_of(check: TextCheck) -> tuple[str, str, str, int]:
    check.refresh_from_db()
    return check.state, check.source, check.reason, check.label


def later(seconds: float) -> None:
    """Let time pass for what waits."""
    TextCheck.objects.filter(state="pending").update(due_at=F("due_at") - dt.timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("路灯不亮。", ("passed", "wechat", "", 100)),
        (f"这里有{DOUBTFUL}", ("review", "wechat", "wechat", 10001)),
        (f"这里有{RISKY}", ("risky", "wechat", "", 20006)),
        (f"小区里{HINT}", ("passed", "wechat", "", 100)),
    ],
)
def test_wechat_judges_a_text(visitor, check_of, text, expected):
    check = check_of(visitor, text)

    assert services.text_checks_run() == 1

    assert state_of(check) == expected
    assert check.trace_id != ""
    assert services.text_checks_run() == 0


def test_a_text_that_is_too_long_for_one_question_is_asked_in_parts_and_the_worst_counts(
    visitor, simulator, check_of
):
    good, bad = check_of(visitor, "亮" * 3000), check_of(visitor, "亮" * 2600 + RISKY)

    services.text_checks_run()

    assert simulator.state.calls[PATH] == 4
    assert (state_of(good)[0], state_of(bad)[0]) == ("passed", "risky")


def test_of_parts_a_risk_counts_before_silence_and_silence_before_a_doubt():
    silence, risk = Heard(None, Reason.UNAVAILABLE, again=True), Heard(Verb.RISK)
    doubt, clear = Heard(Verb.DOUBT, Reason.WECHAT), Heard(Verb.PASS)

    assert worst([clear, silence, risk]) is risk
    assert worst([silence, doubt]) is silence
    assert worst([clear, doubt]) is doubt
    assert worst([]).verb is Verb.PASS


@pytest.mark.parametrize(("text", "expected"), [
    ("路灯不亮。", ("review", "wechat", "not_visited", 0)),
    (f"小区里{HINT}", ("review", "words", "word", 0)),
])  # fmt: skip
def test_who_was_not_there_within_two_hours_is_left_to_a_person_at_once(
    visitor, simulator, check_of, text, expected
):
    simulator.state.users[visitor.openid].last_visit_at_s = simulator.state.now_s() - 2 * 3600 - 1
    check = check_of(visitor, text)

    services.text_checks_run()

    assert state_of(check) == expected
    assert (check.attempts, simulator.state.calls[PATH]) == (1, 1)


def test_whom_wechat_does_not_know_is_left_to_a_person(simulator, resident, check_of):
    check = check_of(resident)

    services.text_checks_run()

    assert state_of(check) == ("review", "wechat", "not_visited", 0)


def test_what_a_program_handed_in_is_left_to_a_person_without_asking(simulator, check_of):
    program = accounts.service_resident_make(label="巡查系统", now=project_clock.now())
    check = check_of(ResidentClient(program.id, ""))

    services.text_checks_run()

    assert state_of(check) == ("review", "wechat", "not_visited", 0)
    assert simulator.state.calls[PATH] == 0


SILENCES = [
    ("slow", {"value": 1}),
    ("http", {"value": 502}),
    ("cut_before", {}),
    ("cut_after", {}),
    ("errcode", {"value": -1}),
    ("errcode", {"value": 45009}),
    ("errcode", {"value": 45011}),
]


@pytest.mark.parametrize(("kind", "more"), SILENCES)
def test_silence_is_met_with_one_more_question_after_30_seconds(
    visitor, broken, check_of, settings, woken, kind, more
):
    settings.SAFETY_TIMEOUT_S = 0.2
    check = check_of(visitor)
    broken("text", kind, times=1, **more)
    before = project_clock.now()

    wake_ups = woken(services.text_checks_run)

    assert wake_ups == [("safety.text_check", "interactive", 30.0)]
    assert (*state_of(check), check.attempts) == ("pending", "", "", 0, 1)
    assert check.due_at >= before + dt.timedelta(seconds=30)
    assert services.text_checks_run() == 0  # not yet

    later(31)
    assert services.text_checks_run() == 1
    assert (*state_of(check), check.attempts) == ("passed", "wechat", "", 100, 2)


@pytest.mark.parametrize(("kind", "more"), SILENCES)
def test_after_the_second_silence_a_person_looks(visitor, broken, check_of, settings, kind, more):
    settings.SAFETY_TIMEOUT_S = 0.2
    check, hinted = check_of(visitor), check_of(visitor, f"小区里{HINT}")
    broken("text", kind, **more)

    services.text_checks_run()
    later(31)
    services.text_checks_run()

    assert state_of(check) == ("review", "system", "unavailable", 0)
    assert state_of(hinted) == ("review", "words", "word", 0)
    assert (check.attempts, hinted.attempts) == (2, 2)


def test_without_any_connection_a_person_looks_after_two_attempts(visitor, check_of, settings):
    settings.WECHAT_BASE_URL = "http://127.0.0.1:9"
    check = check_of(visitor)

    services.text_checks_run()
    later(31)
    services.text_checks_run()

    assert state_of(check) == ("review", "system", "unavailable", 0)


def test_what_only_an_operator_can_mend_is_not_asked_again(visitor, broken, check_of):
    check = check_of(visitor)
    broken("text", "errcode", value=48001)

    services.text_checks_run()

    assert (*state_of(check), check.attempts) == ("review", "system", "unavailable", 0, 1)


def test_a_slow_answer_costs_no_more_than_the_limit(visitor, broken, check_of, settings):
    settings.SAFETY_TIMEOUT_S = 0.3
    for _each in range(5):
        check_of(visitor)
    services.text_checks_run()
    for _each in range(5):
        check_of(visitor)
    broken("text", "slow", value=5)
    began = time.monotonic()

    assert services.text_checks_run() == 5

    assert time.monotonic() - began < 2.0


# --- Lost tasks, dead workers, late answers -------------------------------------------------------------------------


def test_the_sweep_heals_a_lost_task(visitor, check_of):
    check = check_of(visitor)  # nothing is committed here, so nothing was queued

    tasks.sweep()

    assert state_of(check)[0] == "passed"


def test_a_check_in_hand_is_left_alone_until_its_claim_runs_out(visitor, check_of):
    check = check_of(visitor)
    texts._claim(project_clock.now())  # its worker dies now

    tasks.sweep()
    assert (*state_of(check), check.attempts) == ("pending", "", "", 0, 1)

    later(61)
    tasks.sweep()
    assert (*state_of(check), check.attempts) == ("passed", "wechat", "", 100, 2)


def test_a_verdict_that_comes_after_a_person_has_decided_changes_nothing(
    visitor, check_of, clerk, monkeypatch
):
    check = check_of(visitor, RISKY)
    ask = texts.texts_ask

    def decided_meanwhile(questions):
        services.text_check_decide(
            check_id=check.id, staff=clerk, verb=Verb.CLEAR, note="看过", now=project_clock.now()
        )
        return ask(questions)

    monkeypatch.setattr(texts, "texts_ask", decided_meanwhile)
    services.text_checks_run()

    assert state_of(check) == ("cleared", "human", "", 0)


@pytest.mark.parametrize("change", ["changed", "unknown_kind"])
def test_what_can_no_longer_be_read_as_it_was_is_left_to_a_person(visitor, simulator, check_of, change):
    check = check_of(visitor)
    if change == "changed":
        Case.objects.update(text="改过的内容")
    else:
        TextCheck.objects.update(subject_kind="gone.thing")

    services.text_checks_run()

    assert state_of(check) == ("review", "system", "missing", 0)
    assert simulator.state.calls[PATH] == 0


# --- Many at once ---------------------------------------------------------------------------------------------------


def test_many_texts_take_as_many_statements_as_one(visitor, check_of):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            services.text_checks_run()
        return len([q for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]])

    check_of(visitor)
    one = statements()
    for _each in range(10):
        check_of(visitor)

    assert (one, statements()) == (7, 7)


def test_each_verdict_is_counted_by_whose_word_it_is(visitor, check_of):
    def counted(*labels: str) -> float:
        return float(VERDICTS.labels(*labels)._value.get())

    wanted = [("text", "wechat", "passed"), ("text", "wechat", "risky"), ("text", "words", "review")]
    before = [counted(*labels) for labels in wanted]

    check_of(visitor)
    check_of(visitor, RISKY)
    check_of(visitor, "刷单返利")
    services.text_checks_run()

    assert [counted(*labels) - value for labels, value in zip(wanted, before, strict=True)] == [1, 1, 1]


def test_two_workers_at_once_ask_about_each_text_once(at_once, simulator, text_check):
    residents = [visitor_make(simulator) for _each in range(3)]
    checks = [text_check(case_make(residents[place % 3])) for place in range(60)]

    handled = at_once(2, services.text_checks_run)

    assert sum(handled) == 60
    assert simulator.state.calls[PATH] == 60
    assert {state_of(check) for check in checks} == {("passed", "wechat", "", 100)}
    assert {check.attempts for check in checks} == {1}
