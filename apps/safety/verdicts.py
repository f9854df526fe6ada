"""What WeChat says of a text or a picture, and what its silence means.  No database here.

Source: the official pages on msg_sec_check and media_check_async, version 2; 61010 is told to whoever asks about a
resident who was not in the mini-program within two hours, so a text that is asked about later goes to a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

import structlog
from django.conf import settings

from apps.safety.states import Reason, Verb
from apps.wechat.bridge import run_sync
from apps.wechat.client import Wechat, client
from apps.wechat.errors import Answer, WechatError, WechatRefused, WechatUnavailable

log = structlog.get_logger(__name__)
TEXT_CHARS = 2500  # of one question
RISKY_VERSION_1 = 87014  # an answer of the old version of the interface, kept for safety's sake
# WeChat does not know the resident here and now: no recent visit, or not of this mini-program.
STRANGER = frozenset({61010, 40003, 43104})
VERBS = {"pass": Verb.PASS, "review": Verb.DOUBT, "risky": Verb.RISK}
_AGAIN = frozenset({Answer.RETRY, Answer.REFRESH, Answer.LATER})


@dataclass(frozen=True, slots=True)
class Question:
    """A text and whose it is; an ``openid`` of None can not be asked about."""

    openid: str | None
    scene: int
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a question.

    ``verb``    what it does to the check; None: nothing was heard
    ``again``   whether another attempt can help
    """

    verb: Verb | None
    reason: Reason | None = None
    label: int = 0
    trace_id: str = ""
    again: bool = False


_UNHEARD = Heard(None, Reason.UNAVAILABLE, again=True)
_STRANGER = Heard(Verb.DOUBT, Reason.NOT_VISITED)
_ORDER = {Verb.PASS: 0, Verb.DOUBT: 1, Verb.RISK: 2}


def texts_ask(questions: Sequence[Question]) -> list[Heard]:
    """Ask about all texts at once; answers in the order given.  No transaction may be open.

    Each call ends within SAFETY_TIMEOUT_S; a text over 2,500 characters is asked in parts and its worst part counts.
    No exception leaves: each text has its own answer.
    """
    return run_sync(_texts(client(), questions))


async def _texts(wechat: Wechat, questions: Sequence[Question]) -> list[Heard]:
    return list(await asyncio.gather(*(_text(wechat, one) for one in questions)))


async def _text(wechat: Wechat, question: Question) -> Heard:
    if question.openid is None:
        return _STRANGER
    parts = ["".join(part) for part in batched(question.text, TEXT_CHARS)]
    heard = [await _part(wechat, question.openid, question.scene, part) for part in parts]
    return worst(heard)


def worst(heard: Iterable[Heard]) -> Heard:
    """Return the answer that counts for all: a risk before silence, silence before a doubt, a doubt before a pass."""

    def rank(one: Heard) -> float:
        return 1.5 if one.verb is None else _ORDER[one.verb]

    return max(heard, key=rank, default=Heard(Verb.PASS, label=100))


async def _part(wechat: Wechat, openid: str, scene: int, text: str) -> Heard:
    try:
        verdict = await wechat.text_check(
            openid=openid, scene=scene, content=text, timeout_s=settings.SAFETY_TIMEOUT_S
        )
    except WechatError as error:
        return _silence(error, "text")
    return verdict_heard(suggest=verdict.suggest, label=verdict.label, trace_id=verdict.trace_id)


def verdict_heard(*, suggest: str, label: int, trace_id: str = "") -> Heard:
    """Return what a verdict means; a word that WeChat never used before means a doubt."""
    verb = VERBS.get(suggest, Verb.DOUBT)
    return Heard(verb, Reason.WECHAT if verb is Verb.DOUBT else None, label, trace_id)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that WeChat can fetch at ``url``, and whose it is."""

    openid: str | None
    scene: int
    url: str


def pictures_ask(pictures: Sequence[Picture]) -> list[Heard]:
    """Ask about all pictures at once; a verb ASK with a trace id means that the verdict will be pushed.

    No transaction may be open.  Each call ends within WECHAT_TIMEOUT_S.  No exception leaves.
    """
    return run_sync(_pictures(client(), pictures))


async def _pictures(wechat: Wechat, pictures: Sequence[Picture]) -> list[Heard]:
    return list(await asyncio.gather(*(_picture(wechat, one) for one in pictures)))


async def _picture(wechat: Wechat, picture: Picture) -> Heard:
    if picture.openid is None:
        return _STRANGER
    try:
        trace_id = await wechat.media_check(openid=picture.openid, scene=picture.scene, media_url=picture.url)
    except WechatError as error:
        return _silence(error, "media")
    return Heard(Verb.ASK, trace_id=trace_id) if trace_id else _UNHEARD


def _silence(error: WechatError, what: str) -> Heard:
    """Return what an error means for the check; asking twice does no harm, so a lost answer is asked for again."""
    if not isinstance(error, (WechatRefused, WechatUnavailable)):
        return _UNHEARD
    if error.errcode in STRANGER:
        return _STRANGER
    if error.errcode == RISKY_VERSION_1:
        return Heard(Verb.RISK)
    if error.kind in _AGAIN:
        return _UNHEARD
    log.error("safety_alarm", what=what, errcode=error.errcode, kind=error.kind.value)
    return Heard(None, Reason.UNAVAILABLE)
