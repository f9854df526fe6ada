"""What WeChat's answers mean for the caller: one table, and one exception for each way a call can end badly.

No exception holds an openid, a phone, a token or the text of ``errmsg``, so all of them may be logged as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Answer(StrEnum):
    """What the caller should do about an errcode."""

    REFRESH = "refresh"  # the client did so once already; met by a caller it means the same as RETRY
    RETRY = "retry"  # with backoff and jitter; no effect so far
    LATER = "later"  # a daily quota is used up: not before 00:00 Beijing time
    FALLBACK = "fallback"  # this way is closed for this person or this text: another channel, or a new code
    BUG = "bug"  # our request was wrong: no retry, tell the developers
    ALARM = "alarm"  # an account or a configuration is wrong: no retry before an operator has acted


def _table() -> dict[int, Answer]:
    rows: dict[Answer, tuple[int, ...]] = {
        Answer.REFRESH: (40001, 40014, 42001),
        # 43108: another call for the same openid was in flight; 45011: the minute's quota.
        # 44991: a limit of content checks without a period of its own in the lists.
        Answer.RETRY: (-1, 43108, 44991, 45011),
        Answer.LATER: (45009,),
        # 40003 openid, 43101 no permission left, 45168 the text holds a listed word, 50002 user limited.
        # 40029, 40163, 40226: the code was wrong or expired, used before, blocked: only a new one can help.
        # 43104, 61010: WeChat can not check this person's text here and now (not of this mini-program, no recent visit);
        # 87014: the text is risky, told by version 1 of the check.
        Answer.FALLBACK: (40003, 40029, 40163, 40226, 43101, 43104, 45168, 50002, 61010, 87014),
        Answer.BUG: (
            40002, 40037, 40066, 40097, 40129, 40169, 41001, 41002, 41004, 41008, 41030,
            43001, 43002, 43003, 43302, 44002, 47001, 47003,
        ),
        # 85107 stands in one copy of the list without a meaning, so an operator should look.
        Answer.ALARM: (
            40013, 40125, 40164, 40243, 43107, 48001, 48004, 50004, 50007, 85107, 89503, 89506, 89507,
        ),
    }  # fmt: skip
    return {errcode: answer for answer, errcodes in rows.items() for errcode in errcodes}


ANSWERS: Mapping[int, Answer] = MappingProxyType(_table())

_RID = re.compile(r"\brid:\s*([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})")


def answer_of(*, errcode: int) -> Answer:
    """Return the class of ``errcode``.  One that is not in the table is an ALARM: nobody has thought about it yet."""
    return ANSWERS.get(errcode, Answer.ALARM)


def rid_of(*, errmsg: str) -> str:
    """Return the request id that WeChat's support asks for, or "".  Only for logs: errmsg is free text."""
    found = _RID.search(errmsg)
    return found.group(1) if found else ""


class WechatError(Exception):
    """A call to WeChat did not give what was asked for."""


class WechatRefused(WechatError):
    """WeChat answered with an errcode: the request had no effect."""

    def __init__(self, errcode: int, rid: str = "", kind: Answer | None = None) -> None:
        self.errcode = errcode
        self.rid = rid
        self.kind = kind or answer_of(errcode=errcode)
        super().__init__(errcode, rid, self.kind)

    def __str__(self) -> str:
        return f"WeChat refused: errcode {self.errcode}, {self.kind.value}, rid {self.rid or '-'}"


class WechatUnavailable(WechatError):
    """The request took no effect: no connection, a gateway's 5xx, or no access token to be had.

    reason   a word or two for a log
    errcode  WeChat's code if the *token* was refused, else None
    kind     RETRY, unless the token was refused for a reason of another class (ALARM: wrong secret, address not listed)
    """

    def __init__(self, reason: str, errcode: int | None = None, kind: Answer = Answer.RETRY) -> None:
        self.reason = reason
        self.errcode = errcode
        self.kind = kind
        super().__init__(reason, errcode, kind)

    def __str__(self) -> str:
        tail = "" if self.errcode is None else f", errcode {self.errcode}"
        return f"WeChat is unavailable: {self.reason}{tail}, {self.kind.value}"


class WechatOutcomeUnknown(WechatError):
    """The request left and no readable answer came: it may or may not have taken effect.  Never repeat it blindly."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return f"WeChat's answer was lost: {self.reason}"
