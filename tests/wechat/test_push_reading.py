"""Reading a push: the vectors, three modes, two formats, and everything that is refused."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.wechat.crypto import push_encrypt, push_signature
from apps.wechat.pushes import PushEvent, PushKeys, PushRefused, echo_read, push_identity, push_read

NOW = dt.datetime(2026, 3, 10, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
NOW_S = int(NOW.timestamp())
AES_KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
KEYS = {"token": "AAAAA", "aes_key": AES_KEY, "appid": APPID, "mode": "plain", "window_s": 300}
POPUP = {
    "ToUserName": "gh_1",
    "FromUserName": "oABC",
    "CreateTime": 1620973045,
    "MsgType": "event",
    "Event": "subscribe_msg_popup_event",
    "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"},
}
VERDICT = {
    "ToUserName": "gh_1",
    "FromUserName": "oABC",
    "CreateTime": "1620973045",
    "MsgType": "event",
    "Event": "wxa_media_check",
    "appid": APPID,
    "trace_id": "6620a1b2-0f3c1d2e",
    "version": 2,
    "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "risky", "label": 20002, "prob": 90}],
    "errcode": 0,
    "errmsg": "ok",
    "result": {"suggest": "risky", "label": 20002},
}


def keys(**given: Any) -> PushKeys:
    return PushKeys(**{**KEYS, **given})


def signed(encrypted: str | None = None, *, at_s: int = NOW_S, token: str = "AAAAA") -> dict[str, str]:
    query = {"timestamp": str(at_s), "nonce": "486452656", "openid": "oABC"}
    query["signature"] = push_signature(token=token, timestamp=query["timestamp"], nonce=query["nonce"])
    if encrypted is not None:
        query["encrypt_type"] = "aes"
        query["msg_signature"] = push_signature(
            token=token, timestamp=query["timestamp"], nonce=query["nonce"], encrypted=encrypted
        )
    return query


def sealed(
    message: Any, *, beside: dict[str, Any] | None = None, appid: str = APPID
) -> tuple[bytes, dict[str, str]]:
    """Return the body and the query of an encrypted push; ``beside`` is what stands next to the encrypted part."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    encrypted = push_encrypt(aes_key=AES_KEY, appid=appid, message=text)
    return json.dumps({"ToUserName": "gh_1", **(beside or {}), "Encrypt": encrypted}).encode(), signed(
        encrypted
    )


def read(
    body: Any, query: dict[str, str] | None = None, *, now: dt.datetime = NOW, **given: Any
) -> PushEvent:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return push_read(body=raw, query=signed() if query is None else query, keys=keys(**given), now=now)


def reason(body: Any, query: dict[str, str] | None = None, **given: Any) -> str:
    with pytest.raises(PushRefused) as refused:
        read(body, query, **given)
    return refused.value.reason


# --- Vectors of the protocol ------------------------------------------------------------------------------------------

ENCRYPT = "uMMzGtqcnpOzXOYBwDQNrWPWAC0TfUPn/8rth3QXKRcZmCCDrXd9Hb4KXj1+Iv51gMrE7V73Ww2nGsFSYpl8ZA=="


def test_the_official_signature_of_a_verification_is_taken():
    query = {
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "echostr": "4375120948345356249",
    }
    at = dt.datetime.fromtimestamp(1714036504, tz=dt.UTC)

    assert echo_read(query=query, keys=keys(), now=at) == "4375120948345356249"


def test_the_vector_of_a_safe_push_is_read():
    query = {
        "timestamp": "1714037059",
        "nonce": "486452656",
        "signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78",
        "msg_signature": "c3504bf695191bfc189e25b950834f4a9284565b",
    }
    at = dt.datetime.fromtimestamp(1714037059, tz=dt.UTC)

    event = read({"ToUserName": "gh_1", "Encrypt": ENCRYPT}, query, now=at, mode="safe")

    assert event == PushEvent(
        id=None, event="debug_demo", openid="", created_at=at, items=({"Event": "debug_demo"},), received_at=at,
        raw={"Event": "debug_demo"},
    )  # fmt: skip


