"""How often articles are read: counted in memory, brought to Redis by a thread, added to the rows by a task.

A request adds one to a number in its own process and waits for nothing.  What a process has counted since its thread last
wrote (a second) is lost with it, and so is what could not be written because Redis was away: hits are a figure for the
desk and the reader, not a record.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.common.ids import uuid7
from apps.news.services.reading import hits_add

log = structlog.get_logger(__name__)
# What all processes have counted, by article; and the batch that is being added, with its id under ``BATCH``.
COUNTED, TAKEN, BATCH = "qingshan:hits", "qingshan:hits:taken", "batch"
EVERY_S = 1.0
_READ = frozenset({200, 304})
# Only the batch that was added goes: another worker may have taken the next one meanwhile.
_DROP = (
    "if redis.call('hget', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('del', KEYS[1]) end return 0"
)

_guard = threading.Lock()
_counted: Counter[UUID] = Counter()
_writer_pid = 0


def hits_counted(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap the view of an article: each GET that is answered with it, or with 304, counts as one reading."""

    def call(request: HttpRequest, *args: Any, article_id: UUID, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, article_id=article_id, **kwargs)
        if request.method == "GET" and response.status_code in _READ:
            hit_count(article_id=article_id)
        return response

    # DRF and the schema generator find the view class and its flags through these.
    for name in ("cls", "view_class", "initkwargs", "actions", "csrf_exempt"):
        if hasattr(view, name):
            setattr(call, name, getattr(view, name))
    return call


def hit_count(*, article_id: UUID) -> None:
    """Count one reading in the memory of this process, and see to it that the thread that writes runs.  0 queries."""
    global _writer_pid
    with _guard:
        _counted[article_id] += 1
        if _writer_pid != os.getpid():
            _writer_pid = os.getpid()
            threading.Thread(target=_write_on, name="hits", daemon=True).start()


def hits_write() -> int:
    """Bring to Redis what this process has counted; returns how many readings.  What Redis does not take is lost."""
    global _counted
    with _guard:
        taken, _counted = _counted, Counter()
    if not taken:
        return 0
    try:
        with _client() as client, client.pipeline(transaction=False) as pipe:
            for article_id, number in taken.items():
                pipe.hincrby(COUNTED, str(article_id), number)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        log.warning("hits_lost", count=taken.total(), error=type(error).__name__)
        return 0
    return taken.total()


def hits_flush(*, now: dt.datetime) -> int:
    """Add what all processes have counted to the publications; returns how many readings.  At most 3 queries.

    The counts are renamed first, so that further ones begin anew, then added under the id of their batch, then dropped.
    A worker that dies in between leaves the batch to the next run, and its id says whether it was added: a reading that
    has reached Redis is added once.  Without Redis nothing happens.
    """
    try:
        with _client() as client:
            if not client.exists(TAKEN):
                if not client.exists(COUNTED):
                    return 0
                client.renamenx(COUNTED, TAKEN)
            client.hsetnx(TAKEN, BATCH, str(uuid7()))
            held = {key.decode(): value.decode() for key, value in client.hgetall(TAKEN).items()}
    except (redis.RedisError, OSError) as error:
        log.warning("hits_not_read", error=type(error).__name__)
        return 0
    batch = held.pop(BATCH)
    hits = {UUID(article_id): int(number) for article_id, number in held.items()}
    added = hits_add(batch=UUID(batch), hits=hits, now=now)
    try:
        with _client() as client:
            client.eval(_DROP, 1, TAKEN, BATCH, batch)
    except (redis.RedisError, OSError) as error:
        # The next run finds the batch again, and that it was added.
        log.warning("hits_not_dropped", error=type(error).__name__)
    return sum(hits.values()) if added else 0


def _write_on() -> None:
    while True:
        time.sleep(EVERY_S)
        hits_write()


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=2.0)
