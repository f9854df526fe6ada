"""Content checks and mini-program codes through the client."""

from __future__ import annotations

import io
import json
import logging
import time

import pytest
from PIL import Image

from apps.wechat.bridge import gather_sync, run_sync
from apps.wechat.client import (
    CODE_PATH,
    MEDIA_PATH,
    TEXT_PATH,
    TOKEN_PATH,
    CodeImage,
    TextVerdict,
    WechatClient,
)
from apps.wechat.errors import Answer, WechatOutcomeUnknown, WechatRefused, WechatUnavailable

from .stage import APPID, SECRET, receiving

TOKEN = (200, json.dumps({"access_token": "T" * 136, "expires_in": 7200}).encode())
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def host():
    with receiving() as server:
        yield server


@pytest.fixture
def bare(host):
    made = WechatClient(appid=APPID, secret=SECRET, base_url=host.url, timeout_s=5)
    yield made
    run_sync(made.close())


def text_check(wechat, **given):
    return run_sync(wechat.text_check(**{"openid": "oA", "scene": 2, "content": "路灯不亮"} | given))


def code_image(wechat, **given):
    return run_sync(wechat.code_image(**{"scene": "a1b2c3", "page": "pages/index"} | given))


@pytest.mark.parametrize(
    ("content", "suggest", "label", "keywords"),
    [
        ("路灯不亮", "pass", 100, ()),
        ("路灯不亮，模拟广告词", "review", 10001, ("模拟广告词",)),
        ("模拟广告词和模拟违规词", "risky", 20006, ("模拟违规词", "模拟广告词")),
    ],
)
def test_a_text_gets_its_verdict(stage, wechat, content, suggest, label, keywords):
    verdict = text_check(wechat, openid=stage.visitor(), content=content)

    assert (verdict.suggest, verdict.label, verdict.keywords) == (suggest, label, keywords)
    assert len(verdict.trace_id) == 26


def test_the_title_and_the_nickname_are_looked_at_too(stage, wechat):
    openid = stage.visitor()

    assert text_check(wechat, openid=openid, title="模拟违规词").suggest == "risky"
    assert text_check(wechat, openid=openid, nickname="模拟辱骂词").label == 20003


@pytest.mark.parametrize(
    ("make", "given", "errcode", "kind"),
    [
        (lambda stage: stage.user(), {}, 61010, Answer.FALLBACK),
        (lambda _stage: "oNobody", {}, 40003, Answer.FALLBACK),
        (lambda stage: stage.visitor(), {"scene": 9}, 40129, Answer.BUG),
        (lambda stage: stage.visitor(), {"content": "字" * 2501}, 47001, Answer.BUG),
    ],
)
def test_a_text_that_can_not_be_checked_is_refused(stage, wechat, make, given, errcode, kind):
    with pytest.raises(WechatRefused) as refusal:
        text_check(wechat, openid=make(stage), **given)

    assert (refusal.value.errcode, refusal.value.kind) == (errcode, kind)


def test_a_text_goes_out_as_version_2_with_only_the_fields_that_were_given(host, bare):
    host.answers = [TOKEN, (200, b'{"errcode":0,"trace_id":"t","result":{"suggest":"pass","label":"100"}}')]

    assert text_check(bare) == TextVerdict(suggest="pass", label=100, trace_id="t", keywords=())

    path, query, body = host.got[1]
    assert (path, query) == (TEXT_PATH, {"access_token": "T" * 136})
    assert json.loads(body) == {"version": 2, "openid": "oA", "scene": 2, "content": "路灯不亮"}


def test_a_part_of_the_check_that_failed_does_not_count(host, bare):
    parts = [
        {"strategy": "keyword", "errcode": -1, "keyword": "甲"},
        {"strategy": "keyword", "keyword": "乙"},
        {"strategy": "keyword", "errcode": 0, "keyword": "丙"},
        {"strategy": "keyword", "errcode": "0", "keyword": "丁"},
        {"strategy": "keyword", "errcode": 0, "keyword": "丙"},
        {"strategy": "content_model", "errcode": 0, "prob": 90},
        "odd",
    ]
    answer = {"errcode": 0, "trace_id": "t", "result": {"suggest": "review", "label": 20001}, "detail": parts}
    host.answers = [TOKEN, (200, json.dumps(answer).encode())]

    assert text_check(bare) == TextVerdict(suggest="review", label=20001, trace_id="t", keywords=("丙", "丁"))


@pytest.mark.parametrize(
    "body", [b'{"errcode":0}', b'{"result":[]}', b'{"result":{}}', b'{"result":{"suggest":null}}', b"[]", b""]
)
def test_an_answer_without_a_verdict_is_not_taken_for_one(host, bare, body):
    host.answers = [TOKEN, (200, body)]

    with pytest.raises(WechatOutcomeUnknown):
        text_check(bare)


def test_the_time_limit_of_a_check_bounds_the_whole_call(stage):
    patient = stage.client(timeout_s=5)
    openid = stage.visitor()
    stage.fault(TEXT_PATH, "slow", value=2)
    stage.fault(TOKEN_PATH, "slow", value=2)
    started = time.monotonic()

    for _ in range(2):
        with pytest.raises(WechatOutcomeUnknown, match="time limit"):
            text_check(patient, openid=openid, timeout_s=0.3)

    assert 0.6 <= time.monotonic() - started < 1.5