# --- Shapes -----------------------------------------------------------------------------------------------------------


def test_a_list_of_one_comes_as_an_object_and_of_several_as_an_array():
    one = read(POPUP)
    second = {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "0"}
    two = read({**POPUP, "List": [POPUP["List"], second]})

    assert (one.event, one.openid, one.received_at) == ("subscribe_msg_popup_event", "oABC", NOW)
    assert one.created_at == dt.datetime(2021, 5, 14, 6, 17, 25, tzinfo=dt.UTC)
    assert one.items == ({"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"},)
    assert two.items == (*one.items, second)


@pytest.mark.parametrize(
    ("holder", "event"),
    [
        ("SubscribeMsgPopupEvent", "subscribe_msg_popup_event"),
        ("SubscribeMsgChangeEvent", "subscribe_msg_change_event"),
        ("SubscribeMsgSentEvent", "subscribe_msg_sent_event"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_an_xml_push_has_the_shape_of_its_json_form(holder, event, count):
    entries = "".join(
        f"<List><TemplateId><![CDATA[T{number}]]></TemplateId><MsgID>17</MsgID></List>"
        for number in range(count)
    )
    body = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oABC]]></FromUserName>"
        "<CreateTime>1620973045</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[{event}]]></Event><{holder}>{entries}</{holder}></xml>"
    )
    listed: Any = [{"TemplateId": f"T{number}", "MsgID": "17"} for number in range(count)]

    found = read(body.encode())

    assert found == read(
        {
            "ToUserName": "gh_1", "FromUserName": "oABC", "CreateTime": "1620973045", "MsgType": "event", "Event": event,
            "List": listed if count > 1 else listed[0],
        }
    )  # fmt: skip
    assert found.items == tuple(listed)


def test_a_verdict_on_a_picture_is_one_mapping_and_whole_in_raw():
    event = read(VERDICT)

    assert event.items == (
        {
            "ToUserName": "gh_1", "FromUserName": "oABC", "CreateTime": "1620973045", "MsgType": "event",
            "Event": "wxa_media_check", "appid": APPID, "trace_id": "6620a1b2-0f3c1d2e", "version": "2", "errcode": "0",
            "errmsg": "ok", "suggest": "risky", "label": "20002",
        },
    )  # fmt: skip
    assert event.raw == VERDICT


def test_what_people_write_to_the_customer_service_is_not_kept():
    event = read(
        {
            "FromUserName": "oABC",
            "CreateTime": NOW_S,
            "MsgType": "text",
            "MsgId": 5,
            "Content": "我的电话是……",
        }
    )

    assert (event.event, event.openid) == ("text", "oABC")
    assert event.raw == {"FromUserName": "oABC", "CreateTime": NOW_S, "MsgType": "text", "MsgId": 5}


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(("mode", "beside"), [("safe", {}), ("compatible", POPUP)])
def test_an_encrypted_push_is_read_from_its_encrypted_part(form, mode, beside):
    # What stands beside the encrypted part is signed by nobody: here it lies about who it was.
    xml = (
        "<xml><FromUserName>oABC</FromUserName><CreateTime>1620973045</CreateTime><MsgType>event</MsgType>"
        "<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId>"
        "<SubscribeStatusString>accept</SubscribeStatusString></List></SubscribeMsgPopupEvent></xml>"
    )
    body, query = sealed(
        POPUP if form == "json" else xml, beside={**beside, "FromUserName": "oLIAR"} if beside else {}
    )
    if form == "xml":
        outer = json.loads(body)
        body = (
            "<xml>" + "".join(f"<{k}>{v}</{k}>" for k, v in outer.items() if k != "List") + "</xml>"
        ).encode()

    event = read(body, query, mode=mode)

    assert (event.openid, event.items[0]["TemplateId"]) == ("oABC", "T1")


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_a_signature_of_another_token_is_refused():
    assert reason(POPUP, signed(token="BBBBB")) == "signature"
    assert reason(POPUP, signed() | {"signature": ""}) == "signature"
    assert (
        reason(POPUP, {name: value for name, value in signed().items() if name != "signature"}) == "signature"
    )
    assert reason(POPUP, signed() | {"nonce": "1"}) == "signature"
    assert reason(POPUP, signed() | {"nonce": "\ud800"}) == "signature"


