"""From the simulator in safe mode to a handler: over HTTP, through the row, as a worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.common import clock as project_clock
from apps.wechat import handlers, services
from apps.wechat.models import ProviderPush
from apps.wechat.pushes import PushEvent
from apps.wechat.simulator.state import PushTarget

from .stage import APPID, CASE, NEWS, Stage, ask

TOKEN, AES_KEY = "aToken123", "a1" * 21 + "c"


@pytest.fixture
def heard(whole_db, live_server, stage, settings, monkeypatch) -> list[PushEvent]:
    """The simulator pushes to this project; what handlers hear of it."""
    settings.WECHAT_APPID, settings.WECHAT_PUSH_TOKEN, settings.WECHAT_PUSH_AES_KEY = APPID, TOKEN, AES_KEY
    settings.WECHAT_PUSH_MODE = "safe"
    stage.state.account.push = PushTarget(
        url=f"{live_server.url}/wechat/push", token=TOKEN, aes_key=AES_KEY, mode="safe"
    )
    events: list[PushEvent] = []
    kinds = ("subscribe_msg_popup_event", "subscribe_msg_sent_event", "subscribe_msg_change_event")
    monkeypatch.setattr(handlers, "_handlers", dict.fromkeys(kinds, lambda given, _now: events.extend(given)))
    return events


def until(held: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not held():
        assert time.monotonic() < end, "did not come true within 10 s"
        time.sleep(0.02)


def process(count: int) -> None:
    until(lambda: ProviderPush.objects.filter(state="pending").count() == count)
    assert services.pushes_process(now=project_clock.now()) == count


def test_an_answered_dialog_reaches_its_handler(heard, stage: Stage):
    openid = stage.user()
    results = {CASE: "accept", NEWS: "reject"}
    stage.control("POST", "dialog", {"openid": openid, "results": results})

    process(1)

    (event,) = heard
    assert (event.event, event.openid) == ("subscribe_msg_popup_event", openid)
    assert {item["TemplateId"]: item["SubscribeStatusString"] for item in event.items} == results
    # It was taken at the first try.
    until(lambda: len(stage.state.pushes) == 1)
    assert [(one.tries, one.taken) for one in stage.state.pushes] == [(1, True)]


def test_the_outcome_of_a_message_and_a_switch_in_the_settings_reach_theirs(heard, stage: Stage):
    openid = stage.user()
    stage.allow(openid)
    msgid = stage.send_raw(openid)["msgid"]
    process(2)
    stage.control("POST", "settings", {"openid": openid, "template_id": CASE, "on": False})
    process(1)

    sent, changed = heard[-2], heard[-1]
    assert (sent.event, sent.items[0]["MsgID"], sent.items[0]["ErrorCode"]) == (
        "subscribe_msg_sent_event",
        str(msgid),
        "0",
    )
    assert (changed.event, changed.items[0]["SubscribeStatusString"]) == (
        "subscribe_msg_change_event",
        "reject",
    )


def test_a_push_of_someone_else_is_refused_and_repeated_in_vain(heard, stage: Stage):
    stage.state.account.push = PushTarget(
        url=stage.state.account.push.url, token="another", aes_key=AES_KEY, mode="safe"
    )

    stage.allow(stage.user())

    until(lambda: len(stage.state.pushes) == 1)
    assert [(one.tries, one.taken) for one in stage.state.pushes] == [(3, False)]
    assert ProviderPush.objects.count() == 0


def test_the_simulator_finds_the_address_verified(heard, stage: Stage):
    from apps.wechat.crypto import push_signature

    timestamp = str(int(project_clock.now().timestamp()))
    query = {"timestamp": timestamp, "nonce": "7", "echostr": "hello"}
    query["signature"] = push_signature(token=TOKEN, timestamp=timestamp, nonce="7")

    assert ask("GET", stage.state.account.push.url, **query) == (200, "hello")


def test_dialogs_answered_in_quick_succession_are_events_of_their_own(heard, stage: Stage):
    openid = stage.user()
    stage.allow(openid, times=3)

    process(3)

    assert len({event.created_at for event in heard}) == 3
    assert {event.openid for event in heard} == {openid}


def test_a_push_that_the_simulator_doubles_is_handled_once(heard, stage: Stage):
    target = stage.state.account.push
    stage.state.account.push = replace(target, duplicate=1.0)
    stage.allow(stage.user())
    until(lambda: len(stage.state.pushes) == 2)

    process(1)

    assert len(heard) == 1
