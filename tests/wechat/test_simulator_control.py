"""Faults on order and the control API's own answers."""

from __future__ import annotations

import time
import urllib.error

import pytest

from .stage import APPID, CASE, ask

TEMPLATES_PATH = "/wxaapi/newtmpl/gettemplate"


def statuses(stage, times):
    token = stage.token()
    url = stage.running.base_url + TEMPLATES_PATH
    return [ask("GET", url, access_token=token)[0] for _ in range(times)]


def test_every_nth_call_fails_and_only_so_often(stage):
    stage.fault(TEMPLATES_PATH, "http", value=503, every=3, times=2)

    assert statuses(stage, 12) == [200, 200, 503, 200, 200, 503] + [200] * 6


def test_faults_by_chance_are_the_same_for_the_same_seed(stage):
    runs = []
    for _ in range(2):
        stage.fault(TEMPLATES_PATH, "http", probability=0.5, seed=7)
        runs.append(statuses(stage, 20))
        stage.control("DELETE", "faults")

    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 502}
    assert statuses(stage, 5) == [200] * 5


def test_a_fault_for_every_path_strikes_every_path(stage):
    stage.fault("*", "errcode", value=45009)

    assert stage.errcode("GET", TEMPLATES_PATH) == 45009
    assert stage.errcode("POST", "/cgi-bin/stable_token", {}) == 45009


@pytest.mark.parametrize(("kind", "spent"), [("cut_before", 0), ("cut_after", 1)])
def test_a_connection_is_cut_before_or_after_the_effect(stage, kind, spent):
    openid = stage.user()
    stage.allow(openid, times=2)
    token = stage.token()
    stage.fault("/cgi-bin/message/subscribe/send", kind)

    with pytest.raises((ConnectionError, urllib.error.URLError)):
        stage.send_raw(openid, access_token=token)

    assert stage.remaining(openid) == 2 - spent
    assert len(stage.state.messages) == spent


def test_a_slow_call_takes_its_time_and_then_takes_effect(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.fault("/cgi-bin/message/subscribe/send", "slow", value=0.3)
    started = time.monotonic()

    assert stage.send_raw(openid)["errcode"] == 0

    assert 0.3 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"path": "/x"}, "kind"),
        ({"path": "/x", "kind": "fire"}, "kind"),
        ({"path": "x", "kind": "slow"}, "path"),
        ({"path": "/x", "kind": "http", "value": 200}, "value"),
        ({"path": "/x", "kind": "slow", "value": "long"}, "value"),
        ({"path": "/x", "kind": "slow", "probability": 2}, "probability"),
        ({"path": "/x", "kind": "slow", "every": 0}, "probability"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_by_the_name_of_its_field(stage, rule, field):
    status, answer = ask("POST", f"{stage.running.control_url}/control/faults", rule)

    assert (status, answer["error"].partition(":")[0]) == (400, field)
    assert stage.state.faults.faults == []


def test_a_person_and_codes_are_made_over_the_control_api(stage):
    person = stage.control("POST", "users", {"nickname": "张三", "phone": "13800138000"})
    assert (len(person["openid"]), len(person["unionid"])) == (28, 28)
    code = stage.control("POST", "codes", {"openid": person["openid"]})["code"]
    phone_code = stage.control("POST", "phone-codes", {"openid": person["openid"]})["code"]

    query = {"appid": APPID, "secret": "0" * 32, "grant_type": "authorization_code", "js_code": code}
    assert stage.call("GET", "/sns/jscode2session", **query)["openid"] == person["openid"]
    answer = stage.call(
        "POST", "/wxa/business/getuserphonenumber", {"code": phone_code}, access_token=stage.token()
    )
    assert answer["phone_info"]["purePhoneNumber"] == "13800138000"


def test_a_person_can_be_made_who_is_in_the_mini_program_right_now(stage):
    openid = stage.control("POST", "users", {"visited": True})["openid"]
    body = {"version": 2, "openid": openid, "scene": 2, "content": "路灯不亮"}

    assert stage.post("/wxa/msg_sec_check", body)["errcode"] == 0


def test_a_person_from_before_a_restart_is_brought_back(stage):
    assert stage.control("POST", "users", {"openid": "oKnown"})["openid"] == "oKnown"


def test_a_control_call_that_makes_no_sense_is_refused(stage):
    assert stage.control("POST", "codes", {"openid": "oNobody"}) == {"error": "openid: unknown"}
    assert stage.control("POST", "codes", b"[1]") == {"error": "body: a JSON object"}
    assert stage.control("POST", "codes", b"{") == {"error": "body: JSON"}
    assert stage.control("POST", "clock", {"advance_s": -1}) == {"error": "advance_s: seconds, 0 or more"}
    assert stage.control("POST", "dialog", {"openid": "oNobody"})["error"].startswith("results")


def test_the_control_api_is_not_on_wechats_address(stage):
    assert stage.errcode("POST", "/control/reset", {}) == 40066
    assert ask("GET", f"{stage.running.control_url}/cgi-bin/token")[0] == 404


def test_a_reset_forgets_people_messages_faults_and_the_clock(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.send_raw(openid)
    token = stage.token()
    stage.fault("*", "http")
    stage.control("POST", "clock", {"advance_s": 3600})

    assert stage.control("POST", "reset") == {"ok": True}

    assert (stage.control("GET", "messages"), stage.control("GET", "ledger")) == ([], [])
    assert stage.errcode("GET", TEMPLATES_PATH, access_token=token) == 40001
    assert stage.send_raw(openid)["errcode"] == 40003
    assert abs(stage.state.now_s() - time.time()) < 5
    assert CASE in stage.state.templates
