"""The table of answers, and what the exceptions say."""

from __future__ import annotations

import pickle

import pytest

from apps.wechat.errors import (
    ANSWERS,
    Answer,
    WechatOutcomeUnknown,
    WechatRefused,
    WechatUnavailable,
    answer_of,
    rid_of,
)


@pytest.mark.parametrize(
    ("errcode", "answer"),
    [
        (40001, Answer.REFRESH),
        (40014, Answer.REFRESH),
        (42001, Answer.REFRESH),
        (-1, Answer.RETRY),
        (43108, Answer.RETRY),
        (45011, Answer.RETRY),
        (45009, Answer.LATER),
        (43101, Answer.FALLBACK),
        (40003, Answer.FALLBACK),
        (40029, Answer.FALLBACK),
        (40163, Answer.FALLBACK),
        (61010, Answer.FALLBACK),
        (43104, Answer.FALLBACK),
        (87014, Answer.FALLBACK),
        (44991, Answer.RETRY),
        (40129, Answer.BUG),
        (40169, Answer.BUG),
        (43302, Answer.BUG),
        (47003, Answer.BUG),
        (47001, Answer.BUG),
        (40037, Answer.BUG),
        (41030, Answer.BUG),
        (41001, Answer.BUG),
        (40013, Answer.ALARM),
        (40125, Answer.ALARM),
        (40164, Answer.ALARM),
        (43107, Answer.ALARM),
        (48001, Answer.ALARM),
        (99999, Answer.ALARM),
    ],
)
def test_each_errcode_has_its_class_and_an_unknown_one_is_an_alarm(errcode, answer):
    assert answer_of(errcode=errcode) is answer
    assert WechatRefused(errcode).kind is answer


def test_success_is_not_in_the_table():
    assert 0 not in ANSWERS


def test_the_rid_is_found_and_a_text_without_one_gives_none():
    assert rid_of(errmsg="system error rid: 6620a1b2-0f3c1d2e-5a6b7c8d") == "6620a1b2-0f3c1d2e-5a6b7c8d"
    assert rid_of(errmsg="invalid openid oABC") == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WechatRefused(43101, "a-b"), "WeChat refused: errcode 43101, fallback, rid a-b"),
        (WechatRefused(40163), "WeChat refused: errcode 40163, fallback, rid -"),
        (WechatUnavailable("http 502"), "WeChat is unavailable: http 502, retry"),
        (
            WechatUnavailable("token refused", 40125, Answer.ALARM),
            "WeChat is unavailable: token refused, errcode 40125, alarm",
        ),
        (WechatOutcomeUnknown("time limit"), "WeChat's answer was lost: time limit"),
    ],
)
def test_an_error_says_what_happened_and_survives_pickling(error, said):
    again = pickle.loads(pickle.dumps(error))

    assert (str(error), str(again), vars(again)) == (said, said, vars(error))
