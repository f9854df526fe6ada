"""Pictures on their way to a verdict: asked of the running simulator, fetched by it, told of by its push."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import F

from apps.common import clock as project_clock
from apps.safety import services, tasks
from apps.safety.models import EarlyVerdict, MediaCheck
from apps.wechat import services as wechat
from apps.wechat.models import ProviderPush
from apps.wechat.simulator.harness import RunningSimulator, running_simulator
from apps.wechat.simulator.state import PushTarget, Verdict
from tests.safety.conftest import visitor_make

PATH = "/wxa/media_check_async"
TOKEN, AES_KEY = "aToken123", "a1" * 21 + "c"


def state_of(check: MediaCheck) -> tuple[str, str, str, int]:
    check.refresh_from_db()
    return check.state, check.source, check.reason, check.label


def later(**given: float) -> None:
    """Let time pass for what waits."""
    MediaCheck.objects.update(due_at=F("due_at") - dt.timedelta(**given))


def until(held: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not held():
        assert time.monotonic() < end, "did not come true within 10 s"
        time.sleep(0.02)


# --- Asking ---------------------------------------------------------------------------------------------------------


def test_wechat_gets_a_link_under_our_address_that_shows_the_picture(
    visitor, with_photo, monkeypatch, client, settings
):
    settings.PUBLIC_BASE_URL = "https://qingshan.example.invalid"
    _case, check = with_photo(visitor)
    asked = []
    from apps.safety.services import pictures

    ask = pictures.pictures_ask
    monkeypatch.setattr(pictures, "pictures_ask", lambda given: asked.extend(given) or ask(given))

    assert services.media_checks_run() == 1

    (picture,) = asked
    assert (picture.openid, picture.scene) == (visitor.openid, 2)
    assert picture.url.startswith("https://qingshan.example.invalid/")
    shown = client.get(picture.url.removeprefix("https://qingshan.example.invalid"))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert state_of(check) == ("asked", "", "", 0)


def test_a_question_that_was_taken_is_written_down_with_its_name_and_when_its_answer_is_due(
    visitor, with_photo
):
    _case, check = with_photo(visitor)
    before = project_clock.now()

    services.media_checks_run()

    check.refresh_from_db()
    assert check.trace_id
    assert check.asked_at is not None
    assert check.asked_at >= before
    assert check.due_at == check.asked_at + dt.timedelta(minutes=30)
    assert check.attempts == 1
    assert services.media_checks_run() == 0


def test_who_was_not_there_within_two_hours_is_left_to_a_person(visitor, simulator, with_photo):
    simulator.state.users[visitor.openid].last_visit_at_s = 0
    _case, check = with_photo(visitor)

    services.media_checks_run()

    assert state_of(check) == ("review", "wechat", "not_visited", 0)


@pytest.mark.parametrize(
    ("kind", "more"), [("http", {"value": 502}), ("cut_after", {}), ("errcode", {"value": 45009})]
)
def test_silence_is_met_with_one_more_question_and_then_a_person_looks(
    visitor, with_photo, broken, woken, kind, more
):
    _case, check = with_photo(visitor)
    broken("media", kind, **more)

    wake_ups = woken(services.media_checks_run)

    assert wake_ups == [("safety.media_check", "callback", 30.0)]
    assert state_of(check) == ("pending", "", "", 0)

    later(seconds=31)
    services.media_checks_run()
    assert (*state_of(check), check.attempts) == ("review", "system", "unavailable", 0, 2)


def test_what_only_an_operator_can_mend_is_not_asked_again(visitor, with_photo, broken):
    _case, check = with_photo(visitor)
    broken("media", "errcode", value=48001)

    services.media_checks_run()

    assert (*state_of(check), check.attempts) == ("review", "system", "unavailable", 0, 1)


def test_the_sweep_heals_a_lost_task_and_asks_again_after_30_minutes(visitor, with_photo, simulator):
    _case, check = with_photo(visitor)

    tasks.media_sweep()
    first = MediaCheck.objects.get().trace_id
    assert state_of(check)[0] == "asked"

    later(minutes=31)
    tasks.media_sweep()
    assert (*state_of(check), check.attempts) == ("asked", "", "", 0, 2)
    assert check.trace_id != first
    assert simulator.state.calls[PATH] == 2

    later(minutes=31)
    tasks.media_sweep()
    assert state_of(check) == ("review", "system", "unavailable", 0)
    assert simulator.state.calls[PATH] == 2


def test_a_verdict_that_came_first_is_applied_when_its_question_is_written_down(
    visitor, with_photo, monkeypatch
):
    from apps.safety.services import pictures

    _case, check = with_photo(visitor)
    ask = pictures.pictures_ask

    def told_at_once(given):
        heard = ask(given)
        verdict = services.PictureVerdict(heard[0].trace_id, "risky", 20002)
        services.media_verdicts_apply(verdicts=[verdict], now=project_clock.now())
        assert EarlyVerdict.objects.count() == 1
        return heard

    monkeypatch.setattr(pictures, "pictures_ask", told_at_once)
    services.media_checks_run()

    assert state_of(check) == ("risky", "wechat", "", 20002)
    assert EarlyVerdict.objects.count() == 0


# --- There and back -------------------------------------------------------------------------------------------------


@pytest.fixture
def pushing(whole_db, live_server, settings) -> Iterator[RunningSimulator]:
    """A simulator of this test's own: it fetches pictures from this project and pushes its verdicts to it, encrypted."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.WECHAT_PUSH_TOKEN, settings.WECHAT_PUSH_AES_KEY, settings.WECHAT_PUSH_MODE = (
        TOKEN,
        AES_KEY,
        "safe",
    )
    door = PushTarget(url=f"{live_server.url}/wechat/push", token=TOKEN, aes_key=AES_KEY, mode="safe")
    with running_simulator(
        appid=settings.WECHAT_APPID, secret=settings.WECHAT_SECRET, templates=[], push=door
    ) as running:
        running.account.media_delay_s = 0.0
        settings.WECHAT_BASE_URL = running.base_url
        yield running


def told(count: int) -> None:
    """Wait for pushes and have them handled as a worker does."""
    until(lambda: ProviderPush.objects.filter(state="pending").count() == count)
    assert wechat.pushes_process(now=project_clock.now()) == count
    assert set(ProviderPush.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict(), ("passed", "wechat", "", 100)),
        (Verdict("review", 21000), ("review", "wechat", "wechat", 21000)),
        (Verdict("risky", 20002), ("risky", "wechat", "", 20002)),
    ],
)
def test_a_picture_goes_to_wechat_and_its_verdict_comes_back(pushing, with_photo, verdict, expected):
    _case, check = with_photo(visitor_make(pushing))
    pushing.state.media_next.append(verdict)

    services.media_checks_run()
    told(1)

    assert state_of(check) == expected


def test_a_picture_that_wechat_can_not_fetch_is_tried_twice(pushing, with_photo, settings):
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"
    _case, check = with_photo(visitor_make(pushing))

    services.media_checks_run()
    told(1)
    assert (*state_of(check), check.attempts) == ("pending", "", "", 0, 1)
    services.media_checks_run()
    told(1)

    assert (*state_of(check), check.attempts) == ("review", "system", "unavailable", 0, 2)


def test_a_picture_that_wechat_fetches_from_here_passes(pushing, with_photo):
    _case, check = with_photo(visitor_make(pushing))

    services.media_checks_run()
    told(1)

    assert state_of(check) == ("passed", "wechat", "", 100)
