"""Content safety (内容安全): texts are judged at once, pictures and recordings later, by a push.

The verdicts come from tables of the account: nothing here understands a text or a picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from apps.wechat.simulator.answers import OK, Refusal, rid_new
from apps.wechat.simulator.calls import Call, Check
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import State, Verdict

SCENES = range(1, 5)
CONTENT_CHARS = 2500
VISIT_S = 2 * 3600
MEDIA_TYPES = (1, 2)
MEDIA_BYTES = 10 * 1024 * 1024
FETCH_S = 5.0
UNREACHABLE = -1008
# Only addresses on this machine are really fetched: a simulator has no business elsewhere.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ORDER = {"pass": 0, "review": 1, "risky": 2}
_PROB = 90


def _scene_known(call: Call) -> None:
    if call.body.get("scene") not in SCENES:
        raise Refusal(40129)


def _content_there(call: Call) -> None:
    if not 0 < len(call.text("content")) <= CONTENT_CHARS:
        raise Refusal(47001)


def _media_there(call: Call) -> None:
    if urlsplit(call.text("media_url")).scheme not in ("http", "https"):
        raise Refusal(40066)
    if call.body.get("media_type") not in MEDIA_TYPES:
        raise Refusal(40097)


def _person_known(call: Call) -> None:
    if call.text("openid") not in call.state.users:
        raise Refusal(40003)


def _person_visited(call: Call) -> None:
    visited_at_s = call.state.users[call.text("openid")].last_visit_at_s
    if visited_at_s is None or call.state.now_s() - visited_at_s > VISIT_S:
        raise Refusal(61010)


# Rules 12 and 13.  The real order is not documented: to change it, move a row (the person must be known before the visit).
TEXT_CHECKS: tuple[Check, ...] = (_scene_known, _content_there, _person_known, _person_visited)
MEDIA_CHECKS: tuple[Check, ...] = (_scene_known, _media_there, _person_known, _person_visited)


async def text_check(call: Call) -> dict[str, Any]:
    """POST /wxa/msg_sec_check: version 2, and version 1 with its own code for a risky text."""
    if call.body.get("version", 1) == 1:
        _content_there(call)
        if _worst(_met(call, "content").values()).suggest == "risky":
            raise Refusal(87014)
        return dict(OK)
    for check in TEXT_CHECKS:
        check(call)
    met = _met(call, "content", "title", "nickname")
    verdict = _worst(met.values())
    detail: list[dict[str, Any]] = [_model_part(verdict)]
    for word, one in met.items():
        detail.append(
            {
                "strategy": "keyword",
                "errcode": 0,
                "suggest": one.suggest,
                "label": one.label,
                "level": _PROB,
                "keyword": word,
            }
        )
    return {
        **OK,
        "trace_id": rid_new(now_s=call.state.now_s(), rng=call.state.rng),
        "result": _result(verdict),
        "detail": detail,
    }


async def media_check(call: Call) -> dict[str, Any]:
    """POST /wxa/media_check_async: a trace_id at once, the verdict later as event wxa_media_check."""
    for check in MEDIA_CHECKS:
        check(call)
    trace_id = rid_new(now_s=call.state.now_s(), rng=call.state.rng)
    call.pusher.later(
        _media_judged(call.state, call.pusher, call.text("openid"), call.text("media_url"), trace_id)
    )
    return {**OK, "trace_id": trace_id}


async def _media_judged(state: State, pusher: Pusher, openid: str, url: str, trace_id: str) -> None:
    await asyncio.sleep(state.account.media_delay_s)
    verdict = await _media_verdict(state, url)
    more: dict[str, Any] = {
        "appid": state.account.appid,
        "trace_id": trace_id,
        "version": 2,
        "detail": [],
        "errcode": UNREACHABLE,
        "errmsg": "download failed",
    }
    if verdict is not None:
        more |= {**OK, "detail": [_model_part(verdict)], "result": _result(verdict)}
    pusher.push(event="wxa_media_check", openid=openid, more=more)


async def _media_verdict(state: State, url: str) -> Verdict | None:
    """What was ordered for the next picture, else by the address; None: it can not be fetched."""
    if state.media_next:
        return state.media_next.popleft()
    found = [verdict for part, verdict in state.account.media.items() if part in url]
    if None in found or (urlsplit(url).hostname in LOOPBACK and not await _fetched(url)):
        return None
    return _worst(verdict for verdict in found if verdict is not None)


async def _fetched(url: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_S), trust_env=False) as session,
            session.get(url) as response,
        ):
            size = 0
            async for part in response.content.iter_chunked(64 * 1024):
                size += len(part)
                if size > MEDIA_BYTES:
                    return False
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


def _met(call: Call, *fields: str) -> Mapping[str, Verdict]:
    text = "\n".join(call.text(field) for field in fields)
    return {word: verdict for word, verdict in call.state.account.words.items() if word in text}


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=lambda verdict: _ORDER[verdict.suggest], default=Verdict())


def _result(verdict: Verdict) -> dict[str, Any]:
    return {"suggest": verdict.suggest, "label": verdict.label}


def _model_part(verdict: Verdict) -> dict[str, Any]:
    return {"strategy": "content_model", "errcode": 0, **_result(verdict), "prob": _PROB}
