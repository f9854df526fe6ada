"""How fast a channel may be used, and when it is left alone: a token bucket and a circuit breaker in Redis.

Both fail open: without Redis nothing is limited and nothing is held back, for a message that is late is worse than a
provider that has to say no.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import redis
import structlog
from django.conf import settings

from apps.notifications.states import Channel

log = structlog.get_logger(__name__)
_TROUBLE = (redis.RedisError, OSError)
# So many failures in a row, with no success between them, and the channel rests.
FAILURES = 20
REST_S = 30
ALARM_REST_S = 600
# After a rest a few messages try the way before all of them do.
PROBE = 5
_TRIPPED_KEPT_S = 3600

# Refill by the time that passed (Redis' own clock), then take what is there, at most what is wanted.
_TAKE = """
local rate, most, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local row = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(row[1]) or most
left = math.min(most, left + math.max(0, now - (tonumber(row[2]) or now)) * rate)
local taken = math.min(want, math.floor(left))
redis.call('HSET', KEYS[1], 'left', left - taken, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(most / rate * 1000) + 1000)
return taken
"""


@dataclass(frozen=True, slots=True)
class Open:
    """What a channel allows at the moment: nothing while it rests, a few after a rest."""

    most: int | None  # None: no limit


def tokens_take(*, bucket: str, per_s: float, want: int) -> int:
    """Return how many of ``want`` messages may go now: 0 to ``want``; all of them without Redis or without a rate.

    ``bucket``  channel and lane: a campaign has a bucket of its own and never empties the one of replies
    ``per_s``   messages a second, 0 for no limit; the bucket holds half a second's worth
    """
    if per_s <= 0:
        return want
    try:
        return int(_redis().eval(_TAKE, 1, f"tokens:{bucket}", per_s, max(per_s / 2, 1), want))
    except _TROUBLE as error:
        log.warning("tokens_without_redis", bucket=bucket, error=type(error).__name__)
        return want


def channel_open(*, channel: Channel) -> Open:
    """Return what may be sent through ``channel`` now."""
    try:
        resting, tripped = _redis().mget(f"rest:{channel}", f"tripped:{channel}")
    except _TROUBLE:
        return Open(None)
    if resting is not None:
        return Open(0)
    return Open(PROBE if tripped is not None else None)


def channel_rest(*, channel: Channel, seconds: float, why: str) -> None:
    """Leave ``channel`` alone for ``seconds``; ``why`` is shown to operators."""
    log.error("channel_rests", channel=channel.value, seconds=round(seconds), why=why)
    try:
        with _redis().pipeline() as both:
            both.set(f"rest:{channel}", why, px=max(int(seconds * 1000), 1))
            both.set(f"tripped:{channel}", why, ex=int(seconds) + _TRIPPED_KEPT_S)
            both.execute()
    except _TROUBLE as error:
        log.warning("rest_without_redis", error=type(error).__name__)


def outcomes_tell(*, channel: Channel, reached: bool, failures: int) -> None:
    """Tell how a batch went: a success closes the breaker, failures in a row without one open it."""
    if not reached and not failures:
        return
    try:
        if reached:
            _redis().delete(f"failures:{channel}", f"tripped:{channel}")
            return
        count = int(_redis().incrby(f"failures:{channel}", failures))
        tripped = _redis().exists(f"tripped:{channel}")
    except _TROUBLE as error:
        log.warning("breaker_without_redis", error=type(error).__name__)
        return
    if count >= FAILURES or tripped:
        channel_rest(channel=channel, seconds=REST_S, why="unavailable")
        try:
            _redis().delete(f"failures:{channel}")
        except _TROUBLE:
            log.warning("breaker_without_redis", error="delete")


def resting(*, channel: Channel) -> tuple[str, float] | None:
    """Return why ``channel`` rests and for how many seconds more, None when it does not (or Redis is away)."""
    try:
        why, left_ms = _redis().get(f"rest:{channel}"), _redis().pttl(f"rest:{channel}")
    except _TROUBLE:
        return None
    return None if why is None else (bytes(why).decode(), max(int(left_ms), 0) / 1000)  # type: ignore[arg-type]


def channel_wake(*, channel: Channel) -> None:
    """End a rest: an operator has mended the cause."""
    try:
        _redis().delete(f"rest:{channel}", f"tripped:{channel}", f"failures:{channel}")
    except _TROUBLE as error:
        log.warning("wake_without_redis", error=type(error).__name__)


def _redis() -> redis.Redis:
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    # One pool a process and address; a pool is made anew in a forked process by the library itself.
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1.0)