def test_an_encrypted_push_needs_its_own_signature():
    body, query = sealed(POPUP)
    other = push_encrypt(aes_key=AES_KEY, appid=APPID, message="{}")

    assert reason(body, signed()) == "signature"
    assert reason({"ToUserName": "gh_1", "Encrypt": other}, query) == "signature"
    assert reason({"ToUserName": "gh_1", "Encrypt": 5}, query) == "shape"


@pytest.mark.parametrize("away_s", [-301, 301])
def test_a_push_outside_of_the_window_is_refused(away_s):
    assert reason(POPUP, signed(at_s=NOW_S + away_s)) == "window"


@pytest.mark.parametrize("away_s", [-300, 300])
def test_a_push_at_the_edge_of_the_window_is_taken(away_s):
    assert read(POPUP, signed(at_s=NOW_S + away_s)).openid == "oABC"


@pytest.mark.parametrize("timestamp", ["", "-5", "1e9", "1" * 13, "٣" * 10, "NaN"])
def test_a_time_that_is_none_is_refused(timestamp):
    assert reason(POPUP, signed() | {"timestamp": timestamp}) == "window"


def test_a_stricter_mode_refuses_a_weaker_body():
    safe, safe_query = sealed(POPUP)
    compatible, compatible_query = sealed(POPUP, beside=POPUP)

    assert reason(POPUP, mode="compatible") == "mode"
    assert reason(POPUP, mode="safe") == "mode"
    assert reason(compatible, compatible_query, mode="safe") == "mode"
    for mode in ("plain", "compatible", "safe"):
        assert read(safe, safe_query, mode=mode).openid == "oABC"
    for mode in ("plain", "compatible"):
        assert read(compatible, compatible_query, mode=mode).openid == "oABC"


def test_a_push_for_another_appid_or_with_another_key_is_refused():
    body, query = sealed(POPUP, appid="wx0123456789abcdef")

    assert reason(body, query) == "encryption"
    assert reason(*sealed(POPUP), aes_key="B" * 43) == "encryption"
    assert reason(*sealed(POPUP), aes_key="") == "encryption"


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><xml><Event>&a;</Event></xml>',
        '<!doctype x SYSTEM "file:///etc/passwd"><xml><Event>e</Event></xml>',
        '<!ENTITY a "b"><xml><Event>e</Event></xml>',
    ],
)
def test_a_document_type_is_refused_before_anything_is_read(body):
    assert reason(body.encode()) == "document_type"
    assert reason(*sealed(body)) == "document_type"


