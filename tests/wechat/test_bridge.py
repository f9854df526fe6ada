"""From synchronous code to the client and back: threads, forks, time limits, the process's own client."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest

from apps.wechat import client as client_module
from apps.wechat.bridge import gather_sync, loop_of_process, run_sync
from apps.wechat.client import client
from apps.wechat.errors import WechatOutcomeUnknown, WechatUnavailable
from apps.wechat.simulator.harness import running_simulator

from .stage import APPID, CASE, CASE_DATA, SECRET, TEMPLATES


async def after(seconds, value):
    await asyncio.sleep(seconds)
    if isinstance(value, Exception):
        raise value
    return value


@pytest.fixture
def configured(settings, stage, redis_url_for_wechat):
    settings.WECHAT_APPID = APPID
    settings.WECHAT_SECRET = SECRET
    settings.WECHAT_BASE_URL = stage.running.base_url
    settings.WECHAT_TIMEOUT_S = 5
    settings.REDIS_URL = redis_url_for_wechat
    return stage


def test_results_and_errors_come_back_in_the_order_given():
    outcomes = gather_sync([after(0.05, 1), after(0, ValueError("x")), after(0.01, 3)])

    assert (outcomes[0], repr(outcomes[1]), outcomes[2]) == (1, "ValueError('x')", 3)
    assert gather_sync([]) == []


def test_what_is_not_done_in_time_is_unknown_and_stopped():
    ended = threading.Event()

    async def slow():
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    outcomes = gather_sync([after(0, 1), slow()], timeout_s=0.1)

    assert (outcomes[0], str(outcomes[1])) == (1, "WeChat's answer was lost: time limit of the caller")
    assert ended.wait(1)
    with pytest.raises(WechatOutcomeUnknown):
        run_sync(after(30, 1), timeout_s=0.05)


def test_many_threads_share_one_loop():
    started = time.monotonic()
    loops, threads = set(), []

    async def loop():
        await asyncio.sleep(0.2)
        return asyncio.get_running_loop()

    for _ in range(20):
        threads.append(threading.Thread(target=lambda: loops.add(run_sync(loop()))))
        threads[-1].start()
    for thread in threads:
        thread.join()

    assert loops == {loop_of_process()}
    assert time.monotonic() - started < 2


def test_a_call_from_the_loops_own_thread_is_an_error_and_not_a_standstill():
    async def inner():
        run_sync(after(0, 1))

    with pytest.raises(RuntimeError, match="wait for itself"):
        run_sync(inner(), timeout_s=5)


def test_the_process_has_one_client_until_the_settings_change(configured, settings):
    first = client()
    assert client() is first
    assert run_sync(first.templates()) != []

    settings.WECHAT_TIMEOUT_S = 1

    assert client() is not first
    assert first._transport._session is None  # closed
    assert run_sync(client().templates()) != []


def test_the_settings_reach_the_client(configured, settings):
    openid = configured.user()
    configured.allow(openid)
    configured.running.account.pages = frozenset()
    settings.WECHAT_MINIPROGRAM_STATE = "developer"
    settings.WECHAT_BASE_URL += "/"

    receipt = run_sync(
        client().subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA, page="pages/new")
    )

    assert receipt.msgid is not None


def test_with_redis_down_messages_go_out_all_the_same(configured, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    openid = configured.user()
    configured.allow(openid, times=2)

    outcomes = gather_sync(
        client().subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA) for _ in range(2)
    )

    assert [outcome.msgid is not None for outcome in outcomes] == [True, True]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_gets_its_own_loop_and_client_and_the_parents_goes_on(configured):
    openid = configured.user()
    configured.allow(openid, times=2)

    def send():
        return run_sync(client().subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA), timeout_s=5)

    send()
    parents = client()
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if client() is not parents and send().msgid else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert len(configured.state.messages) == 2
    configured.allow(openid)
    assert send().msgid is not None
    assert client() is parents


def test_nothing_is_left_open_when_the_process_ends(configured):
    run_sync(client().templates())

    client_module._at_exit()

    assert client()._transport._session is None


def test_a_stopped_simulator_is_unavailable_and_the_client_recovers_when_it_is_back(settings):
    given = {"appid": APPID, "secret": SECRET, "templates": TEMPLATES}
    settings.WECHAT_APPID, settings.WECHAT_SECRET, settings.REDIS_URL = APPID, SECRET, ""
    with running_simulator(**given) as running:
        settings.WECHAT_BASE_URL = running.base_url
        assert len(run_sync(client().templates())) == 3
    with pytest.raises(WechatUnavailable):
        run_sync(client().templates())
    with running_simulator(**given, port=int(running.base_url.rpartition(":")[2])):
        assert len(run_sync(client().templates())) == 3  # with a token that the new one does not know
