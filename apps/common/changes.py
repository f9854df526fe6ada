"""What processes keep in memory, and how they learn that it has changed.

A service announces a namespace after commit (Redis publish); each process listens on a thread of its own and forgets
what it kept.  While a process is not connected it keeps nothing: it reads from the database.  What is kept also ends by
itself after ``TTL_S``, which bounds the one case that listening can not cover, a message lost by Redis itself.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction

from apps.common import clock

log = structlog.get_logger(__name__)
CHANNEL = "qingshan:changes"
TTL_S = 20.0
MAX_ENTRIES = 1024
RECONNECT_S = 1.0
HEALTH_S = 5


@dataclass(frozen=True, slots=True)
class _Kept:
    epoch: int
    until: float  # monotonic seconds
    ends_at: dt.datetime | None
    value: Any

    def holds(self, epoch: int) -> bool:
        return (
            self.epoch == epoch
            and self.until > time.monotonic()
            and (self.ends_at is None or clock.now() < self.ends_at)
        )


_guard = threading.Lock()
_epochs: Counter[str] = Counter()
_kept: OrderedDict[tuple[str, Any], _Kept] = OrderedDict()
_connected = False
_listener_pid = 0


def announce(namespace: str) -> None:
    """Tell every process, after commit, that what it keeps of ``namespace`` is old."""
    transaction.on_commit(lambda: _announce_now(namespace), robust=True)


def _announce_now(namespace: str) -> None:
    _forget(namespace)
    try:
        _client().publish(CHANNEL, namespace)
    except (redis.RedisError, OSError) as error:
        # Listeners lose their connection with it, and keep nothing until they are back.
        log.warning("change_not_announced", namespace=namespace, error=type(error).__name__)


def kept[T](
    namespace: str, key: Any, load: Callable[[], T], *, ends: Callable[[], dt.datetime | None] | None = None
) -> T:
    """Return the value kept under ``key``, else what ``load`` returns; it is kept when nothing changed meanwhile.

    ``ends``  returns the moment at which the value changes by the clock alone, None for never; asked before ``load``,
    so that a moment that passes meanwhile is not missed
    """
    epoch = _epoch(namespace)
    found = _kept.get((namespace, key))
    if epoch is not None and found is not None and found.holds(epoch):
        return found.value  # type: ignore[no-any-return]
    ends_at = ends() if ends is not None else None
    value = load()
    _keep(namespace, key, epoch, ends_at, value)
    return value


def moment_kept(namespace: str, key: Any, load: Callable[[], dt.datetime | None]) -> dt.datetime | None:
    """Return a moment kept until it has come, as ``kept`` does for values: what ``ends`` of others is made of."""
    epoch = _epoch(namespace)
    found = _kept.get((namespace, key))
    if epoch is not None and found is not None and found.holds(epoch):
        return found.ends_at
    moment = load()
    _keep(namespace, key, epoch, moment, None)
    return moment


def _keep(namespace: str, key: Any, epoch: int | None, ends_at: dt.datetime | None, value: Any) -> None:
    if epoch is None:
        return
    with _guard:
        if _epochs[namespace] == epoch:
            _kept[namespace, key] = _Kept(epoch, time.monotonic() + TTL_S, ends_at, value)
            _kept.move_to_end((namespace, key))
            while len(_kept) > MAX_ENTRIES:
                _kept.popitem(last=False)


def forget_all() -> None:
    """Forget everything kept in this process."""
    with _guard:
        for namespace in {name for name, _key in _kept}:
            _epochs[namespace] += 1
        _kept.clear()


def _forget(namespace: str) -> None:
    with _guard:
        _epochs[namespace] += 1
        for key in [key for key in _kept if key[0] == namespace]:
            del _kept[key]


def _epoch(namespace: str) -> int | None:
    """Return the namespace's count of changes, or None while this process does not hear of them."""
    global _listener_pid
    if _listener_pid != os.getpid():
        with _guard:
            if _listener_pid != os.getpid():
                _listener_pid = os.getpid()
                threading.Thread(target=_listen, name="changes", daemon=True).start()
    return _epochs[namespace] if _connected else None


def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=2.0, health_check_interval=HEALTH_S
    )


def _listen() -> None:
    """Hear of changes until the process ends; without Redis keep nothing and try again each second."""
    global _connected
    while True:
        try:
            with _client() as client, client.pubsub(ignore_subscribe_messages=True) as heard:
                heard.subscribe(CHANNEL)
                forget_all()
                _connected = True
                while True:
                    message = heard.get_message(timeout=HEALTH_S)
                    if message is not None:
                        _forget(message["data"].decode())
        except (redis.RedisError, OSError) as error:
            _connected = False
            forget_all()
            log.warning("changes_not_heard", error=type(error).__name__)
            time.sleep(RECONNECT_S)
