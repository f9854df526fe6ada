"""One access token for all processes: kept in Redis, fetched under a Redis lock, 300 s ahead of its end.

Redis is a convenience here, never a condition: without it each process holds a token of its own, which stable_token
allows (every caller gets the same one).  Neither the token nor the secret is ever logged.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from apps.common import clock
from apps.wechat.errors import WechatUnavailable

log = structlog.get_logger(__name__)

AHEAD_S = 300  # WeChat issues a new token in the old one's last 300 s, and both work in that time
# A token that comes with 300 s or less is still used for a moment, else each call would fetch.
SHORTEST_FRESH_S = 5
# If a fetch fails in those 300 s, the old token serves on and the next attempt waits this long.
SPARE_S = 30
# After a failure Redis is left alone for so long: a dead host would cost each look-up its time limit.
REDIS_REST_S = 5
_REDIS_TROUBLE = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token call gave."""

    value: str = field(repr=False)
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    fresh_until_s: float  # unix seconds
    dies_at_s: float


class TokenCache:
    """The token of one appid at one host.  Belongs to one event loop.

    name       what the Redis keys end in: tells appid and host apart
    redis_url  "" for a process that has no Redis
    fetch      asks WeChat; raises WechatUnavailable
    lock_s     how long a fetch may hold the lock, and how long others wait for it: longer than ``fetch`` can take
    """

    def __init__(
        self,
        *,
        name: str,
        redis_url: str,
        fetch: Callable[[], Awaitable[Issued]],
        lock_s: float,
        now: Callable[[], dt.datetime] = clock.now,
    ) -> None:
        self._key = f"qs:wechat:token:{name}"
        self._lock_key = f"qs:wechat:token-lock:{name}"
        self._redis_url = redis_url
        self._fetch = fetch
        self._lock_s = lock_s
        self._now = now
        self._redis: Redis | None = None
        self._redis_rests_until = 0.0  # monotonic seconds
        self._held: _Token | None = None
        self._trouble: WechatUnavailable | None = None
        self._fetched_times = 0
        self._failed_times = 0
        self._one_at_a_time = asyncio.Lock()

    async def token(self, *, refused: str | None = None) -> str:
        """Return a token that is good for at least one call.

        refused  the token that WeChat has just refused: a newer one is fetched, unless another caller did so meanwhile
        Raises WechatUnavailable.  Never raises because of Redis.
        """
        fetched, failed = self._fetched_times, self._failed_times
        if (held := self._usable(self._held, refused)) is not None:
            return held.value
        async with self._one_at_a_time:
            # stable_token gives the same value while it is valid, so a refused one counts again once someone has asked
            # for it anew; and where the caller ahead in the queue failed, a hundred trying again would take minutes.
            since_then = None if self._fetched_times > fetched else refused
            if (held := self._usable(self._held, since_then)) is not None:
                return held.value
            if self._failed_times > failed and self._trouble is not None:
                raise WechatUnavailable(self._trouble.reason, self._trouble.errcode, self._trouble.kind)
            try:
                self._held = await self._renewed(refused)
            except WechatUnavailable as error:
                self._failed_times += 1
                self._trouble = error
                raise
            self._fetched_times += 1
            return self._held.value

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            redis, self._redis = self._redis, None
            try:
                await redis.aclose()
            except _REDIS_TROUBLE:
                self._redis_failed("close")

    def _usable(self, token: _Token | None, refused: str | None) -> _Token | None:
        if token is None or token.value == refused or token.fresh_until_s <= self._now_s():
            return None
        return token

    async def _renewed(self, refused: str | None) -> _Token:
        if (shared := self._usable(await self._read(), refused)) is not None:
            return shared
        lock = await self._lock_take()
        try:
            # Whoever held the lock before us has most likely fetched.
            stored = await self._read()
            if (shared := self._usable(stored, refused)) is not None:
                return shared
            return await self._fetched(stored or self._held, refused)
        finally:
            await self._lock_give(lock)

    async def _fetched(self, old: _Token | None, refused: str | None) -> _Token:
        try:
            issued = await self._fetch()
        except WechatUnavailable:
            if old is None or old.value == refused or old.dies_at_s <= self._now_s():
                raise
            log.warning("wechat_token_old_serves_on", left_s=round(old.dies_at_s - self._now_s()))
            return replace(old, fresh_until_s=min(self._now_s() + SPARE_S, old.dies_at_s))
        now_s = self._now_s()
        token = _Token(
            value=issued.value,
            fresh_until_s=now_s + max(issued.expires_in_s - AHEAD_S, SHORTEST_FRESH_S),
            dies_at_s=now_s + issued.expires_in_s,
        )
        await self._write(token)
        return token

    def _now_s(self) -> float:
        return self._now().timestamp()

    # Redis: each step does without it.

    def _connected(self) -> Redis | None:
        if not self._redis_url or time.monotonic() < self._redis_rests_until:
            return None
        if self._redis is None:
            self._redis = Redis.from_url(
                self._redis_url,
                socket_connect_timeout=2.0,
                socket_timeout=3.0,  # a sender that shares its core may be slow to hear the answer
                retry=Retry(NoBackoff(), 0),
                decode_responses=True,
            )
        return self._redis

    def _redis_failed(self, step: str) -> None:
        self._redis_rests_until = time.monotonic() + REDIS_REST_S
        log.warning("wechat_token_without_redis", step=step)

    async def _read(self) -> _Token | None:
        redis = self._connected()
        if redis is None:
            return None
        try:
            text = await redis.get(self._key)
        except _REDIS_TROUBLE:
            self._redis_failed("read")
            return None
        try:
            row = json.loads(text) if text else None
            return _Token(**row) if row else None
        except (ValueError, TypeError):
            return None  # written by another version: as good as absent

    async def _write(self, token: _Token) -> None:
        redis = self._connected()
        if redis is None:
            return
        row = {name: getattr(token, name) for name in _Token.__slots__}
        try:
            await redis.set(self._key, json.dumps(row), ex=max(int(token.dies_at_s - self._now_s()), 1))
        except _REDIS_TROUBLE:
            self._redis_failed("write")

    async def _lock_take(self) -> Lock | None:
        redis = self._connected()
        if redis is None:
            return None
        lock = redis.lock(self._lock_key, timeout=self._lock_s, blocking_timeout=self._lock_s, sleep=0.05)
        try:
            # A wait in vain means that the holder is slower than any fetch may be: go on without the lock.
            return lock if await lock.acquire() else None
        except _REDIS_TROUBLE:
            self._redis_failed("lock")
            return None

    async def _lock_give(self, lock: Lock | None) -> None:
        if lock is None:
            return
        try:
            await lock.release()
        except _REDIS_TROUBLE:
            log.warning("wechat_token_lock_not_given_back")
