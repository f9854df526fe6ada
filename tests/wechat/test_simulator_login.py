"""Codes, session keys and phone numbers of the simulator, asked without our client."""

from __future__ import annotations

import base64

import pytest

from apps.wechat.crypto import session_signature

from .stage import APPID, SECRET

PATH, PHONE = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
GOOD = {"appid": APPID, "secret": SECRET, "grant_type": "authorization_code"}


def test_a_login_answer_omits_errcode_and_its_key_is_16_bytes(stage):
    openid = stage.user()

    answer = stage.call("GET", PATH, js_code=stage.login_code(openid), **GOOD)

    assert set(answer) == {"openid", "session_key", "unionid"}
    assert answer["openid"] == openid
    assert len(base64.b64decode(answer["session_key"])) == 16
    assert stage.state.users[openid].last_visit_at_s is not None


def test_a_new_login_replaces_the_session_key_unless_told_otherwise(stage):
    openid = stage.user()
    keys = [
        stage.call("GET", PATH, js_code=stage.login_code(openid), **GOOD)["session_key"] for _ in range(2)
    ]
    stage.running.account.rotate_session_key = False
    keys.append(stage.call("GET", PATH, js_code=stage.login_code(openid), **GOOD)["session_key"])

    assert keys[0] != keys[1]
    assert keys[1] == keys[2]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"js_code": ""}, 41008),
        ({"grant_type": "other"}, 40002),
        ({"appid": "wxother"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"js_code": "unknown"}, 40029),
    ],
)
def test_a_refused_login_spends_no_code(stage, change, errcode):
    code = stage.login_code(stage.user())

    assert stage.errcode("GET", PATH, **({"js_code": code} | GOOD | change)) == errcode
    assert stage.errcode("GET", PATH, js_code=code, **GOOD) == 0
    assert stage.errcode("GET", PATH, js_code=code, **GOOD) == 40163


def test_a_risky_person_is_blocked_and_a_code_of_the_phone_button_is_no_login(stage):
    assert stage.errcode("GET", PATH, js_code=stage.login_code(stage.user(risk=True)), **GOOD) == 40226
    assert stage.errcode("GET", PATH, js_code=stage.phone_code(stage.user()), **GOOD) == 40029


def test_a_login_code_at_the_phone_call_is_unknown(stage):
    openid = stage.user()

    answer = stage.call("POST", PHONE, {"code": stage.login_code(openid)}, access_token=stage.token())

    assert answer["errcode"] == 40029


def test_a_phone_answer_has_the_watermark_of_the_account(stage):
    openid = stage.user(phone="13800138000")

    answer = stage.call("POST", PHONE, {"code": stage.phone_code(openid)}, access_token=stage.token())

    assert answer["phone_info"]["purePhoneNumber"] == "13800138000"
    assert answer["phone_info"]["watermark"]["appid"] == APPID


def test_a_session_key_is_checked_and_reset_by_its_signature(stage):
    openid, token = stage.user(), stage.token()
    signature = session_signature(session_key=stage.state.users[openid].session_key)
    query = {"access_token": token, "openid": openid, "sig_method": "hmac_sha256"}

    assert stage.errcode("GET", "/wxa/checksession", signature=signature.upper(), **query) == 0
    assert stage.errcode("GET", "/wxa/checksession", signature="0" * 64, **query) == 87009
    assert (
        stage.errcode("GET", "/wxa/checksession", signature=signature, **query | {"sig_method": "md5"})
        == 87008
    )
    answer = stage.call("GET", "/wxa/resetusersessionkey", signature=signature, **query)
    assert (answer["openid"], answer["session_key"]) == (openid, stage.state.users[openid].session_key)
    assert stage.errcode("GET", "/wxa/checksession", signature=signature, **query) == 87009