def test_a_check_that_ran_out_of_time_leaves_the_client_fit_for_the_next(stage, wechat):
    openid = stage.visitor()
    stage.fault(TEXT_PATH, "slow", value=1, times=3)
    outcomes = gather_sync(
        wechat.text_check(openid=openid, scene=2, content="路灯不亮", timeout_s=0.2) for _ in range(3)
    )

    assert [str(outcome) for outcome in outcomes] == ["WeChat's answer was lost: time limit"] * 3
    assert text_check(wechat, openid=openid, timeout_s=2).suggest == "pass"


def test_a_picture_gets_a_trace_id_and_one_without_it_is_not_believed(stage, wechat, host, bare):
    trace_id = run_sync(
        wechat.media_check(openid=stage.visitor(), scene=2, media_url="https://files.example/a.jpg")
    )
    assert len(trace_id) == 26

    host.answers = [TOKEN, (200, b'{"errcode":0,"trace_id":""}')]
    with pytest.raises(WechatOutcomeUnknown, match="trace_id"):
        run_sync(
            bare.media_check(openid="oA", scene=3, media_url="https://files.example/b.mp3", media_type=1)
        )
    path, _, body = host.got[1]
    assert path == MEDIA_PATH
    assert json.loads(body) == {
        "version": 2,
        "openid": "oA",
        "scene": 3,
        "media_url": "https://files.example/b.mp3",
        "media_type": 1,
    }


def test_a_code_is_a_real_picture_of_the_width_asked_for(stage, wechat):
    first = code_image(wechat, width=300)

    assert first.content_type == "image/jpeg"
    assert Image.open(io.BytesIO(first.content)).size == (300, 300)
    assert code_image(wechat, width=300) == first
    assert code_image(wechat, width=300, scene="a1b2c4").content != first.content


@pytest.mark.parametrize(
    ("given", "errcode"),
    [
        ({"scene": "s" * 33}, 40169),
        ({"scene": "场景"}, 40129),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/new"}, 41030),
    ],
)
def test_a_code_that_can_not_be_drawn_is_a_bug_of_ours(stage, wechat, given, errcode):
    stage.running.account.pages = ["pages/index"]

    with pytest.raises(WechatRefused) as refusal:
        code_image(wechat, **given)

    assert (refusal.value.errcode, refusal.value.kind) == (errcode, Answer.BUG)


def test_an_unpublished_page_gets_its_code_without_the_check(stage, wechat):
    stage.running.account.pages = []

    code = code_image(wechat, page="pages/new", check_path=False, env_version="trial")

    assert code.content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, JPEG), CodeImage(JPEG, "image/jpeg")),
        ((200, b"\x89PNG\r\n"), CodeImage(b"\x89PNG\r\n", "image/png")),
        ((200, b'{"errcode":41030,"errmsg":"invalid page"}'), WechatRefused),
        ((200, b'{"errcode":0}'), WechatOutcomeUnknown),
        ((200, b"<html>"), WechatOutcomeUnknown),
        ((200, b""), WechatOutcomeUnknown),
        ((502, JPEG), WechatUnavailable),
    ],
)
def test_a_picture_is_told_from_a_refusal_by_its_first_bytes(host, bare, answer, expected):
    host.answers = [TOKEN, answer]

    if isinstance(expected, CodeImage):
        assert code_image(bare) == expected
    else:
        with pytest.raises(expected):
            code_image(bare)


@pytest.mark.parametrize("path", [TEXT_PATH, MEDIA_PATH, CODE_PATH])
def test_an_expired_token_is_replaced_once_for_each_kind_of_call(stage, wechat, path):
    openid = stage.visitor()
    calls = {
        TEXT_PATH: lambda: text_check(wechat, openid=openid),
        MEDIA_PATH: lambda: run_sync(
            wechat.media_check(openid=openid, scene=2, media_url="https://files.example/a.jpg")
        ),
        CODE_PATH: lambda: code_image(wechat),
    }
    calls[path]()
    assert stage.control("POST", "tokens", {"expire": True}) == {"expired": 1}

    calls[path]()

    told = stage.control("GET", "calls")
    assert (told[path], told[TOKEN_PATH]) == (3, 2)


def test_no_text_person_or_address_of_a_check_reaches_a_log_or_an_error(stage, wechat, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    openid, told = stage.visitor(), []
    secrets = (openid, "李四的住址", "https://files.example/secret.jpg", "scenetoken")
    for path, call in {
        TEXT_PATH: lambda: text_check(wechat, openid=openid, content="李四的住址"),
        MEDIA_PATH: lambda: run_sync(
            wechat.media_check(openid=openid, scene=2, media_url="https://files.example/secret.jpg")
        ),
        CODE_PATH: lambda: code_image(wechat, scene="scenetoken"),
    }.items():
        for kind in ("errcode", "http", "cut_before"):
            stage.fault(path, kind, times=1)
            with pytest.raises((WechatRefused, WechatUnavailable, WechatOutcomeUnknown)) as error:
                call()
            told += [str(error.value), repr(error.value)]
    out, err = capfd.readouterr()
    everything = "".join([*told, out, err, caplog.text, repr(TextVerdict("pass", 100, "t", ("李四的住址",)))])

    assert "wechat_refused" in everything
    for secret in secrets:
        assert secret not in everything
