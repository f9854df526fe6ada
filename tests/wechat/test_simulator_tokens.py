"""Tokens of the simulator: two stores, overlap, forcing, the order of the checks."""

from __future__ import annotations

import pytest

from apps.wechat.simulator.limits import Limit

from .stage import APPID, CASE, CASE_DATA, SECRET

PLAIN, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"
TEMPLATES_PATH, SEND_PATH = "/wxaapi/newtmpl/gettemplate", "/cgi-bin/message/subscribe/send"
GOOD = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}


def stable(stage, **more):
    return stage.call("POST", STABLE, GOOD | more)


def check(stage, token):
    return stage.errcode("GET", TEMPLATES_PATH, access_token=token)


def advance(stage, seconds):
    stage.control("POST", "clock", {"advance_s": seconds})


def test_a_token_answer_has_no_errcode(stage):
    assert set(stable(stage)) == {"access_token", "expires_in"}
    assert len(stable(stage)["access_token"]) == 136


def test_the_stable_token_stays_the_same_while_its_time_runs_down(stage):
    first = stable(stage)
    advance(stage, 1000)
    second = stable(stage)

    assert first["access_token"] == second["access_token"]
    assert first["expires_in"] in (7199, 7200)
    assert second["expires_in"] in (6199, 6200)


def test_in_the_last_300_seconds_a_new_one_is_given_and_both_work(stage):
    old = stable(stage)["access_token"]
    advance(stage, 6901)
    new = stable(stage)["access_token"]

    assert new != old
    assert (check(stage, old), check(stage, new)) == (0, 0)
    advance(stage, 300)
    assert (check(stage, old), check(stage, new)) == (42001, 0)


def test_a_forced_token_kills_the_old_one_but_not_twice_within_30_seconds(stage):
    old = stable(stage)["access_token"]
    new = stable(stage, force_refresh=True)["access_token"]

    assert (check(stage, old), check(stage, new)) == (40001, 0)
    assert stable(stage, force_refresh=True)["access_token"] == new
    advance(stage, 30)
    assert stable(stage, force_refresh=True)["access_token"] != new


def test_a_token_is_forced_twenty_times_a_day_at_most(stage):
    stable(stage)
    for _ in range(20):
        advance(stage, 31)
        stable(stage, force_refresh=True)
    advance(stage, 31)

    assert stage.errcode("POST", STABLE, GOOD | {"force_refresh": True}) == 45009
    assert stage.errcode("POST", STABLE, GOOD) == 0


def test_the_plain_token_is_new_each_time_and_the_one_before_lives_300_seconds_more(stage):
    kept = stable(stage)["access_token"]
    first, second = (stage.call("GET", PLAIN, **GOOD)["access_token"] for _ in range(2))

    assert first != second
    advance(stage, 299)
    assert (check(stage, first), check(stage, second)) == (0, 0)
    advance(stage, 2)
    assert (check(stage, first), check(stage, second), check(stage, kept)) == (40001, 0, 0)


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": "", "secret": "", "grant_type": ""}, 41002),
        ({"secret": "", "grant_type": "", "appid": "wxother"}, 41004),
        ({"grant_type": "password", "appid": "wxother"}, 40002),
        ({"appid": "wxother", "secret": "wrong"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_the_credentials_are_checked_in_order(stage, change, errcode):
    assert stage.errcode("POST", STABLE, GOOD | change) == errcode
    assert stage.errcode("GET", PLAIN, **(GOOD | change)) == errcode


def test_a_frozen_secret_goes_before_an_address_that_is_not_listed(stage):
    stage.running.account.ip_whitelist = frozenset({"10.0.0.1"})
    assert stage.errcode("POST", STABLE, GOOD) == 40164
    stage.running.account.secret_frozen = True
    assert stage.errcode("POST", STABLE, GOOD) == 40243
    stage.running.account.secret_frozen = False
    stage.running.account.ip_whitelist = frozenset({"127.0.0.1"})
    assert stage.errcode("POST", STABLE, GOOD) == 0


@pytest.mark.parametrize(
    ("token", "errcode"), [("", 41001), ("short", 40014), ("é" * 136, 40014), ("a" * 136, 40001)]
)
def test_a_call_without_a_good_token_is_refused(stage, token, errcode):
    assert check(stage, token) == errcode


def test_method_and_body_are_checked_before_the_token(stage):
    assert stage.errcode("GET", SEND_PATH) == 43002
    assert stage.errcode("POST", SEND_PATH, b"") == 44002
    assert stage.errcode("POST", SEND_PATH, b"{not json") == 47001
    assert stage.errcode("POST", SEND_PATH, b"[]") == 47001
    assert stage.errcode("POST", SEND_PATH, {}) == 41001
    assert stage.errcode("POST", TEMPLATES_PATH, {}) == 43001
    assert stage.errcode("GET", STABLE) == 43002
    assert stage.errcode("GET", "/cgi-bin/none") == 40066


def test_every_error_ends_in_a_rid_that_starts_with_the_time(stage):
    answer = stage.call("GET", TEMPLATES_PATH)

    text, _, rid = answer["errmsg"].partition(" rid: ")
    assert text == "access_token missing"
    groups = rid.split("-")
    assert [len(group) for group in groups] == [8, 8, 8]
    assert abs(int(groups[0], 16) - stage.state.now_s()) < 5


def test_the_minutes_quota_ends_with_the_minute(stage):
    stage.state.limits_by_path[TEMPLATES_PATH] = Limit(minute=2)
    token = stage.token()

    assert [check(stage, token) for _ in range(4)] == [0, 0, 45011, 45011]
    advance(stage, 60)
    assert check(stage, token) == 0


def test_the_days_quota_ends_at_midnight_in_beijing(stage):
    stage.state.limits_by_path[TEMPLATES_PATH] = Limit(day=2)
    now_s = int(stage.state.now_s())
    to_midnight_s = 86400 - (now_s + 8 * 3600) % 86400
    advance(stage, to_midnight_s + 86400 - 60)

    assert [check(stage, stage.token()) for _ in range(3)] == [0, 0, 45009]
    advance(stage, 61)
    assert check(stage, stage.token()) == 0


def test_refused_calls_are_not_counted(stage):
    stage.state.limits_by_path[SEND_PATH] = Limit(day=1)
    openid = stage.user()
    assert [stage.send_raw(openid)["errcode"] for _ in range(3)] == [43101] * 3
    stage.allow(openid, times=2)

    assert stage.send_raw(openid)["errcode"] == 0
    assert stage.send_raw(openid)["errcode"] == 45009
    assert stage.remaining(openid, CASE) == 1
    assert [message.data["thing2"]["value"] for message in stage.state.messages] == [CASE_DATA["thing2"]]


def test_one_person_signs_in_a_hundred_times_a_minute_and_others_are_not_held_up(stage):
    openid, other = stage.user(), stage.user()
    now_s = stage.state.now_s()
    advance(stage, 61 - now_s % 60)  # the start of a minute: the hundred calls fit into it

    def sign_in(who):
        query = {
            "appid": APPID,
            "secret": SECRET,
            "js_code": stage.login_code(who),
            "grant_type": "authorization_code",
        }
        return stage.errcode("GET", "/sns/jscode2session", **query)

    assert [sign_in(openid) for _ in range(101)] == [0] * 100 + [45011]
    assert sign_in(other) == 0
