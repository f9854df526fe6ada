"""Control calls that change how the simulator behaves: faults, limits, the clock, tokens, tables, the push address."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

from aiohttp import web

from apps.wechat.simulator.control_reading import Asked, answer, body_of, moment, number, text, texts, whole
from apps.wechat.simulator.faults import Fault
from apps.wechat.simulator.limits import Limit
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import PushFormat, PushMode, PushTarget, State, Verdict
from apps.wechat.simulator.tokens import tokens_expire

MODES, FORMATS, SUGGESTS = ("plain", "compatible", "safe"), ("json", "xml"), ("pass", "review", "risky")


class Rules:
    """One method for each call."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.post("/control/faults", self._faults_add),
            web.delete("/control/faults", self._faults_clear),
            web.post("/control/limits", self._limits),
            web.post("/control/push", self._push),
            web.post("/control/tokens", self._tokens),
            web.post("/control/pages", self._pages),
            web.post("/control/words", self._words),
            web.post("/control/media", self._media),
            web.post("/control/sms", self._sms),
            web.post("/control/clock", self._clock),
            web.post("/control/reset", self._reset),
        ]

    async def _faults_add(self, request: web.Request) -> web.Response:
        given = await body_of(request)
        try:
            fault = Fault.of(given)
        except ValueError as error:
            raise Asked(str(error)) from None
        self._state.faults.faults.append(fault)
        return answer({"path": fault.path, "kind": fault.kind.value, "value": fault.value})

    async def _faults_clear(self, _request: web.Request) -> web.Response:
        struck = sum(fault.struck for fault in self._state.faults.faults)
        self._state.faults.faults.clear()
        return answer({"struck": struck})

    async def _limits(self, request: web.Request) -> web.Response:
        """{"path", "minute"?, "day"?}: calls a minute and a day; absent or null: not limited."""
        given = await body_of(request)
        path = text(given, "path")
        if not path.startswith("/"):
            raise Asked("path: a path")
        old = self._state.limits_by_path.get(path, Limit())
        limit = replace(old, minute=whole(given, "minute"), day=whole(given, "day"))
        self._state.limits_by_path[path] = limit
        return answer({"path": path, "minute": limit.minute, "day": limit.day})

    async def _push(self, request: web.Request) -> web.Response:
        """Set the push address; {"url": ""} takes it away.  Refused if the address does not prove itself.

        {"url", "token", "aes_key"?, "mode"?, "format"?, "duplicate"?, "reorder"?, "delay_s"?, "sent_error_code"?, "verify"?}
        """
        given = await body_of(request)
        account = self._state.account
        if not text(given, "url"):
            account.push = None
            return answer({"url": ""})
        target, code = target_of(given), whole(given, "sent_error_code", 0) or 0
        if given.get("verify", True) is not False and not await self._pusher.verified(target=target):
            raise Asked("url: it does not answer with the text it is given")
        account.push, account.sent_error_code = target, code
        return answer({"url": target.url})

    async def _tokens(self, request: web.Request) -> web.Response:
        """{"expire": true} → {"expired"}: every access token now in use answers 42001."""
        if (await body_of(request)).get("expire") is not True:
            raise Asked("expire: true")
        return answer({"expired": tokens_expire(state=self._state)})

    async def _pages(self, request: web.Request) -> web.Response:
        """{"pages": […] or null}: the published pages; null: any page."""
        given = await body_of(request)
        pages = None if given.get("pages", "") is None else frozenset(texts(given, "pages"))
        self._state.account.pages = pages
        return answer({"pages": None if pages is None else sorted(pages)})

    async def _words(self, request: web.Request) -> web.Response:
        """{"words": {word: {"suggest", "label"}}}: added to the words that a text is judged by."""
        given = (await body_of(request)).get("words")
        if not isinstance(given, dict) or not all(given):
            raise Asked("words: an object of words and verdicts")
        self._state.account.words |= {word: _verdict(row) for word, row in given.items()}
        return answer({"words": len(self._state.account.words)})

    async def _media(self, request: web.Request) -> web.Response:
        """{"next": [{"suggest", "label"} or null]}: the verdicts on the next pictures in turn; null: can not be fetched."""
        given = (await body_of(request)).get("next")
        if not isinstance(given, list):
            raise Asked("next: a list of verdicts")
        self._state.media_next.extend([None if row is None else _verdict(row) for row in given])
        return answer({"waiting": len(self._state.media_next)})

    async def _sms(self, request: web.Request) -> web.Response:
        """{"receipt_url"?, "an_hour"?, "a_day"?, "codes"?: {number: code}}: settings of the SMS provider."""
        given, account = await body_of(request), self._state.sms_account
        codes = given.get("codes", {})
        if not isinstance(codes, dict) or not all(isinstance(code, str) for code in codes.values()):
            raise Asked("codes: an object of numbers and codes")
        an_hour, a_day = whole(given, "an_hour", account.an_hour), whole(given, "a_day", account.a_day)
        account.receipt_url = text(given, "receipt_url", account.receipt_url)
        account.an_hour, account.a_day = an_hour, a_day
        account.codes |= codes
        return answer({"receipt_url": account.receipt_url, "an_hour": an_hour, "a_day": a_day})

    async def _clock(self, request: web.Request) -> web.Response:
        """{"advance_s"} → {"now"}; the simulator's clock only ever goes forward."""
        advance_s = (await body_of(request)).get("advance_s")
        if isinstance(advance_s, bool) or not isinstance(advance_s, int | float) or advance_s < 0:
            raise Asked("advance_s: seconds, 0 or more")
        self._state.clock_offset_s += advance_s
        return answer({"now": moment(self._state.now_s()).isoformat()})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._pusher.forget()
        self._state.reset()
        return answer({"ok": True})


def target_of(given: dict[str, Any]) -> PushTarget:
    """Read the settings of the message push.  Raises Asked naming the field."""
    token, aes_key = text(given, "token"), text(given, "aes_key")
    mode, form = text(given, "mode", "plain"), text(given, "format", "json")
    if not text(given, "url").startswith(("http://", "https://")):
        raise Asked("url: http or https")
    if not re.fullmatch(r"[A-Za-z0-9]{3,32}", token):
        raise Asked("token: 3 to 32 letters and digits")
    if mode not in MODES or form not in FORMATS:
        raise Asked(f"mode: one of {', '.join(MODES)}; format: one of {', '.join(FORMATS)}")
    if (mode != "plain" or aes_key) and not re.fullmatch(r"[A-Za-z0-9]{43}", aes_key):
        raise Asked("aes_key: 43 letters and digits")
    return PushTarget(
        url=text(given, "url"),
        token=token,
        aes_key=aes_key,
        mode=cast(PushMode, mode),
        format=cast(PushFormat, form),
        duplicate=number(given, "duplicate", most=1),
        reorder=given.get("reorder") is True,
        delay_s=number(given, "delay_s", most=3600),
    )


def _verdict(row: object) -> Verdict:
    suggest = row.get("suggest") if isinstance(row, dict) else None
    label = row.get("label", 21000) if isinstance(row, dict) else None
    if suggest not in SUGGESTS or not isinstance(label, int):
        raise Asked('a verdict: {"suggest": pass, review or risky, "label": number}')
    return Verdict(suggest, label)
