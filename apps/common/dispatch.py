"""Queueing work by name, after commit."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import OrderedDict
from functools import partial
from typing import Any, Literal

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
Lane = Literal["interactive", "callback", "bulk", "periodic"]
# Two wake-ups of one process are at least this far apart: under load one stands for many.
PAUSE_S = 0.02
FLUSH_S = 2.0


def send_after_commit(name: str, *, lane: Lane, countdown_s: float | None = None, **kwargs: Any) -> None:
    """Queue the task ``name`` in ``lane`` once the transaction has committed; nothing on rollback.

    By name, because services may not import tasks (a guard test checks that the name exists and the arguments bind).
    ``countdown_s``  at most 60: not before; Redis hands longer ones out twice, so they wait as rows instead
    A thread talks to the broker, so that no request waits for it, and equal wake-ups that come together go as one.  A
    broker that is down is logged, not raised: the row is the record and a sweep finds it.
    """
    wake_up = (name, lane, countdown_s, tuple(sorted(kwargs.items())))
    transaction.on_commit(partial(_sender.add, wake_up), robust=True)


_WakeUp = tuple[str, Lane, float | None, tuple[tuple[str, Any], ...]]


class _Sender:
    """Wake-ups waiting to be sent, and the thread that sends them; made anew in a forked process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: OrderedDict[_WakeUp, None] = OrderedDict()
        self._busy = False
        self._pid = 0

    def add(self, wake_up: _WakeUp) -> None:
        """Send soon; one that waits already stands for this one too."""
        with self._changed:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._waiting.clear()
                threading.Thread(target=self._run, name="dispatch", daemon=True).start()
            self._waiting[wake_up] = None
            self._changed.notify()

    def flush(self, *, within_s: float = FLUSH_S) -> bool:
        """Wait until everything has been sent, at most ``within_s``; returns whether it has."""
        until = time.monotonic() + within_s
        while self._pid == os.getpid() and (self._waiting or self._busy) and time.monotonic() < until:
            time.sleep(0.005)
        return not self._waiting and not self._busy

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                while not self._waiting:
                    self._changed.wait()
                batch = list(self._waiting)
                self._waiting.clear()
                self._busy = True
            for wake_up in batch:
                _send(wake_up)
            time.sleep(PAUSE_S)


def _send(wake_up: _WakeUp) -> None:
    name, lane, countdown_s, kwargs = wake_up
    try:
        current_app.send_task(
            name, kwargs=dict(kwargs), queue=lane, countdown=countdown_s, retry=False, ignore_result=True
        )
    except (OperationalError, ConnectionError, TimeoutError) as error:
        log.warning("broker_unavailable", task=name, lane=lane, error=type(error).__name__)
    except Exception as error:
        # The thread must live: without it no wake-up of this process would ever leave again.
        log.error("wake_up_failed", task=name, lane=lane, error=type(error).__name__)


_sender = _Sender()
# A command that ends right after its commit still sends what it queued.
atexit.register(_sender.flush)
