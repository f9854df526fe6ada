"""The one way to WeChat's server.  No database transaction may be open during a call.

Rules kept here (README names the source): errcode is judged in the body and never by the HTTP status or the content
type; at most one refresh of the token per call; nothing is repeated that may have taken effect; one call at a time
for each openid; no secret, token, code, openid or phone in a log or in an error.
"""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.common import clock
from apps.wechat.answers import (
    CodeImage,
    LoginSession,
    SentReceipt,
    Template,
    TextVerdict,
    Wechat,
    image,
    judged,
    template_of,
    text,
    verdict_of,
)
from apps.wechat.bridge import gather_sync, loop_of_process, run_sync
from apps.wechat.errors import Answer, WechatOutcomeUnknown, WechatRefused, WechatUnavailable
from apps.wechat.token_cache import Issued, TokenCache
from apps.wechat.transport import Transport

__all__ = [
    "CodeImage",
    "LoginSession",
    "SentReceipt",
    "Template",
    "TextVerdict",
    "Wechat",
    "WechatClient",
    "client",
    "gather_sync",
    "loop_of_process",
    "run_sync",
]

SESSION_PATH = "/sns/jscode2session"
TOKEN_PATH = "/cgi-bin/stable_token"  # noqa: S105 - a path
PHONE_PATH = "/wxa/business/getuserphonenumber"
SEND_PATH = "/cgi-bin/message/subscribe/send"
TEMPLATES_PATH = "/wxaapi/newtmpl/gettemplate"
TEXT_PATH = "/wxa/msg_sec_check"
MEDIA_PATH = "/wxa/media_check_async"
CODE_PATH = "/wxa/getwxacodeunlimit"
CHECK_VERSION = 2
# Escapes (\uXXXX) have been counted as six characters by WeChat's length checks.
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class WechatClient:
    """WeChat over HTTP.  Belongs to the event loop that makes its first call; ``client()`` gives the process's own.

    base_url           scheme and host, without a path
    timeout_s          whole time of one request, from the connection to the end of the answer
    redis_url          for the shared token; "" works too
    miniprogram_state  developer, trial or formal: which version of the mini-program a message opens
    """

    def __init__(
        self,
        *,
        appid: str,
        secret: str,
        base_url: str,
        timeout_s: float = 5.0,
        redis_url: str = "",
        miniprogram_state: str = "formal",
        now: Callable[[], dt.datetime] = clock.now,
    ) -> None:
        self._appid = appid
        self._secret = secret
        self._miniprogram_state = miniprogram_state
        base_url = base_url.rstrip("/")
        self._transport = Transport(base_url=base_url, timeout_s=timeout_s)
        self._turns: dict[str, _Turn] = {}
        self._tokens = TokenCache(
            name=hashlib.sha256(f"{appid}@{base_url}".encode()).hexdigest()[:16],
            redis_url=redis_url,
            fetch=self._token_fetch,
            lock_s=timeout_s + 3,
            now=now,
        )

    async def code_to_session(self, *, code: str) -> LoginSession:
        """Exchange the code of ``wx.login`` for the resident's identity.  The code is spent by it.

        Raises WechatRefused (40029 wrong or expired, 40163 used before, 40226 blocked: kind FALLBACK),
        WechatUnavailable, WechatOutcomeUnknown (the code may be spent: ask for a new one).
        """
        query = {
            "appid": self._appid,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = judged(SESSION_PATH, *await self._transport.asked("GET", SESSION_PATH, query))
        openid = text(answer, "openid")
        if not openid:
            raise WechatOutcomeUnknown("answer without openid")
        return LoginSession(openid=openid, unionid=text(answer, "unionid") or None)

    async def phone_number(self, *, code: str, openid: str | None = None) -> str:
        """Exchange the code of the phone button for the number: 11 digits, or "+", country code and number from abroad.

        openid  if given, WeChat checks that the code belongs to this resident
        Raises WechatRefused (40029: kind FALLBACK), WechatUnavailable, WechatOutcomeUnknown.
        """
        body: dict[str, Any] = {"code": code}
        if openid is not None:
            body["openid"] = openid
        answer = await self._call_with_token("POST", PHONE_PATH, body)
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise WechatOutcomeUnknown("answer without phone_info")
        watermark = info.get("watermark")
        if isinstance(watermark, dict) and watermark.get("appid") != self._appid:
            raise WechatOutcomeUnknown("phone_info of another appid")
        number, country = text(info, "purePhoneNumber"), text(info, "countryCode")
        if not number:
            raise WechatOutcomeUnknown("answer without a number")
        return number if country in ("", "86") else f"+{country}{number}"

    async def subscribe_send(
        self, *, openid: str, template_id: str, data: Mapping[str, str], page: str | None = None
    ) -> SentReceipt:
        """Send one subscription message (订阅消息).  A receipt means accepted, not delivered.

        data  every key of the template, values made to fit by ``values.value_fit``
        page  path in the mini-program with its query; None: a tap on the card opens nothing
        Raises WechatRefused (43101: no permission left), WechatUnavailable, WechatOutcomeUnknown (never repeat blindly:
        a repeat would burn the resident's next permission).
        """
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            # A newer revision of the page calls these two required.
            "miniprogram_state": self._miniprogram_state,
            "lang": "zh_CN",
        }
        if page is not None:
            body["page"] = page
        # One call at a time for each openid: WeChat answers 43108 to the second (across processes RETRY heals it).
        turn = self._turns.setdefault(openid, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                answer = await self._call_with_token("POST", SEND_PATH, body)
        finally:
            turn.users -= 1
            if not turn.users:
                self._turns.pop(openid, None)
        return SentReceipt(msgid=text(answer, "msgid") or None)

    async def templates(self) -> list[Template]:
        """Return the account's message templates.  Raises WechatRefused, WechatUnavailable, WechatOutcomeUnknown."""
        answer = await self._call_with_token("GET", TEMPLATES_PATH)
        rows = answer.get("data")
        return [template_of(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def text_check(
        self,
        *,
        openid: str,
        scene: int,
        content: str,
        title: str | None = None,
        nickname: str | None = None,
        timeout_s: float | None = None,
    ) -> TextVerdict:
        """Ask what WeChat thinks of a resident's text (内容安全).  Asking has no effect and may be repeated.

        openid     who wrote it; must have been in the mini-program within 2 hours (61010 otherwise: kind FALLBACK)
        scene      1 profile, 2 comment, 3 forum, 4 social log
        content    at most 2,500 characters
        timeout_s  whole time of the call, the token and a free connection included; None: one request's time limit
        Raises WechatRefused, WechatUnavailable, WechatOutcomeUnknown.
        """
        body = {"version": CHECK_VERSION, "openid": openid, "scene": scene, "content": content}
        body |= {key: value for key, value in (("title", title), ("nickname", nickname)) if value is not None}
        try:
            async with asyncio.timeout(timeout_s):
                return verdict_of(await self._call_with_token("POST", TEXT_PATH, body))
        except TimeoutError:
            raise WechatOutcomeUnknown("time limit") from None

    async def media_check(self, *, openid: str, scene: int, media_url: str, media_type: int = 2) -> str:
        """Let WeChat look at a picture or a recording and return the trace_id under which the verdict is pushed.

        media_url   WeChat must be able to fetch it; at most 10 MB
        media_type  1 audio, 2 picture
        The verdict comes within 30 minutes as event ``wxa_media_check``.
        Raises WechatRefused (61010 as for a text), WechatUnavailable, WechatOutcomeUnknown.
        """
        body = {
            "version": CHECK_VERSION,
            "openid": openid,
            "scene": scene,
            "media_url": media_url,
            "media_type": media_type,
        }
        trace_id = text(await self._call_with_token("POST", MEDIA_PATH, body), "trace_id")
        if not trace_id:
            raise WechatOutcomeUnknown("answer without trace_id")
        return trace_id

    async def code_image(
        self,
        *,
        scene: str,
        page: str,
        width: int = 430,
        check_path: bool = True,
        env_version: str = "release",
    ) -> CodeImage:
        """Draw a mini-program code (小程序码) that opens ``page`` with ``scene``.  There is no limit to their number.

        scene        1 to 32 characters from digits, letters and ``!#$&'()*+,/:;=?@-._~``
        page         without a leading "/" and without a query
        width        pixels, 280 to 1280
        check_path   the page must be in the published version
        env_version  release, trial or develop
        Raises WechatRefused (40129, 40169, 41030: kind BUG), WechatUnavailable, WechatOutcomeUnknown.
        """
        body = {
            "scene": scene,
            "page": page,
            "width": width,
            "check_path": check_path,
            "env_version": env_version,
        }
        return await self._asked_with_token("POST", CODE_PATH, body, image)

    async def close(self) -> None:
        """Close all connections.  A later call opens new ones."""
        await self._transport.close()
        await self._tokens.close()

    async def _token_fetch(self) -> Issued:
        body = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret,
            # Forcing kills the old token for everyone and is meant for leaks only.
            "force_refresh": False,
        }
        try:
            answer = judged(TOKEN_PATH, *await self._transport.asked("POST", TOKEN_PATH, {}, _encoded(body)))
        except WechatOutcomeUnknown as error:
            # Whatever became of the token call, the call that needed the token did not leave.
            raise WechatUnavailable(f"token: {error.reason}") from None
        except WechatRefused as refusal:
            # On a token call 40001 says that the secret is wrong.
            kind = Answer.ALARM if refusal.kind is Answer.REFRESH else refusal.kind
            raise WechatUnavailable("token refused", refusal.errcode, kind) from None
        value, expires_in = text(answer, "access_token"), answer.get("expires_in")
        if not value or not isinstance(expires_in, int):
            raise WechatUnavailable("token: answer without a token")
        return Issued(value=value, expires_in_s=expires_in)

    async def _call_with_token(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return await self._asked_with_token(method, path, body, judged)

    async def _asked_with_token[T](
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        read: Callable[[str, int, bytes], T],
    ) -> T:
        """Ask with the token, at most once more with a new one, and return what ``read`` makes of the answer."""
        sent = None if body is None else _encoded(body)
        token = await self._tokens.token()
        try:
            return read(path, *await self._transport.asked_with_token(method, path, token, sent))
        except WechatRefused as refusal:
            if refusal.kind is not Answer.REFRESH:
                raise
        token = await self._tokens.token(refused=token)
        return read(path, *await self._transport.asked_with_token(method, path, token, sent))


def _encoded(body: Mapping[str, Any]) -> bytes:
    return _written(body).encode("utf-8", "replace")


# The process's client: the session belongs to the bridge's loop, so it is made anew after a fork.
_guard = threading.Lock()
_held: tuple[tuple[Any, ...], WechatClient] | None = None
# Clients of a parent process: collecting one would close sockets that the parent goes on using.
_left_alone: list[WechatClient] = []


def client() -> WechatClient:
    """Return this process's client, made from the settings WECHAT_* and REDIS_URL.

    Its coroutines run through ``run_sync`` and ``gather_sync`` only.  Changed settings give a new one (tests).
    """
    global _held
    wanted = (
        os.getpid(),
        settings.WECHAT_APPID,
        settings.WECHAT_SECRET,
        settings.WECHAT_BASE_URL,
        float(getattr(settings, "WECHAT_TIMEOUT_S", 5.0)),
        getattr(settings, "REDIS_URL", ""),
        getattr(settings, "WECHAT_MINIPROGRAM_STATE", "formal"),
    )
    with _guard:
        if _held is not None and _held[0] == wanted:
            return _held[1]
        if _held is not None and _held[0][0] == os.getpid():
            run_sync(_held[1].close(), timeout_s=2)
        _, appid, secret, base_url, timeout_s, redis_url, state = wanted
        made = WechatClient(
            appid=appid,
            secret=secret,
            base_url=base_url,
            timeout_s=timeout_s,
            redis_url=redis_url,
            miniprogram_state=state,
        )
        _held = (wanted, made)
        return made


def _after_fork_in_child() -> None:
    global _guard, _held
    _guard = threading.Lock()
    if _held is not None:
        _left_alone.append(_held[1])
    _held = None


def _at_exit() -> None:
    if _held is not None and _held[0][0] == os.getpid():
        run_sync(_held[1].close(), timeout_s=1)


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
