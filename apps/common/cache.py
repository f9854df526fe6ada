"""The cache backend: Redis, and nothing lost when Redis is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _forgiving(name: str, missing: Callable[[tuple[Any, ...], dict[str, Any]], Any]) -> Callable[..., Any]:
    original = getattr(RedisCache, name)

    @wraps(original)
    def call(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", operation=name, error=type(error).__name__)
            return missing(args, kwargs)

    return call


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache; an outage is a miss.  What may not be lost is in PostgreSQL, so a miss is only slower."""

    get = _forgiving("get", lambda args, kw: args[1] if len(args) > 1 else kw.get("default"))
    set = _forgiving("set", lambda _args, _kw: None)
    add = _forgiving("add", lambda _args, _kw: True)
    touch = _forgiving("touch", lambda _args, _kw: False)
    delete = _forgiving("delete", lambda _args, _kw: False)
    get_many = _forgiving("get_many", lambda _args, _kw: {})
    set_many = _forgiving("set_many", lambda _args, _kw: [])
    delete_many = _forgiving("delete_many", lambda _args, _kw: None)
    incr = _forgiving("incr", lambda args, kw: args[1] if len(args) > 1 else kw.get("delta", 1))
    has_key = _forgiving("has_key", lambda _args, _kw: False)
