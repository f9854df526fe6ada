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
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import structlog
from django.conf import settings

from apps.common import clock
from apps.wechat.answers import (
    LoginSession,
    SentReceipt,
    Template,
    Wechat,
    judged,
    template_of,
    text,
)
from apps.wechat.bridge import gather_sync, loop_of_process, run_sync
from apps.wechat.errors import (
    Answer,
    WechatOutcomeUnknown,
    WechatRefused,
    WechatUnavailable,
)
from apps.wechat.token_cache import Issued, TokenCache

__all__ = [
    "LoginSession",
    "SentReceipt",
    "Template",
    "Wechat",
    "WechatClient",
    "client",
    "gather_sync",
    "loop_of_process",
    "run_sync",
]

log = structlog.get_logger(__name__)

CONNECTIONS = 100
CONNECT_S = 3.0
# Shorter than any server's own limit, so that a request seldom meets a connection that is just being closed.
KEEP_ALIVE_S = 15.0

SESSION_PATH = "/sns/jscode2session"
TOKEN_PATH = "/cgi-bin/stable_token"  # noqa: S105 - a path
PHONE_PATH = "/wxa/business/getuserphonenumber"
SEND_PATH = "/cgi-bin/message/subscribe/send"
TEMPLATES_PATH = "/wxaapi/newtmpl/gettemplate"


@dataclass(slots=True)
class _Trip:
    """Where a request is: before it has left, a failure is certain to have had no effect."""

    left: bool = False


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class _ConnectionCut(aiohttp.ClientError):
    """The connection ended after the request had left."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # aiohttp repeats a GET by itself when the connection breaks: a login code would be spent by the attempt whose answer was lost.
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _ConnectionCut(type(error).__name__) from None


async def _mark_left(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    trip = context.trace_request_ctx
    if isinstance(trip, _Trip):
        trip.left = True


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
        self._base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._miniprogram_state = miniprogram_state
        self._session: aiohttp.ClientSession | None = None
        # Waiting for a free connection must not eat the request's own time.
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._turns: dict[str, _Turn] = {}
        self._tokens = TokenCache(
            name=hashlib.sha256(f"{appid}@{self._base_url}".encode()).hexdigest()[:16],
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
        answer = await self._call("GET", SESSION_PATH, query)
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
        async with self._turn_of(openid):
            answer = await self._call_with_token("POST", SEND_PATH, body)
        return SentReceipt(msgid=text(answer, "msgid") or None)

    async def templates(self) -> list[Template]:
        """Return the account's message templates.  Raises WechatRefused, WechatUnavailable, WechatOutcomeUnknown."""
        answer = await self._call_with_token("GET", TEMPLATES_PATH, None)
        rows = answer.get("data")
        return [template_of(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def close(self) -> None:
        """Close all connections.  A later call opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
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
            answer = await self._call("POST", TOKEN_PATH, {}, body)
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
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        token = await self._tokens.token()
        try:
            return await self._call(method, path, {"access_token": token}, body)
        except WechatRefused as refusal:
            if refusal.kind is not Answer.REFRESH:
                raise
        token = await self._tokens.token(refused=token)
        return await self._call(method, path, {"access_token": token}, body)

    async def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        # Escapes (\uXXXX) have been counted as six characters by WeChat's length checks.
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        trip = _Trip()
        # The errors of aiohttp may name the address, and the address holds the token: so ``from None`` and the type only.
        async with self._places:
            try:
                async with self._open_session().request(
                    method,
                    self._base_url + path,
                    params=query,
                    data=sent,
                    headers=None if sent is None else {"Content-Type": "application/json; charset=utf-8"},
                    allow_redirects=False,
                    trace_request_ctx=trip,
                ) as response:
                    status, raw = response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = "time limit" if isinstance(error, TimeoutError) else type(error).__name__.lstrip("_")
                log.warning("wechat_no_answer", path=path, reason=reason, left=trip.left)
                if trip.left:
                    raise WechatOutcomeUnknown(reason) from None
                raise WechatUnavailable(reason) from None
        return judged(path, status, raw)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_mark_left)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=300
                ),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy named in the environment would see the secret
                trace_configs=[trace],
                middlewares=(_send_once,),
            )
        return self._session

    @asynccontextmanager
    async def _turn_of(self, openid: str) -> AsyncIterator[None]:
        """One call at a time for each openid: WeChat answers 43108 to the second (across processes RETRY heals it)."""
        turn = self._turns.setdefault(openid, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                self._turns.pop(openid, None)


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
