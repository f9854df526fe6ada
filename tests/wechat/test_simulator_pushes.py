"""Pushes of the simulator: how they look in each mode and format, how often they are tried, what goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.wechat.crypto import push_decrypt, push_signature_ok
from apps.wechat.pushes import PushKeys, push_read
from apps.wechat.simulator.pushes import AT_ONCE
from apps.wechat.simulator.state import PushTarget

from .stage import APPID, CASE, NEWS, receiving

TOKEN, AES_KEY = "pushtoken", "A" * 43
KEYS = PushKeys(token=TOKEN, aes_key=AES_KEY, appid=APPID, mode="plain", window_s=300)


@pytest.fixture
def receiver(stage):
    with receiving() as server:
        stage.running.account.push = PushTarget(url=f"{server.url}/push", token=TOKEN, aes_key=AES_KEY)
        yield server


def wait_for_pushes(stage, count):
    deadline = time.monotonic() + 5
    while len(stage.state.pushes) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_answer_to_the_dialog_is_pushed_and_signed(stage, receiver):
    openid = stage.user()
    stage.control("POST", "dialog", {"openid": openid, "results": {CASE: "accept", NEWS: "reject"}})
    wait_for_pushes(stage, 1)

    ((_, query, raw),) = receiver.got
    body = json.loads(raw)
    assert push_signature_ok(
        signature=query["signature"], token=TOKEN, timestamp=query["timestamp"], nonce=query["nonce"]
    )
    assert (body["Event"], body["FromUserName"], body["MsgType"]) == (
        "subscribe_msg_popup_event",
        openid,
        "event",
    )
    assert body["List"] == [
        {"TemplateId": CASE, "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": NEWS, "SubscribeStatusString": "reject", "PopupScene": "0"},
    ]


def test_one_item_is_an_object_and_the_result_of_a_send_is_pushed(stage, receiver):
    openid = stage.user()
    stage.allow(openid)
    wait_for_pushes(stage, 1)
    msgid = stage.send_raw(openid)["msgid"]
    wait_for_pushes(stage, 2)
    stage.control("POST", "settings", {"openid": openid, "template_id": CASE, "on": False})
    wait_for_pushes(stage, 3)

    assert [json.loads(raw)["List"] for _, _, raw in receiver.got] == [
        {"TemplateId": CASE, "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": CASE, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"},
        {"TemplateId": CASE, "SubscribeStatusString": "reject"},
    ]


def test_a_push_is_tried_three_times_until_it_is_taken(stage, receiver):
    openid = stage.user()
    receiver.answers = [(200, b"busy"), (500, b"success")]
    stage.allow(openid)
    wait_for_pushes(stage, 1)
    receiver.answers = [(200, b"busy")] * 3
    stage.allow(openid)
    wait_for_pushes(stage, 2)

    assert [(push.tries, push.taken) for push in stage.state.pushes] == [(3, True), (3, False)]
    assert len(receiver.got) == 6


def test_in_safe_mode_the_push_shows_only_its_sealed_text(stage, receiver):
    push = stage.running.account.push
    stage.running.account.push = PushTarget(url=push.url, token=TOKEN, aes_key=AES_KEY, mode="safe")
    stage.allow(stage.user())
    wait_for_pushes(stage, 1)

    ((_, query, raw),) = receiver.got
    body = json.loads(raw)
    assert set(body) == {"ToUserName", "Encrypt"}
    assert push_signature_ok(
        signature=query["msg_signature"],
        token=TOKEN,
        timestamp=query["timestamp"],
        nonce=query["nonce"],
        encrypted=body["Encrypt"],
    )
    message = json.loads(push_decrypt(aes_key=AES_KEY, appid=APPID, encrypted=body["Encrypt"]))
    assert message["Event"] == "subscribe_msg_popup_event"


def read(stage, got):
    """What the project's own reader makes of a push, or several."""
    now = dt.datetime.fromtimestamp(stage.state.now_s(), tz=dt.UTC)
    return [push_read(body=raw, query=query, keys=KEYS, now=now) for _, query, raw in got]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_each_mode_and_format_is_read_as_the_same_events(stage, receiver, mode, form):
    account = stage.running.account
    account.push = replace(account.push, mode=mode, format=form)
    openid = stage.user()
    stage.control("POST", "dialog", {"openid": openid, "results": {CASE: "accept", NEWS: "reject"}})
    msgid = stage.send_raw(openid)["msgid"]
    wait_for_pushes(stage, 2)

    for _, query, raw in receiver.got:
        assert raw.startswith(b"<xml>") is (form == "xml")
        assert (b"Encrypt" in raw, openid.encode() in raw) == (mode != "plain", mode != "safe")
        assert (query.get("encrypt_type"), query["openid"]) == (None if mode == "plain" else "aes", openid)
    popup, sent = sorted(read(stage, receiver.got), key=lambda event: event.event)
    assert [(event.event, event.openid) for event in (popup, sent)] == [
        ("subscribe_msg_popup_event", openid),
        ("subscribe_msg_sent_event", openid),
    ]
    assert popup.items == (
        {"TemplateId": CASE, "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": NEWS, "SubscribeStatusString": "reject", "PopupScene": "0"},
    )
    assert sent.items == (
        {"TemplateId": CASE, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"},
    )


def test_the_verdict_on_a_picture_is_read_in_xml_too(stage, receiver):
    account = stage.running.account
    account.push, account.media_delay_s = replace(account.push, format="xml", mode="safe"), 0.0
    openid = stage.visitor()
    body = {
        "version": 2,
        "openid": openid,
        "scene": 2,
        "media_type": 2,
        "media_url": "https://x.example/risky.jpg",
    }
    trace_id = stage.post("/wxa/media_check_async", body)["trace_id"]
    wait_for_pushes(stage, 1)

    (event,) = read(stage, receiver.got)
    assert (event.event, event.raw["trace_id"]) == ("wxa_media_check", trace_id)
    assert event.raw["result"] == {"suggest": "risky", "label": "20002"}


def test_an_xml_text_can_not_break_out_of_its_tag(stage, receiver):
    account = stage.running.account
    account.push = replace(account.push, format="xml")
    openid = stage.user(openid="o]]><Event>x</Event>")
    stage.allow(openid)
    wait_for_pushes(stage, 1)

    assert [(event.event, event.openid) for event in read(stage, receiver.got)] == [
        ("subscribe_msg_popup_event", openid)
    ]


@pytest.fixture
def address():
    """An address that proves itself when it is told to; the paths it was asked for."""

    class Address(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            server.asked.append(("GET", query))
            signed = push_signature_ok(
                signature=query["signature"], token=TOKEN, timestamp=query["timestamp"], nonce=query["nonce"]
            )
            self.say(query["echostr"] if server.proves and signed else "no")

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append(("POST", {}))
            self.say("success")

        def say(self, text):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Address) as server:
        server.asked, server.proves = [], True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}/push"
        yield server
        server.shutdown()
        thread.join()