def test_a_body_over_64_kib_is_refused():
    filler = "x" * (64 * 1024 - len(json.dumps({"Event": "e", "text": ""})))

    assert read({"Event": "e", "text": filler}).event == "e"
    assert reason({"Event": "e", "text": filler + "x"}) == "size"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", "shape"),
        (b"[]", "shape"),
        (b"{", "shape"),
        (b"5", "shape"),
        (b"<xml>", "shape"),
        (b"<xml>words</xml>", "shape"),
        (b"<xml><Event>a</Event><Event>b</Event></xml>", "shape"),
        ('<?xml version="1.0" encoding="nowhere"?><xml/>'.encode("utf-16"), "coding"),
        (b"\xff\xfe", "coding"),
        (b'{"Event": "e", "FromUserName": "\\ud800"}', "coding"),
        (b'{"Event": "e", "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "shape"),
        (b'{"Event": "e", "x": ' + b"[" * 9 + b"]" * 9 + b"}", "depth"),
        (b"<xml>" + b"<a>" * 9 + b"</a>" * 9 + b"</xml>", "depth"),
        (b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>", "depth"),
        (b'{"Event": 5}', "shape"),
        (b'{"Event": "a b"}', "shape"),
        (b'{"Event": "a\\u0000"}', "shape"),
        (b'{"Event": ""}', "shape"),
        (b'{"MsgType": "event"}', "shape"),
        (b'{"Event": "e", "FromUserName": 5}', "shape"),
        (b'{"Event": "e", "CreateTime": "soon"}', "shape"),
        (b'{"Event": "e", "CreateTime": true}', "shape"),
        (b'{"Event": "e", "CreateTime": -1}', "shape"),
        (b'{"Event": "e", "CreateTime": 99999999999}', "shape"),
        (b'{"Event": "e", "List": "words"}', "shape"),
        (b'{"Event": "e", "List": [1]}', "shape"),
    ],
)
def test_what_is_no_message_is_refused(body, wanted):
    assert reason(body) == wanted


def test_a_verification_is_refused_with_a_wrong_signature_or_nothing_to_echo():
    for query in (signed(token="BBBBB") | {"echostr": "1"}, signed(), signed() | {"echostr": "x" * 129}):
        with pytest.raises(PushRefused):
            echo_read(query=query, keys=keys(), now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*POPUP, *VERDICT, "Encrypt", "MsgId"])
MESSAGES = st.dictionaries(NAMES, JSON | st.sampled_from(["event", "e", POPUP["List"]]), max_size=8).map(
    lambda message: json.dumps(message).encode()
)
BODIES = (
    st.binary(max_size=200)
    | MESSAGES
    | st.text(max_size=100).map(lambda t: f"<xml>{t}</xml>".encode(errors="replace"))
)


@given(body=BODIES, mode=st.sampled_from(["plain", "compatible", "safe"]))
def test_any_bytes_that_are_signed_are_an_event_or_refused(body, mode):
    try:
        event = read(body, mode=mode)
    except PushRefused:
        return
    json.dumps(event.raw, ensure_ascii=False).encode()
    push_identity(event).encode()


@given(inner=BODIES.filter(lambda body: body.isascii()))
def test_any_text_that_is_encrypted_is_an_event_or_refused(inner):
    try:
        event = read(*sealed(inner.decode()), mode="safe")
    except PushRefused:
        return
    assert event.id is None


@given(
    query=st.dictionaries(
        st.sampled_from(["timestamp", "nonce", "signature"]), st.text(st.characters(exclude_categories=()))
    )
)
def test_any_query_that_is_not_signed_is_refused(query):
    assert reason(POPUP, query) in {"window", "signature"}


# --- Repeats ----------------------------------------------------------------------------------------------------------


def test_a_repeat_has_the_same_identity_whatever_its_format():
    again = {**POPUP, "List": [POPUP["List"]], "CreateTime": "1620973045"}

    assert push_identity(read(POPUP)) == push_identity(read(again))


SENT = {
    **POPUP,
    "Event": "subscribe_msg_sent_event",
    "List": {"TemplateId": "T1", "MsgID": "17", "ErrorCode": "0"},
}


@pytest.mark.parametrize(
    "other",
    [
        {**SENT, "FromUserName": "oDEF"},
        {**SENT, "CreateTime": 1620973046},
        {**SENT, "Event": "subscribe_msg_popup_event"},
        {**SENT, "MsgId": 5},
        {**SENT, "trace_id": "x"},
        {**SENT, "List": {"TemplateId": "T2", "MsgID": "17"}},
        {**SENT, "List": {"TemplateId": "T1", "MsgID": "18"}},
    ],
)
def test_another_push_has_another_identity(other):
    assert push_identity(read(SENT)) != push_identity(read(other))
