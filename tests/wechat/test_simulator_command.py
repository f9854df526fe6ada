"""The command that runs the simulator beside the demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.wechat.values import keys_of, value_ok

from .stage import APPID, CASE, CASE_DATA, SECRET, ask, receiving

ROOT = Path(__file__).parents[2]
PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from django.conf import settings
    settings.configure(
        QINGSHAN_MODE="development", BASE_DIR=Path(sys.argv[1]), INSTALLED_APPS=["apps.wechat"],
        WECHAT_APPID=sys.argv[2], WECHAT_SECRET=sys.argv[3], USE_TZ=True,
    )
    import django
    django.setup()
    from django.core.management import call_command
    call_command("wechat_simulator", "--port", "0", "--control-port", "0", *sys.argv[4:])
    """
)


@contextmanager
def running(*options):
    """The command in a process of its own, and the addresses that it names."""
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ROOT), APPID, SECRET, *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_names_its_addresses_serves_the_fixtures_and_stops_when_told_to(number):
    with running() as (process, told):
        assert set(told) == {"simulator", "control"}
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        _, answer = ask("POST", f"{told['simulator']}/cgi-bin/stable_token", body)
        _, listed = ask(
            "GET", f"{told['simulator']}/wxaapi/newtmpl/gettemplate", access_token=answer["access_token"]
        )
        assert [row["type"] for row in listed["data"]] == [2, 3, 2]
        assert ask("GET", f"{told['control']}/control/messages") == (200, [])
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_its_options_set_the_push_address_and_hold_answers_back():
    with receiving() as server:
        options = (
            "--push-url",
            f"{server.url}/push",
            "--push-token",
            "pushtoken",
            "--push-aes-key",
            "A" * 43,
        )
        more = ("--push-mode", "safe", "--push-format", "xml", "--answer-delay-s", "0.3")
        with running(*options, *more) as (_process, told):
            openid = ask("POST", f"{told['control']}/control/users", {})[1]["openid"]
            results = {"openid": openid, "results": {CASE: "accept"}}
            ask("POST", f"{told['control']}/control/dialog", results)
            body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
            token = ask("POST", f"{told['simulator']}/cgi-bin/stable_token", body)[1]["access_token"]
            message = {
                "touser": openid,
                "template_id": CASE,
                "data": {key: {"value": value} for key, value in CASE_DATA.items()},
            }
            started = time.monotonic()
            sent = ask(
                "POST", f"{told['simulator']}/cgi-bin/message/subscribe/send", message, access_token=token
            )
            assert time.monotonic() - started >= 0.3
            assert sent[1]["errcode"] == 0
            deadline = time.monotonic() + 5
            while not server.got:
                assert time.monotonic() < deadline
                time.sleep(0.02)
    # The address must prove itself first, and this one answers "success" to everything.
    assert {path for path, _, _ in server.got} == {"/push"}
    assert all("echostr" in query for _, query, _ in server.got)


@pytest.mark.parametrize(
    "options",
    [
        ("--push-url", "http://127.0.0.1:1/push"),
        ("--push-url", "http://127.0.0.1:1/push", "--push-token", "pushtoken", "--push-mode", "safe"),
        ("--push-url", "here", "--push-token", "pushtoken"),
    ],
)
def test_a_push_address_that_can_not_be_used_is_told_in_one_line(settings, options):
    settings.QINGSHAN_MODE, settings.WECHAT_PUSH_TOKEN, settings.WECHAT_PUSH_AES_KEY = "test", "", ""

    with pytest.raises(CommandError, match="push address can not be used"):
        call_command("wechat_simulator", "--port", "0", "--control-port", "0", *options)


@pytest.mark.parametrize("mode", ["production", None])
def test_it_refuses_to_start_in_production_or_where_no_mode_is_named(settings, mode):
    if mode is None:
        del settings.QINGSHAN_MODE
    else:
        settings.QINGSHAN_MODE = mode

    with pytest.raises(CommandError, match="production"):
        call_command("wechat_simulator", "--port", "0", "--control-port", "0")


def test_a_port_that_is_taken_is_told_in_one_line(settings, stage):
    settings.QINGSHAN_MODE = "test"
    port = stage.running.base_url.rpartition(":")[2]

    with pytest.raises(CommandError, match="can not listen"):
        call_command("wechat_simulator", "--port", port, "--control-port", "0")


def test_the_templates_of_the_demo_are_shaped_like_wechats_and_their_examples_are_right():
    rows = json.loads((ROOT / "fixtures" / "wechat_templates.json").read_text(encoding="utf-8"))

    assert [(row["name"], row["type"]) for row in rows] == [
        ("case_progress", 2),
        ("service_notice", 3),
        ("news_update", 2),
    ]
    assert keys_of(rows[0]["content"]) == ("character_string1", "thing2", "phrase3", "time4", "thing5")
    for row in rows:
        assert len(row["priTmplId"]) == 43
        examples = [line.partition(":")[2] for line in row["example"].splitlines()]
        assert all(value_ok(key, value) for key, value in zip(keys_of(row["content"]), examples, strict=True))
