"""What goes over the wire, and answers that the simulator does not give: odd types, half an answer, none at all."""

from __future__ import annotations

import json

import pytest

from apps.wechat.bridge import run_sync
from apps.wechat.client import LoginSession, WechatClient
from apps.wechat.errors import WechatOutcomeUnknown, WechatRefused, WechatUnavailable

from .stage import APPID, SECRET, receiving

TOKEN = (200, json.dumps({"access_token": "T" * 136, "expires_in": 7200}).encode())


@pytest.fixture
def host():
    with receiving() as server:
        yield server


@pytest.fixture
def wechat(host):
    made = WechatClient(appid=APPID, secret=SECRET, base_url=host.url, timeout_s=5)
    yield made
    run_sync(made.close())


def send(wechat, **given):
    return run_sync(
        wechat.subscribe_send(openid="oA", template_id="T1", data={"thing1": "路灯😀"}, **given)
    ).msgid


def phone(host, wechat, info, **more):
    host.answers = [TOKEN, (200, json.dumps({"errcode": 0, "phone_info": info, **more}).encode())]
    return run_sync(wechat.phone_number(code="c"))


def test_a_message_goes_out_as_plain_utf8_without_escapes_and_with_both_optional_fields(host, wechat):
    host.answers = [TOKEN, (200, b'{"errcode":0,"errmsg":"ok","msgid":2258434312345678901}')]

    assert send(wechat, page="index?a=b") == "2258434312345678901"

    (token_path, token_query, token_body), (path, query, body) = host.got
    assert (token_path, token_query) == ("/cgi-bin/stable_token", {})
    assert json.loads(token_body) == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": SECRET,
        "force_refresh": False,
    }
    assert (path, query) == ("/cgi-bin/message/subscribe/send", {"access_token": "T" * 136})
    assert "路灯😀".encode() in body
    assert json.loads(body) == {
        "touser": "oA",
        "template_id": "T1",
        "data": {"thing1": {"value": "路灯😀"}},
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "page": "index?a=b",
    }


def test_a_proxy_of_the_environment_never_sees_the_secret(host, wechat, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    host.answers = [(200, b'{"openid":"oA"}')]

    assert run_sync(wechat.code_to_session(code="c&d=e")) == LoginSession(openid="oA", unionid=None)

    ((path, query, _),) = host.got
    assert (path, query["js_code"]) == ("/sns/jscode2session", "c&d=e")


@pytest.mark.parametrize(
    ("body", "msgid"),
    [
        (b'{"errcode":0,"errmsg":"ok"}', None),
        (b'{"errmsg":"ok"}', None),
        (b'{"errcode":"0","msgid":"2258434312345678901"}', "2258434312345678901"),
        (b'{"errcode":0,"errmsg":"line\nbreak","msgid":5}', "5"),
    ],
)
def test_success_is_read_whatever_the_types_are(host, wechat, body, msgid):
    host.answers = [TOKEN, (200, body)]

    assert send(wechat) == msgid


@pytest.mark.parametrize(
    ("status", "body", "errcode"),
    [(200, b'{"errcode":"43101"}', 43101), (500, b'{"errcode":-1,"errmsg":"system error"}', -1)],
)
def test_an_errcode_in_the_body_goes_before_the_status(host, wechat, status, body, errcode):
    host.answers = [TOKEN, (status, body)]

    with pytest.raises(WechatRefused) as refusal:
        send(wechat)

    assert refusal.value.errcode == errcode


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"\xff\xfe"),
        (200, b'{"errcode":null}'),
        (302, b""),
    ],
)
def test_an_answer_that_can_not_be_read_leaves_the_outcome_unknown(host, wechat, status, body):
    host.answers = [TOKEN, (status, body)]

    with pytest.raises(WechatOutcomeUnknown):
        send(wechat)

    assert len(host.got) == 2  # neither repeated nor followed elsewhere


@pytest.mark.parametrize(
    "body", [b"{}", b'{"access_token":"T"}', b'{"access_token":"","expires_in":1}', b"x"]
)
def test_a_token_call_that_gives_no_token_is_unavailable(host, wechat, body):
    host.answers = [(200, body)]

    with pytest.raises(WechatUnavailable, match="token"):
        send(wechat)

    assert len(host.got) == 1


def test_a_wrong_secret_told_as_40001_is_an_alarm_and_not_a_refresh(host, wechat):
    host.answers = [(200, b'{"errcode":40001,"errmsg":"AppSecret wrong"}')]

    with pytest.raises(WechatUnavailable, match="errcode 40001, alarm"):
        send(wechat)

    assert len(host.got) == 1


@pytest.mark.parametrize(
    ("info", "number"),
    [
        ({"purePhoneNumber": "13800138000", "countryCode": "86"}, "13800138000"),
        ({"purePhoneNumber": "13800138000", "countryCode": 86}, "13800138000"),
        ({"purePhoneNumber": "13800138000"}, "13800138000"),
        ({"purePhoneNumber": "91234567", "countryCode": "852"}, "+85291234567"),
    ],
)
def test_a_number_from_abroad_carries_its_country(host, wechat, info, number):
    assert phone(host, wechat, info | {"watermark": {"appid": APPID, "timestamp": 1}}) == number


@pytest.mark.parametrize(
    "info",
    [
        None,
        {},
        {"purePhoneNumber": ""},
        {"purePhoneNumber": "13800138000", "watermark": {"appid": "wxother"}},
    ],
)
def test_a_phone_answer_without_a_number_of_ours_is_not_believed(host, wechat, info):
    with pytest.raises(WechatOutcomeUnknown):
        phone(host, wechat, info)


def test_a_login_without_openid_is_not_believed(host, wechat):
    host.answers = [(200, b'{"session_key":"x"}')]

    with pytest.raises(WechatOutcomeUnknown, match="without openid"):
        run_sync(wechat.code_to_session(code="c"))


def test_templates_bring_the_lists_of_their_enum_keys(host, wechat):
    row = {
        "priTmplId": "T1",
        "title": "进度",
        "content": "状态:{{enum_string3.DATA}}\n",
        "example": "状态:已办结\n",
        "type": 3,
        "keywordEnumValueList": [{"keywordCode": "enum_string3.DATA", "enumValueList": ["已受理", "已办结"]}],
    }
    host.answers = [TOKEN, (200, json.dumps({"errcode": 0, "data": [row]}).encode())]

    (template,) = run_sync(wechat.templates())

    assert (template.keys, template.kind) == (("enum_string3",), 3)
    assert template.enums == {"enum_string3": ("已受理", "已办结")}