def test_an_address_is_taken_once_it_has_proved_itself(stage, address):
    wanted = {"url": address.url, "token": TOKEN, "mode": "safe", "aes_key": AES_KEY, "sent_error_code": 5}

    assert stage.control("POST", "push", wanted) == {"url": address.url}

    assert [method for method, _ in address.asked] == ["GET"]
    assert len(address.asked[0][1]["echostr"]) == 20
    assert stage.running.account.push == PushTarget(
        url=address.url, token=TOKEN, aes_key=AES_KEY, mode="safe"
    )
    stage.allow(stage.user())
    wait_for_pushes(stage, 1)
    assert [method for method, _ in address.asked] == ["GET", "POST"]
    assert stage.control("POST", "push", {"url": ""}) == {"url": ""}
    assert stage.running.account.push is None


def test_an_address_that_does_not_prove_itself_is_refused_and_the_old_one_stays(stage, address, free_port):
    old = stage.running.account.push = PushTarget(url="http://127.0.0.1:1/old", token=TOKEN)
    address.proves = False
    told = {"error": "url: it does not answer with the text it is given"}

    assert stage.control("POST", "push", {"url": address.url, "token": TOKEN}) == told
    assert stage.control("POST", "push", {"url": f"http://127.0.0.1:{free_port()}", "token": TOKEN}) == told
    assert stage.running.account.push == old
    assert stage.control("POST", "push", {"url": address.url, "token": TOKEN, "verify": False}) == {
        "url": address.url
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"token": "ab"}, "token"),
        ({"token": "a" * 33}, "token"),
        ({"mode": "secret"}, "mode"),
        ({"format": "yaml"}, "mode"),
        ({"mode": "safe"}, "aes_key"),
        ({"aes_key": "short"}, "aes_key"),
        ({"duplicate": 2}, "duplicate"),
        ({"delay_s": -1}, "delay_s"),
        ({"sent_error_code": "x"}, "sent_error_code"),
    ],
)
def test_settings_of_the_push_that_make_no_sense_are_refused_by_the_name_of_their_field(stage, given, field):
    wanted = {"url": "http://127.0.0.1:1/push", "token": TOKEN, "verify": False}

    assert stage.control("POST", "push", wanted | given)["error"].partition(":")[0] == field
    assert stage.running.account.push is None


