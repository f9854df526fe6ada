"""Limits of each path, the quota tools and the look at a failed call."""

from __future__ import annotations

import pytest

from .stage import APPID, SECRET

QUOTA, CLEAR, CLEAR_V2, RID = (
    "/cgi-bin/openapi/quota/get",
    "/cgi-bin/clear_quota",
    "/cgi-bin/clear_quota/v2",
    "/cgi-bin/openapi/rid/get",
)
SEND, TEMPLATES = "/cgi-bin/message/subscribe/send", "/wxaapi/newtmpl/gettemplate"


def templates(stage):
    return stage.get(TEMPLATES)["errcode"]


def test_any_path_can_be_limited_by_the_minute_and_by_the_day_and_freed_again(stage):
    assert stage.control("POST", "limits", {"path": TEMPLATES, "minute": 2, "day": 3}) == {
        "path": TEMPLATES,
        "minute": 2,
        "day": 3,
    }
    stage.control("POST", "clock", {"advance_s": 61 - stage.state.now_s() % 60})

    assert [templates(stage) for _ in range(3)] == [0, 0, 45011]
    stage.control("POST", "clock", {"advance_s": 60})
    assert [templates(stage) for _ in range(2)] == [0, 45009]
    stage.control("POST", "limits", {"path": TEMPLATES})
    assert templates(stage) == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"path": "x", "day": 1}, "path: a path"),
        ({"path": "/x", "day": -1}, "day: a whole number, 0 or more"),
        ({"path": "/x", "minute": "1"}, "minute: a whole number, 0 or more"),
        ({"path": "/x", "minute": True}, "minute: a whole number, 0 or more"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(stage, given, told):
    before = dict(stage.state.limits_by_path)

    assert stage.control("POST", "limits", given) == {"error": told}
    assert stage.state.limits_by_path == before


def test_the_quota_of_a_path_shows_its_limits_and_what_is_used(stage):
    openid = stage.user()
    stage.allow(openid, times=2)
    stage.send_raw(openid)
    stage.send_raw(openid)
    stage.send_raw(openid)  # refused: not counted

    assert stage.post(QUOTA, {"cgi_path": SEND}) == {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": 10_000_000, "used": 2, "remain": 9_999_998},
    }
    answer = stage.post(QUOTA, {"cgi_path": "/wxa/msg_sec_check"})
    assert answer["quota"] == {"daily_limit": 2_000_000, "used": 0, "remain": 2_000_000}
    assert answer["rate_limit"] == {"call_count": 4_000, "refresh_second": 60}
    assert stage.post(QUOTA, {"cgi_path": "/none"})["errcode"] == 76021
    assert stage.post(QUOTA, {"cgi_path": "wxa"})["errcode"] == 76021


def test_the_days_counters_are_cleared_ten_times_a_month_with_either_call(stage):
    stage.control("POST", "limits", {"path": TEMPLATES, "day": 1})
    assert [templates(stage), templates(stage)] == [0, 45009]

    assert stage.post(CLEAR, {"appid": APPID}) == {"errcode": 0, "errmsg": "ok"}
    assert [templates(stage), templates(stage)] == [0, 45009]
    assert stage.errcode("POST", CLEAR_V2, {"appid": APPID, "appsecret": SECRET}) == 0
    assert templates(stage) == 0

    assert [stage.post(CLEAR, {"appid": APPID})["errcode"] for _ in range(9)] == [0] * 8 + [48006]
    assert stage.errcode("POST", CLEAR_V2, {"appid": APPID, "appsecret": SECRET}) == 48006
    stage.control("POST", "clock", {"advance_s": 31 * 86400})
    assert stage.post(CLEAR, {"appid": APPID})["errcode"] == 0


def test_clearing_asks_for_the_account(stage):
    assert stage.post(CLEAR, {"appid": "wxother"})["errcode"] == 40013
    assert stage.errcode("POST", CLEAR, {"appid": APPID}) == 41001
    assert stage.errcode("POST", CLEAR_V2, {"appid": "wxother", "appsecret": SECRET}) == 40013
    assert stage.errcode("POST", CLEAR_V2, {"appid": APPID, "appsecret": "wrong"}) == 40125
    assert stage.state.quota_clears == []


def test_a_failed_call_is_looked_up_by_its_rid_for_seven_days(stage):
    refused = stage.send_raw("oNobody")
    rid = refused["errmsg"].partition(" rid: ")[2]

    answer = stage.post(RID, {"rid": rid})
    assert answer["request"] == {
        "invoke_time": int(rid[:8], 16),
        "request_url": SEND,
        "response_body": refused,
    }
    assert stage.post(RID, {"rid": "none"})["errcode"] == 76001
    stage.control("POST", "clock", {"advance_s": 7 * 86400 + 5})
    assert stage.post(RID, {"rid": rid})["errcode"] == 76001


def test_only_the_newest_thousand_failures_are_remembered(stage):
    for number in range(1005):
        stage.state.failures[f"old-{number}"] = {"invoke_time": 0}

    stage.errcode("GET", "/none")

    assert len(stage.state.failures) == 1005  # one came, one went
    assert "old-0" not in stage.state.failures


def test_calls_are_counted_by_path_refused_ones_too(stage):
    stage.token()
    stage.errcode("GET", TEMPLATES)
    stage.errcode("GET", TEMPLATES)

    assert stage.control("GET", "calls") == {"/cgi-bin/stable_token": 1, TEMPLATES: 2}


def test_every_token_in_use_can_be_made_to_expire_at_once(stage):
    plain = stage.call("GET", "/cgi-bin/token", appid=APPID, secret=SECRET, grant_type="client_credential")
    old = [stage.token(), plain["access_token"]]

    assert stage.control("POST", "tokens", {"expire": True}) == {"expired": 2}

    assert [stage.errcode("GET", TEMPLATES, access_token=token) for token in old] == [42001, 42001]
    assert stage.token() not in old
    assert templates(stage) == 0
    assert stage.control("POST", "tokens", {}) == {"error": "expire: true"}
