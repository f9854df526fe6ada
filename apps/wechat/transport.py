"""Requests to WeChat's host over one HTTP session, and the one question that matters when no answer comes: had it left?

A hot path: a campaign sends over a thousand messages a second through here.  So addresses are made once for each token,
nothing is traced, and nothing is logged on success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import structlog
from yarl import URL

from apps.wechat.errors import WechatOutcomeUnknown, WechatUnavailable

log = structlog.get_logger(__name__)

CONNECTIONS = 100
CONNECT_S = 3.0
# Shorter than any server's own limit, so that a request seldom meets a connection that is just being closed.
KEEP_ALIVE_S = 15.0
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class _Request(aiohttp.ClientRequest):
    """Knows whether a connection was found for it: before that, a failure is certain to have had no effect."""

    left = False

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        self.left = True
        return await super().send(conn)


class _ConnectionCut(aiohttp.ClientError):
    """The connection ended after the request had left."""


class _Trip:
    """One request on its way; the session hands it over before it looks for a connection."""

    __slots__ = ("_request",)

    def __init__(self) -> None:
        self._request: aiohttp.ClientRequest | None = None

    @property
    def left(self) -> bool:
        return isinstance(self._request, _Request) and self._request.left

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self._request = request
        # aiohttp repeats a GET by itself when the connection breaks: a login code would be spent by the attempt whose answer was lost.
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _ConnectionCut(type(error).__name__) from None


class Transport:
    """One HTTP session.  Belongs to the event loop that makes its first request.

    base_url   scheme and host, without a path
    timeout_s  whole time of one request, from the connection to the end of the answer
    """

    def __init__(self, *, base_url: str, timeout_s: float) -> None:
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        # Waiting for a free connection must not eat the request's own time.
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._token = ""
        self._addresses: dict[str, URL] = {}

    async def asked(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Send one request and return the answer's status and body.  A connection that breaks is not tried again.

        Raises WechatUnavailable (it did not leave) and WechatOutcomeUnknown (it left and no answer came).
        """
        return await self._sent(method, path, URL(self._base_url + path).with_query(query), body)

    async def asked_with_token(
        self, method: str, path: str, token: str, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """As ``asked``, with the access token as the only field of the query."""
        if token != self._token:
            self._token, self._addresses = token, {}
        address = self._addresses.get(path)
        if address is None:
            address = self._addresses[path] = URL(self._base_url + path).with_query(access_token=token)
        return await self._sent(method, path, address, body)

    async def close(self) -> None:
        """Close all connections.  A later request opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _sent(self, method: str, path: str, address: URL, body: bytes | None) -> tuple[int, bytes]:
        trip = _Trip()
        # The errors of aiohttp may name the address, and the address holds the token: so ``from None`` and the type only.
        async with self._places:
            try:
                async with self._open_session().request(
                    method,
                    address,
                    data=body,
                    headers=None if body is None else _JSON,
                    allow_redirects=False,
                    middlewares=(trip,),
                ) as response:
                    return response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = "time limit" if isinstance(error, TimeoutError) else type(error).__name__.lstrip("_")
                log.warning("wechat_no_answer", path=path, reason=reason, left=trip.left)
                if trip.left:
                    raise WechatOutcomeUnknown(reason) from None
                raise WechatUnavailable(reason) from None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=300
                ),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy named in the environment would see the secret
                request_class=_Request,
            )
        return self._session
