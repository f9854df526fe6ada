"""The whole system as ``make demo`` starts it: web, workers, beat, simulator, servers.  And what happens when parts die."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from qingshan.browser import Browser
from qingshan.stack import Stack
from qingshan.walkthrough import ARTICLE, Walk, walk

ROOT = Path(__file__).resolve().parents[2]
BODY = {"request_type": "help", "text": "路灯不亮，晚上看不清台阶。", "category": "0201"}


@pytest.fixture
def one(system: Stack) -> Iterator[Walk]:
    """A resident with two permitted messages, ready to submit."""
    walker = Walk(about=system.describe(), environment=system.environment, article=ARTICLE)
    walker.resident_signed_in()
    walker.message_granted()
    walker.message_granted()
    yield walker
    walker.control.send("DELETE", "/control/faults", None, {})


def rows(system: Stack, statement: str, *values: Any) -> list[Any]:
    with psycopg.connect(system.environment["DATABASE_URL"], connect_timeout=5) as connection:
        return connection.execute(statement, values).fetchall()


def until(held: Callable[[], Any], *, within_s: float = 60) -> Any:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if answer := held():
                return answer
        except (OSError, psycopg.Error):
            pass
        time.sleep(0.2)
    raise AssertionError(f"did not come true within {within_s} s")


def ready(system: Stack) -> bool:
    return Browser(system.web).get("/readyz").status == 200


def messages(walker: Walk) -> list[Any]:
    found: list[Any] = walker.control.get(f"/control/messages?openid={walker.openid}").json()
    return found


def settled(walker: Walk) -> bool:
    """Whether WeChat has nothing left to push."""
    told = walker.control.get("/control/pushes").json()
    return (told["waiting"], told["under_way"]) == (0, 0)


def replied(walker: Walk) -> None:
    walker.case_submitted()
    walker.case_dispatched()
    desk = walker.desk("handler", department="CG")
    assert desk.submit(desk.get(walker.case_path), form="move-sign").status == 302
    answered = desk.submit(desk.get(walker.case_path), form="move-reply", changes={"text": "已修好。"})
    assert answered.status == 302


def test_the_main_job_runs_from_end_to_end(system, capsys):
    assert walk(about=system.describe(), environment=system.environment, article=ARTICLE)


def test_a_worker_killed_while_it_sends_loses_nothing_and_doubles_nothing(system, one):
    one.control.post(
        "/control/faults",
        {"path": "/cgi-bin/message/subscribe/send", "kind": "slow", "value": 8, "times": 9},
    )
    replied(one)
    number = one.case["number"]
    until(
        lambda: rows(
            system,
            "SELECT 1 FROM notifications_delivery d JOIN notifications_inboxmessage m ON m.id = d.message_id "
            "WHERE d.state = 'sending' AND m.kind = 'feedback.replied' AND m.params->>'number' = %s",
            number,
        )
    )

    pid = system.describe()["pids"]["worker-interactive"]
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    one.control.send("DELETE", "/control/faults", None, {})

    until(
        lambda: rows(
            system,
            "SELECT 1 FROM notifications_delivery d JOIN notifications_inboxmessage m ON m.id = d.message_id "
            "WHERE d.state = 'delivered' AND m.kind = 'feedback.replied' "
            "AND m.params->>'number' = %s",
            number,
        ),
        within_s=120,  # another worker has to start first
    )
    inbox = one.phone.get("/api/v1/inbox").json()["results"]
    assert Counter(row["kind"] for row in inbox)["feedback.replied"] == 1
    # WeChat took it after the worker had died; its receipt says so, and nothing is sent again.
    assert len([m for m in messages(one) if m["data"]["phrase3"]["value"] == "已答复"]) == 1
    until(lambda: ready(system))


def test_with_redis_dead_a_case_is_saved_and_its_notice_leaves_when_redis_is_back(system, one):
    os.kill(system.describe()["pids"]["redis"], signal.SIGKILL)

    made = one.phone.post("/api/v1/feedback/cases", BODY)

    assert made.status == 201
    assert one.phone.get("/api/v1/inbox").json()["results"][0]["kind"] == "feedback.submitted"
    told = until(lambda: messages(one))
    assert [m["data"]["character_string1"]["value"] for m in told] == [made.json()["number"]]
    until(lambda: ready(system))


def test_after_a_restart_of_postgresql_each_connection_fails_at_most_once(system, one):
    connections = 2 * 4  # web processes × threads
    for _each in range(40):
        assert one.phone.get("/api/v1/inbox").status == 200
    os.kill(system.describe()["pids"]["postgres"], signal.SIGINT)
    until(lambda: rows(system, "SELECT 1"))

    statuses = Counter(one.phone.get("/api/v1/inbox").status for _each in range(80))

    assert set(statuses) <= {200, 503}
    assert statuses[503] <= connections
    assert statuses[200] >= 80 - connections
    assert one.phone.get("/api/v1/inbox").status == 200
    until(lambda: ready(system))


def test_an_answered_dialog_comes_back_as_an_encrypted_push_and_is_handled(system, one):
    popups = "SELECT count(*) FROM wechat_providerpush WHERE event = 'subscribe_msg_popup_event' AND state = 'done'"
    # WeChat pushes after it has answered: the two of the resident's earlier permissions may still be under way.
    until(lambda: settled(one))
    until(lambda: rows(system, "SELECT count(*) FROM wechat_providerpush WHERE state = 'pending'") == [(0,)])
    before = rows(system, popups)[0][0]

    one.message_granted()

    until(lambda: rows(system, popups)[0][0] == before + 1, within_s=10)
    assert rows(system, "SELECT count(*) FROM wechat_providerpush WHERE state <> 'done'") == [(0,)]


def test_metrics_tell_of_all_processes(system, one):
    text = until(lambda: Browser(system.web).get("/metrics").text())

    assert 'celery_tasks_total{state="SUCCESS",task="notifications.pump"}' in text
    assert 'outbox_depth{channel="wechat",lane="interactive"}' in text
    assert "django_http_requests_total_by_method_total" in text


def test_no_log_holds_an_openid_a_token_or_a_text(system, one):
    one.case_submitted()
    secret = [one.openid, one.phone.headers["Authorization"].removeprefix("Bearer "), "看不清台阶"]
    for path in (ROOT / ".local" / "test-stack" / "log").glob("*.log"):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [word for word in secret if word in text], path.name
