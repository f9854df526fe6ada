"""The addresses that WeChat and the provider of text messages post to: kept, answered, or refused without a word."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from prometheus_client import REGISTRY

from apps.common import dispatch
from apps.wechat import services
from apps.wechat.crypto import push_encrypt, push_signature
from apps.wechat.models import ProviderPush

TOKEN, AES_KEY, SMS_TOKEN = "aToken123", "A" * 43, "receipts-token-0123456789"
MESSAGE = {
    "ToUserName": "gh_1",
    "FromUserName": "oABC",
    "CreateTime": 1620973045,
    "MsgType": "event",
    "Event": "subscribe_msg_popup_event",
    "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"},
}
RECEIPT = {
    "user_receive_time": "2026-03-10 09:59:58",
    "nationcode": "86",
    "mobile": "19900012345",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信接收成功",
    "sid": "5EFF:1",
}


@pytest.fixture
def door(db, settings, clock) -> Door:
    settings.WECHAT_PUSH_TOKEN, settings.WECHAT_PUSH_AES_KEY = TOKEN, AES_KEY
    settings.WECHAT_PUSH_MODE, settings.SMS_CALLBACK_TOKEN = "safe", SMS_TOKEN
    return Door(appid=settings.WECHAT_APPID)


@pytest.fixture
def queued(monkeypatch) -> list[tuple[Any, ...]]:
    """What is queued once the transaction commits."""
    names: list[tuple[Any, ...]] = []
    monkeypatch.setattr(dispatch._sender, "add", lambda wake_up: names.append(wake_up[:2]))
    return names


class Door:
    """Posts as WeChat does."""

    def __init__(self, *, appid: str) -> None:
        self.appid = appid
        self.client = Client(enforce_csrf_checks=True)

    def query(self, encrypted: str | None = None, *, token: str = TOKEN) -> dict[str, str]:
        from apps.common.clock import now

        signed = {"token": token, "timestamp": str(int(now().timestamp())), "nonce": "7"}
        query = {"timestamp": signed["timestamp"], "nonce": "7", "openid": "oABC"}
        query["signature"] = push_signature(**signed)
        if encrypted:
            query |= {"encrypt_type": "aes", "msg_signature": push_signature(**signed, encrypted=encrypted)}
        return query

    def push(self, message: Any = MESSAGE, *, content_type: str = "application/json", **query: str) -> Any:
        encrypted = push_encrypt(aes_key=AES_KEY, appid=self.appid, message=json.dumps(message))
        body = json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted})
        return self.post(body, {**self.query(encrypted), **query}, content_type=content_type)

    def post(self, body: str, query: dict[str, str], *, content_type: str = "application/json") -> Any:
        return self.client.post("/wechat/push", body, content_type=content_type, query_params=query)

    def receipts(self, body: Any, *, token: str = SMS_TOKEN) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/sms/receipts/{token}", raw, content_type="application/json")


def counted(source: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("provider_pushes_total", {"source": source, "outcome": outcome}) or 0.0


# --- WeChat -----------------------------------------------------------------------------------------------------------


def test_the_console_is_answered_with_its_own_text(door):
    answer = door.client.get("/wechat/push", {**door.query(), "echostr": "4375120948345356249"})

    assert (answer.status_code, answer.content) == (200, b"4375120948345356249")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_verification_with_a_wrong_signature_is_403_without_detail(door):
    answer = door.client.get("/wechat/push", {**door.query(token="wrong"), "echostr": "1"})

    assert (answer.status_code, answer.content) == (403, b"")


def test_a_push_is_kept_and_answered_and_the_worker_is_woken(
    door, queued, django_assert_num_queries, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), django_assert_num_queries(1):
        answer = door.push()

    assert (answer.status_code, answer.content) == (200, b"success")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    row = ProviderPush.objects.get()
    assert (row.source, row.event, row.state, row.attempts) == (
        "wechat",
        "subscribe_msg_popup_event",
        "pending",
        0,
    )
    assert row.created_at == dt.datetime(2021, 5, 14, 6, 17, 25, tzinfo=dt.UTC)
    assert json.loads(row.body) == MESSAGE
    assert queued == [("wechat.pushes_process", "callback")]


def test_what_is_stored_shows_neither_openid_nor_body(door):
    door.push()

    stored = ProviderPush.objects.extra(select={"stored": "wechat_providerpush::text"}).values_list(
        "stored", flat=True
    )
    (text,) = stored
    assert "oABC" not in text
    assert b"oABC".hex() not in text


def test_a_repeat_is_answered_and_kept_once_and_wakes_nobody(
    door, queued, django_capture_on_commit_callbacks
):
    before = counted("wechat", "stored"), counted("wechat", "repeated")

    with django_capture_on_commit_callbacks(execute=True):
        assert [door.push().content for _each in range(3)] == [b"success"] * 3

    assert ProviderPush.objects.count() == 1
    assert len(queued) == 1
    assert (counted("wechat", "stored"), counted("wechat", "repeated")) == (before[0] + 1, before[1] + 2)


def test_an_xml_push_in_plain_mode_is_kept(door, settings):
    settings.WECHAT_PUSH_MODE = "plain"
    body = (
        "<xml><FromUserName>oABC</FromUserName><CreateTime>1620973045</CreateTime><MsgType>event</MsgType>"
        "<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId></List>"
        "</SubscribeMsgPopupEvent></xml>"
    )

    assert door.post(body, door.query(), content_type="text/xml").status_code == 200
    assert json.loads(ProviderPush.objects.get().body)["List"] == {"TemplateId": "T1"}


def test_a_wrong_signature_is_403_without_detail_counted_and_nothing_is_kept(door, queued, caplog):
    before = counted("wechat", "signature")

    answer = door.push(msg_signature="0" * 40)

    assert (answer.status_code, answer.content) == (403, b"")
    assert ProviderPush.objects.count() == 0
    assert queued == []
    assert counted("wechat", "signature") == before + 1
    assert "oABC" not in caplog.text


def test_a_plain_push_is_403_in_safe_mode(door):
    assert door.post(json.dumps(MESSAGE), door.query()).status_code == 403
    assert ProviderPush.objects.count() == 0


def test_an_old_push_is_403_and_so_is_one_too_big(door, clock, settings):
    query = door.query()
    settings.WECHAT_PUSH_MODE = "plain"
    assert door.post(json.dumps({**MESSAGE, "text": "x" * 64 * 1024}), query).status_code == 403
    clock.shift(dt.timedelta(seconds=301))
    assert door.post(json.dumps(MESSAGE), query).status_code == 403
    assert ProviderPush.objects.count() == 0


def test_without_a_token_there_is_no_such_address(door, settings):
    settings.WECHAT_PUSH_TOKEN = ""

    assert door.client.get("/wechat/push", door.query()).status_code == 404
    assert door.push().status_code == 404
    assert ProviderPush.objects.count() == 0


def test_other_methods_are_405(door):
    assert door.client.put("/wechat/push").status_code == 405
    assert door.client.get(f"/sms/receipts/{SMS_TOKEN}").status_code == 405


def test_while_the_database_is_away_the_answer_is_503_so_that_wechat_repeats(door, monkeypatch):
    def away(**_given: Any) -> None:
        raise OperationalError("could not connect: host, user")

    monkeypatch.setattr(services, "pushes_store", away)

    answer = door.push()
    assert (answer.status_code, answer.content) == (503, b"")
    answer = door.receipts([RECEIPT])
    assert (answer.status_code, answer.json()) == (503, {"result": 1, "errmsg": "BUSY"})


# --- Receipts of text messages ----------------------------------------------------------------------------------------


def test_receipts_are_kept_without_the_phone_number(
    door, queued, django_assert_num_queries, django_capture_on_commit_callbacks
):
    failed = {**RECEIPT, "sid": "5EFF:2", "report_status": "FAIL", "errmsg": "MK:1008"}

    with django_capture_on_commit_callbacks(execute=True), django_assert_num_queries(1):
        answer = door.receipts([RECEIPT, failed])

    assert (answer.status_code, answer.json()) == (200, {"result": 0, "errmsg": "OK"})
    first, second = ProviderPush.objects.order_by("id")
    assert (first.source, first.event) == ("sms", "sms_receipt")
    assert first.created_at == dt.datetime(2026, 3, 10, 1, 59, 58, tzinfo=dt.UTC)
    assert json.loads(first.body) == {
        "Event": "sms_receipt",
        "CreateTime": 1773107998,
        "List": {
            "sid": "5EFF:1", "report_status": "SUCCESS", "errmsg": "DELIVRD", "user_receive_time": "2026-03-10 09:59:58",
        },
    }  # fmt: skip
    assert json.loads(second.body)["List"]["sid"] == "5EFF:2"
    assert queued == [("wechat.pushes_process", "callback")]


def test_a_receipt_that_comes_twice_is_kept_once(door):
    door.receipts([RECEIPT, RECEIPT])
    door.receipts([RECEIPT])

    assert ProviderPush.objects.count() == 1


@pytest.mark.parametrize("token", ["wrong", "接收", SMS_TOKEN + "x"])
def test_receipts_with_a_wrong_token_are_404(door, token):
    assert door.receipts([RECEIPT], token=token).status_code == 404
    assert ProviderPush.objects.count() == 0


def test_without_a_token_for_receipts_there_is_no_such_address(door, settings):
    settings.SMS_CALLBACK_TOKEN = ""

    assert door.receipts([RECEIPT]).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"{", {}, [1], [{"sid": ""}], [{"sid": 5}], [RECEIPT, {}], b'[{"sid": "\\ud800"}]', [RECEIPT] * 1001,
        b"[" * 20_000, b'["' + b"x" * 512 * 1024,
    ],
    ids=range(12),
)  # fmt: skip
def test_receipts_that_can_not_be_read_are_400_and_none_is_kept(door, body):
    answer = door.receipts(body)

    assert (answer.status_code, answer.json()) == (400, {"result": 1, "errmsg": "FORMAT"})
    assert ProviderPush.objects.count() == 0


def test_a_receipt_without_a_time_happened_when_it_came(door):
    door.receipts([{"sid": "5EFF:3", "user_receive_time": "yesterday"}])

    assert ProviderPush.objects.get().created_at == ProviderPush.objects.get().received_at


def test_no_receipts_are_answered_and_nothing_is_kept(door, queued):
    assert door.receipts([]).json() == {"result": 0, "errmsg": "OK"}
    assert (ProviderPush.objects.count(), queued) == (0, [])
