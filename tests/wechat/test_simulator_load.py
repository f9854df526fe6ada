"""What load tests and proofs need: many people and permissions at once, held-back answers, a ledger of what was sent."""

from __future__ import annotations

import time

import pytest

from apps.wechat.bridge import gather_sync

from .stage import CASE, CASE_DATA, NEWS, SERVICE, SERVICE_DATA

OPENIDS = [f"oLoad{number:04d}" for number in range(1000)]


def summary(stage):
    return stage.control("GET", "messages/summary")


def grant(stage, **given):
    return stage.control("POST", "grants", {"template_id": CASE, "count": 1} | given)


def test_many_people_are_made_at_once_and_known_ones_stay_as_they_are(stage):
    known = stage.visitor(openid=OPENIDS[0])

    assert stage.control("POST", "users", {"openids": OPENIDS}) == {"made": 999}

    assert len(stage.state.users) == 1000
    assert stage.state.users[known].last_visit_at_s is not None
    code = stage.control("POST", "codes", {"openid": OPENIDS[7]})["code"]
    query = {
        "appid": stage.appid,
        "secret": stage.secret,
        "grant_type": "authorization_code",
        "js_code": code,
    }
    session = stage.call("GET", "/sns/jscode2session", **query)
    assert (session["openid"], len(session["session_key"])) == (OPENIDS[7], 24)
    assert stage.control("POST", "users", {"openids": ["a", 5]}) == {"error": "openids: a list of texts"}
    assert len(stage.state.users) == 1000


def test_many_permissions_are_given_at_once_without_pushes(stage):
    stage.control("POST", "users", {"openids": OPENIDS})

    assert grant(stage, all=True, count=2) == {"granted": 1000}
    assert grant(stage, openids=OPENIDS[:3]) == {"granted": 3}
    assert grant(stage, openids=OPENIDS[:1], template_id=SERVICE) == {"granted": 1}

    assert [stage.remaining(openid) for openid in (OPENIDS[0], OPENIDS[3])] == [3, 2]
    assert [stage.send_raw(OPENIDS[0], SERVICE, data=SERVICE_DATA)["errcode"] for _ in range(2)] == [0, 0]
    assert stage.send_raw(OPENIDS[1], SERVICE, data=SERVICE_DATA)["errcode"] == 43101
    assert stage.control("GET", "pushes")["recent"] == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"openids": [OPENIDS[0], "oNobody"]}, "template_id, openids: unknown"),
        ({"all": True, "template_id": "none"}, "template_id, openids: unknown"),
        ({"openids": OPENIDS[0]}, "openids: a list of texts"),
        ({"openids": OPENIDS[:2], "count": -1}, "count: a whole number, 0 or more"),
    ],
)
def test_permissions_that_can_not_be_given_are_given_to_nobody(stage, given, told):
    stage.control("POST", "users", {"openids": OPENIDS[:2]})

    assert grant(stage, **given) == {"error": told}
    assert stage.state.ledger == {}


def test_the_summary_counts_what_was_sent_and_what_was_sent_twice(stage):
    first, second = stage.user(), stage.user()
    for openid in (first, second):
        stage.allow(openid, times=3)
    stage.allow(first, SERVICE)
    assert summary(stage) == {"sent": 0, "doubled": 0, "more_than_one": 0, "by_template": {}}

    stage.send_raw(first)
    stage.send_raw(second)
    stage.send_raw(first, SERVICE)
    assert summary(stage) == {
        "sent": 3,
        "doubled": 0,
        "more_than_one": 0,
        "by_template": {CASE: 2, SERVICE: 1},
    }
    stage.send_raw(first, data=CASE_DATA | {"phrase3": "已办结"})
    stage.send_raw(second)
    stage.send_raw(second, NEWS)  # refused

    assert summary(stage) == {
        "sent": 5,
        "doubled": 1,
        "more_than_one": 2,
        "by_template": {CASE: 4, SERVICE: 1},
    }


def test_each_answer_of_a_send_is_held_back_and_the_sends_do_not_wait_for_each_other(stage, wechat):
    stage.control("POST", "users", {"openids": OPENIDS[:100]})
    grant(stage, all=True)
    stage.running.account.answer_delay_s = 0.3
    gather_sync([wechat.templates()])
    started = time.monotonic()

    outcomes = gather_sync(
        wechat.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA) for openid in OPENIDS[:100]
    )

    assert 0.3 <= time.monotonic() - started < 2
    assert len({outcome.msgid for outcome in outcomes}) == 100
    assert summary(stage)["sent"] == 100


def test_a_message_whose_answer_is_held_back_has_gone_out(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.running.account.answer_delay_s = 0.4
    hurried = stage.client(timeout_s=0.2)
    gather_sync([hurried.templates()])

    (outcome,) = gather_sync([hurried.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA)])

    assert str(outcome) == "WeChat's answer was lost: time limit"
    assert summary(stage)["sent"] == 1


def test_a_message_is_kept_small_and_shown_as_it_came(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.send_raw(openid, page="pages/case/detail?n=1")

    (message,) = stage.state.messages
    assert message.openid is stage.state.users[openid].openid
    assert message.values == "\n".join(CASE_DATA.values())
    (row,) = stage.control("GET", "messages")
    assert row["data"] == {key: {"value": value} for key, value in CASE_DATA.items()}
    assert row["page"] == "pages/case/detail?n=1"
