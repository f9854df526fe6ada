"""Pushed verdicts on pictures: early, late, twice, at once with the sweep; and silence."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from threading import Barrier

import pytest
from django.db import transaction

from apps.common import clock as project_clock
from apps.safety import pushes, services
from apps.safety.models import EarlyVerdict, MediaCheck
from apps.safety.services import PictureVerdict
from apps.safety.states import CheckState
from apps.wechat.handlers import push_handler_of
from apps.wechat.pushes import PushEvent
from tests.factories.people import resident_make

MESSAGE = {
    "ToUserName": "gh_0", "FromUserName": "o0", "CreateTime": 1, "MsgType": "event", "Event": "wxa_media_check",
    "appid": "wx0", "trace_id": "t-1", "version": 2, "errcode": 0, "errmsg": "ok",
    "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "risky", "label": 20002, "prob": 90}],
    "result": {"suggest": "risky", "label": 20002},
}  # fmt: skip


def asked(check: MediaCheck, trace_id: str = "t-1", *, attempts: int = 1, minutes_ago: int = 0) -> MediaCheck:
    """Put a check into the state in which WeChat works on it."""
    at = project_clock.now() - dt.timedelta(minutes=minutes_ago)
    MediaCheck.objects.filter(id=check.id).update(
        state="asked", trace_id=trace_id, asked_at=at, attempts=attempts, due_at=at + dt.timedelta(minutes=30)
    )
    check.refresh_from_db()
    return check


def state_of(check: MediaCheck) -> tuple[str, str, str, int]:
    check.refresh_from_db()
    return check.state, check.source, check.reason, check.label


def push(**changed) -> None:
    event = PushEvent(
        id=None, event="wxa_media_check", openid="", created_at=project_clock.now(), items=(),
        received_at=project_clock.now(), raw={**MESSAGE, **changed},
    )  # fmt: skip
    handler = push_handler_of("wxa_media_check")
    assert handler is pushes.media_pushes_handle
    with transaction.atomic():
        handler([event], project_clock.now())


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"suggest": "pass", "label": 100}, ("passed", "wechat", "", 100)),
        ({"suggest": "review", "label": "20006"}, ("review", "wechat", "wechat", 20006)),
        ({"suggest": "risky", "label": 20002}, ("risky", "wechat", "", 20002)),
        ({"suggest": "unheard_of", "label": 1}, ("review", "wechat", "wechat", 1)),
    ],
)
def test_a_verdict_is_applied_to_the_picture_that_was_asked_about(resident, with_photo, result, expected):
    check = asked(with_photo(resident)[1])

    push(result=result)

    assert state_of(check) == expected
    assert EarlyVerdict.objects.count() == 0


def test_a_picture_that_could_not_be_fetched_is_asked_about_once_more_and_then_goes_to_a_person(
    resident, with_photo, woken
):
    check = asked(with_photo(resident)[1])

    wake_ups = woken(lambda: push(errcode=-1008, result={}, detail=[]))

    assert state_of(check) == ("pending", "", "", 0)
    assert wake_ups == [("safety.media_check", "callback", 0.0)]

    asked(check, "t-2", attempts=2)
    push(trace_id="t-2", errcode="-1008", result=None)

    assert state_of(check) == ("review", "system", "unavailable", 0)


def test_a_verdict_under_the_first_question_still_counts_while_the_second_waits(resident, with_photo):
    check = asked(with_photo(resident)[1])
    push(errcode=-1008)

    push(result={"suggest": "pass", "label": 100})

    assert state_of(check) == ("passed", "wechat", "", 100)


def test_what_was_judged_or_decided_stays_whatever_comes_later(resident, with_photo, clerk):
    passed, cleared = asked(with_photo(resident)[1]), asked(with_photo(resident)[1], "t-2")
    push(result={"suggest": "pass", "label": 100})
    services.media_check_decide(
        check_id=cleared.id, staff=clerk, verb="clear", note="看过", now=project_clock.now()
    )

    push()
    push(trace_id="t-2")
    push(errcode=-1008)

    assert state_of(passed) == ("passed", "wechat", "", 100)
    assert state_of(cleared) == ("cleared", "human", "", 0)


def test_a_verdict_that_comes_before_its_question_is_written_down_is_kept_and_forgotten_after_a_day(
    resident, with_photo
):
    push(trace_id="early")
    push(trace_id="early", result={"suggest": "pass", "label": 100})

    assert list(EarlyVerdict.objects.values_list("trace_id", "suggest", "label")) == [
        ("early", "risky", 20002)
    ]

    services.media_sweep(now=project_clock.now() + dt.timedelta(hours=23))
    assert EarlyVerdict.objects.count() == 1
    services.media_sweep(now=project_clock.now() + dt.timedelta(hours=25))
    assert EarlyVerdict.objects.count() == 0


def test_a_batch_of_verdicts_takes_as_many_statements_as_one(resident, with_photo, django_assert_num_queries):
    checks = [asked(with_photo(resident)[1], f"t-{place}") for place in range(6)]
    verdicts = [PictureVerdict(f"t-{place}", "pass", 100) for place in range(6)]

    with django_assert_num_queries(3 + 2):  # a savepoint and its release
        services.media_verdicts_apply(verdicts=verdicts[:1], now=project_clock.now())
    with django_assert_num_queries(3 + 2):
        services.media_verdicts_apply(verdicts=verdicts[1:], now=project_clock.now())

    assert {state_of(check) for check in checks} == {("passed", "wechat", "", 100)}


def test_without_a_verdict_on_the_second_question_after_30_minutes_a_person_looks(resident, with_photo):
    fresh, late = (with_photo(resident)[1] for _each in range(2))
    asked(fresh, "t-1", minutes_ago=29, attempts=2)
    asked(late, "t-2", minutes_ago=31, attempts=2)

    assert services.media_sweep(now=project_clock.now()) == 1

    assert state_of(fresh) == ("asked", "", "", 0)
    assert state_of(late) == ("review", "system", "unavailable", 0)


def test_a_message_with_nothing_in_it_is_a_verdict_of_nobody():
    assert pushes.verdict_of(message={}) == PictureVerdict("", "", 0)
    assert pushes.verdict_of(message={"trace_id": "t", "errcode": "x", "result": []}) == PictureVerdict(
        "t", "", 0
    )
    assert pushes.verdict_of(message=MESSAGE) == PictureVerdict("t-1", "risky", 20002)


def test_of_a_push_and_the_sweep_at_once_each_wins_or_loses_whole(at_once, with_photo):
    resident = resident_make()
    outcomes: Counter[tuple[str, str]] = Counter()
    for number in range(6):
        check = asked(with_photo(resident)[1], f"t-{number}", attempts=2, minutes_ago=31)
        acts = iter(
            [
                lambda n=number: push(trace_id=f"t-{n}", result={"suggest": "pass", "label": 100}),
                lambda: services.media_sweep(now=project_clock.now()),
            ]
        )

        at_once(2, lambda acts=acts: next(acts)())

        outcomes[state_of(check)[:2]] += 1

    assert set(outcomes) <= {("passed", "wechat"), ("review", "system")}
    assert outcomes.total() == 6


def test_a_verdict_at_the_moment_in_which_its_question_is_written_down_is_never_lost(
    at_once, with_photo, monkeypatch
):
    """Four times in each order: the push waits for the record, or the record for the push; both see each other."""
    from apps.safety.services import pictures
    from apps.safety.states import Verb
    from apps.safety.verdicts import Heard

    resident = resident_make()
    for number in range(8):
        check = with_photo(resident)[1]
        barrier = Barrier(2)

        def answered(_pictures, n=number, barrier=barrier):
            barrier.wait(timeout=10)
            return [Heard(Verb.ASK, trace_id=f"now-{n}")]

        monkeypatch.setattr(pictures, "pictures_ask", answered)

        def pushed(n=number, barrier=barrier):
            barrier.wait(timeout=10)
            push(trace_id=f"now-{n}", result={"suggest": "pass", "label": 100})

        acts = iter([services.media_checks_run, pushed])
        at_once(2, lambda acts=acts: next(acts)())

        assert state_of(check) == ("passed", "wechat", "", 100)
    assert EarlyVerdict.objects.count() == 0
    assert MediaCheck.objects.exclude(state=CheckState.PASSED.value).count() == 0
