"""Content safety of the simulator (rules 12 and 13), asked without our client."""

from __future__ import annotations

import json
import time

import pytest

from apps.wechat.simulator.state import PushTarget

from .stage import APPID, receiving

TEXT, MEDIA = "/wxa/msg_sec_check", "/wxa/media_check_async"


@pytest.fixture
def receiver(stage):
    with receiving() as server:
        stage.running.account.push = PushTarget(url=f"{server.url}/push", token="pushtoken")
        stage.running.account.media_delay_s = 0.01
        yield server


def text(stage, **given):
    return stage.post(TEXT, {"version": 2, "openid": "oA", "scene": 2, "content": "路灯不亮"} | given)


def media(stage, **given):
    wanted = {
        "version": 2,
        "openid": "oA",
        "scene": 2,
        "media_type": 2,
        "media_url": "https://x.example/a.jpg",
    }
    return stage.post(MEDIA, wanted | given)


def pushed(receiver):
    """The next push that is not one of the pictures fetched."""
    deadline = time.monotonic() + 5
    while not (found := [raw for path, _, raw in receiver.got if path == "/push"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    receiver.got.clear()
    return json.loads(found[-1])


def test_a_clean_text_passes_with_the_parts_of_its_check(stage):
    answer = text(stage, openid=stage.visitor())

    assert (answer["errcode"], answer["result"]) == (0, {"suggest": "pass", "label": 100})
    assert answer["detail"] == [
        {"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100, "prob": 90}
    ]


def test_a_listed_word_makes_it_risky_or_doubtful_and_the_worst_counts(stage):
    openid = stage.visitor()
    assert stage.control(
        "POST",
        "words",
        {"words": {"甲词": {"suggest": "review"}, "乙词": {"suggest": "risky", "label": 20001}}},
    ) == {"words": 5}

    assert text(stage, openid=openid, content="有甲词")["result"] == {"suggest": "review", "label": 21000}
    answer = text(stage, openid=openid, content="有甲词也有乙词")
    assert answer["result"] == {"suggest": "risky", "label": 20001}
    assert [part.get("keyword") for part in answer["detail"]] == [None, "甲词", "乙词"]


def test_the_checks_of_a_text_come_in_order_and_a_visit_lasts_two_hours(stage):
    wrong = {"scene": 5, "content": "", "openid": "oNobody"}
    assert text(stage, **wrong)["errcode"] == 40129
    assert text(stage, **wrong | {"scene": 1})["errcode"] == 47001
    assert text(stage, **wrong | {"scene": 1, "content": "字" * 2501})["errcode"] == 47001
    assert text(stage, **wrong | {"scene": 1, "content": "字" * 2500})["errcode"] == 40003
    openid = stage.user()
    assert text(stage, openid=openid)["errcode"] == 61010
    stage.call(
        "GET",
        "/sns/jscode2session",
        appid=APPID,
        secret="0" * 32,
        grant_type="authorization_code",
        js_code=stage.login_code(openid),
    )
    assert text(stage, openid=openid)["errcode"] == 0
    stage.control("POST", "clock", {"advance_s": 7100})
    assert text(stage, openid=openid)["errcode"] == 0
    stage.control("POST", "clock", {"advance_s": 200})
    assert text(stage, openid=openid)["errcode"] == 61010


def test_version_1_has_a_code_of_its_own_for_a_risky_text_and_asks_for_no_visit(stage):
    assert stage.post(TEXT, {"content": "路灯不亮"}) == {"errcode": 0, "errmsg": "ok"}
    assert stage.post(TEXT, {"content": "模拟违规词"})["errcode"] == 87014
    assert stage.post(TEXT, {"content": "模拟广告词"})["errcode"] == 0


def test_texts_are_limited_to_4000_a_minute(stage):
    openid = stage.visitor()
    limit = stage.state.limits_by_path[TEXT]
    assert (limit.minute, limit.day) == (4_000, 2_000_000)
    stage.control("POST", "limits", {"path": TEXT, "minute": 2, "day": 3})
    stage.control("POST", "clock", {"advance_s": 61 - stage.state.now_s() % 60})

    assert [text(stage, openid=openid)["errcode"] for _ in range(3)] == [0, 0, 45011]
    stage.control("POST", "clock", {"advance_s": 60})
    assert [text(stage, openid=openid)["errcode"] for _ in range(2)] == [0, 45009]


@pytest.mark.parametrize(
    ("name", "suggest", "label"),
    [("a.jpg", "pass", 100), ("risky-1.jpg", "risky", 20002), ("review.png", "review", 21000)],
)
def test_a_picture_is_judged_by_its_address_and_the_verdict_is_pushed(stage, receiver, name, suggest, label):
    openid = stage.visitor()
    answer = media(stage, openid=openid, media_url=f"https://x.example/{name}")
    message = pushed(receiver)

    created_at = message.pop("CreateTime")
    assert abs(created_at - stage.state.now_s()) < 5
    assert message == {
        "ToUserName": "gh_simulated",
        "FromUserName": openid,
        "MsgType": "event",
        "Event": "wxa_media_check",
        "appid": APPID,
        "trace_id": answer["trace_id"],
        "version": 2,
        "detail": [
            {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
        ],
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": suggest, "label": label},
    }


def test_a_picture_that_can_not_be_fetched_gives_1008_and_no_detail(stage, receiver, free_port):
    openid = stage.visitor()
    for url in (
        "https://x.example/unreachable.jpg",
        f"http://127.0.0.1:{free_port()}/a.jpg",
        f"{receiver.url}/missing.jpg",
    ):
        receiver.answers = [(404, b"")] if url.endswith("missing.jpg") else []
        media(stage, openid=openid, media_url=url)
        message = pushed(receiver)

        assert (message["errcode"], message["detail"], "result" in message) == (-1008, [], False)


def test_a_picture_on_this_machine_is_really_fetched(stage, receiver):
    receiver.answers = [(200, b"picture")]
    media(stage, openid=stage.visitor(), media_url=f"{receiver.url}/media/a.jpg?sig=1")
    deadline = time.monotonic() + 5
    while len(receiver.got) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert [path for path, _, _ in receiver.got] == ["/media/a.jpg", "/push"]
    assert json.loads(receiver.got[1][2])["result"] == {"suggest": "pass", "label": 100}


def test_a_picture_over_ten_megabytes_is_not_taken(stage, receiver):
    receiver.answers = [(200, b"x" * (10 * 1024 * 1024 + 1))]
    media(stage, openid=stage.visitor(), media_url=f"{receiver.url}/large.jpg")

    assert pushed(receiver)["errcode"] == -1008


def test_the_next_verdicts_can_be_put_on_order(stage, receiver):
    openid = stage.visitor()
    ordered = [{"suggest": "risky", "label": 20001}, None]
    assert stage.control("POST", "media", {"next": ordered}) == {"waiting": 2}

    media(stage, openid=openid)
    assert pushed(receiver)["result"] == {"suggest": "risky", "label": 20001}
    media(stage, openid=openid)
    assert pushed(receiver)["errcode"] == -1008
    media(stage, openid=openid)
    assert pushed(receiver)["result"]["suggest"] == "pass"


@pytest.mark.parametrize(
    ("given", "errcode"),
    [
        ({"scene": 0, "media_url": ""}, 40129),
        ({"media_url": "ftp://x.example/a.jpg", "media_type": 3}, 40066),
        ({"media_type": 3}, 40097),
        ({}, 40003),
    ],
)
def test_a_picture_that_can_not_be_asked_about_is_refused_and_nothing_is_pushed(
    stage, receiver, given, errcode
):
    assert media(stage, **given)["errcode"] == errcode
    assert media(stage, openid=stage.user())["errcode"] == 61010
    time.sleep(0.1)
    assert receiver.got == []


def test_a_verdict_that_makes_no_sense_is_refused(stage):
    told = 'a verdict: {"suggest": pass, review or risky, "label": number}'

    assert stage.control("POST", "words", {"words": {"词": {"suggest": "bad"}}}) == {"error": told}
    assert stage.control("POST", "media", {"next": ["risky"]}) == {"error": told}
    assert stage.control("POST", "media", {"next": "risky"}) == {"error": "next: a list of verdicts"}
    assert stage.control("POST", "words", {"words": {"": {}}}) == {
        "error": "words: an object of words and verdicts"
    }
    assert (len(stage.state.account.words), len(stage.state.media_next)) == (3, 0)