def test_an_address_named_at_the_start_proves_itself_before_the_first_event(stage, address):
    stage.running.account.push = PushTarget(url=address.url, token=TOKEN, verified=False)
    stage.allow(stage.user(), times=3)
    wait_for_pushes(stage, 3)

    assert [method for method, _ in address.asked] == ["GET", "POST", "POST", "POST"]
    assert stage.running.account.push.verified is True


def test_nothing_is_pushed_to_an_address_that_never_proved_itself(stage, address):
    address.proves = False
    stage.running.account.push = PushTarget(url=address.url, token=TOKEN, verified=False)
    stage.allow(stage.user())
    wait_for_pushes(stage, 1)

    assert [method for method, _ in address.asked] == ["GET"] * 3
    assert [(push.tries, push.taken) for push in stage.state.pushes] == [(3, False)]


def test_an_event_is_pushed_twice_on_order(stage, receiver):
    account = stage.running.account
    account.push = replace(account.push, duplicate=1.0)
    stage.allow(stage.user())
    wait_for_pushes(stage, 2)

    first, second = read(stage, receiver.got)
    assert first == second


def test_of_two_events_the_second_goes_first_on_order_and_a_lone_one_goes_in_the_end(stage, receiver):
    account = stage.running.account
    account.push = replace(account.push, reorder=True)
    openid = stage.user()
    stage.allow(openid)
    stage.send_raw(openid)
    wait_for_pushes(stage, 2)
    stage.allow(openid)
    wait_for_pushes(stage, 3)

    assert [event.event for event in read(stage, receiver.got)] == [
        "subscribe_msg_sent_event",
        "subscribe_msg_popup_event",
        "subscribe_msg_popup_event",
    ]


def test_a_delayed_event_comes_late_with_the_time_at_which_it_happened(stage, receiver):
    account = stage.running.account
    account.push = replace(account.push, delay_s=0.4)
    started = time.monotonic()
    stage.allow(stage.user())
    assert receiver.got == []
    wait_for_pushes(stage, 1)

    assert 0.4 <= time.monotonic() - started < 3


def test_a_message_that_failed_later_says_so_in_its_event(stage, receiver):
    stage.running.account.sent_error_code = 43101
    openid = stage.user()
    stage.allow(openid)
    stage.send_raw(openid)
    wait_for_pushes(stage, 2)

    (item,) = read(stage, receiver.got)[1].items
    assert (item["ErrorCode"], item["ErrorStatus"]) == ("43101", "failed")


def test_however_many_events_there_are_only_fifty_are_on_their_way_at_once(stage):
    """The receiver takes its time, so what is sent at once shows; the sends go on meanwhile."""
    held, most, lock = [0], [0], threading.Lock()

    class Slow(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                held[0] += 1
                most[0] = max(most[0], held[0])
            time.sleep(0.1)
            with lock:
                held[0] -= 1
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads, server.request_queue_size = True, 200
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        stage.running.account.push = PushTarget(url=f"http://127.0.0.1:{server.server_port}", token=TOKEN)
        openid = stage.user()
        stage.allow(openid, times=120)
        started = time.monotonic()
        assert [stage.send_raw(openid)["errcode"] for _ in range(5)] == [0] * 5
        assert time.monotonic() - started < 2
        deadline = time.monotonic() + 20
        while (told := stage.control("GET", "pushes"))["taken"] < 125:
            assert time.monotonic() < deadline, told
            time.sleep(0.05)
        server.shutdown()
        thread.join()

    assert 1 < most[0] <= AT_ONCE
    assert (told["waiting"], told["failed"], len(told["recent"])) == (0, 0, 125)
    assert told["recent"][0] == {"event": "subscribe_msg_popup_event", "tries": 1, "taken": True}


def test_a_reset_forgets_the_pushes(stage, receiver):
    stage.allow(stage.user())
    wait_for_pushes(stage, 1)

    stage.control("POST", "reset")

    told = stage.control("GET", "pushes")
    assert (told["taken"], told["failed"], told["recent"]) == (0, 0, [])
