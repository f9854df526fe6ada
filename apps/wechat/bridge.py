"""The way from synchronous code (Django views, Celery tasks) to the asynchronous client: one event loop on one daemon
thread per process.  A child made by fork starts with neither and gets its own at the first call.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable
from typing import Any

from apps.wechat.errors import WechatOutcomeUnknown


class _Loop:
    """A running event loop and the thread that runs it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="wechat", daemon=True)
        self.thread.start()


_guard = threading.Lock()
_running: _Loop | None = None
# Loops of a parent process.  Collecting one would take its sockets off the epoll set that both processes share.
_left_alone: list[_Loop] = []


def _after_fork_in_child() -> None:
    # The thread did not come along, and the lock may have been held by another thread at that moment.
    global _guard, _running
    _guard = threading.Lock()
    if _running is not None:
        _left_alone.append(_running)
    _running = None


os.register_at_fork(after_in_child=_after_fork_in_child)


def loop_of_process() -> asyncio.AbstractEventLoop:
    """Return this process's loop, started at the first call."""
    global _running
    with _guard:
        if _running is None or _running.pid != os.getpid() or not _running.thread.is_alive():
            _running = _Loop()
        return _running.loop


def run_sync[T](coro: Coroutine[Any, Any, T], *, timeout_s: float | None = None) -> T:
    """Run ``coro`` on the process's loop, wait for it and return what it returns.

    timeout_s  a last bound; every call of the client ends by itself within its own time limit, so it is rarely needed
    Raises what the coroutine raises; WechatOutcomeUnknown when ``timeout_s`` passed first (it is cancelled then).
    """
    (outcome,) = gather_sync([coro], timeout_s=timeout_s)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def gather_sync[T](
    coros: Iterable[Coroutine[Any, Any, T]], *, timeout_s: float | None = None
) -> list[T | Exception]:
    """Run all ``coros`` at once on the process's loop and return their results or errors, in the order given.

    timeout_s  a last bound for all of them together; what is not done then is cancelled and gives WechatOutcomeUnknown
    An error of one does not disturb the others.
    """
    given = list(coros)
    loop = loop_of_process()
    if threading.current_thread() is _thread():
        for coro in given:
            coro.close()
        raise RuntimeError(
            "Called on the loop's own thread: it would wait for itself. Await the coroutine there."
        )
    return asyncio.run_coroutine_threadsafe(_gather(given, timeout_s), loop).result()


def _thread() -> threading.Thread | None:
    return _running.thread if _running is not None else None


async def _gather[T](coros: list[Coroutine[Any, Any, T]], timeout_s: float | None) -> list[T | Exception]:
    if not coros:
        return []
    tasks: list[asyncio.Task[T]] = [asyncio.create_task(coro) for coro in coros]
    _, late = await asyncio.wait(tasks, timeout=timeout_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=1)
    return [_outcome(task) for task in tasks]


def _outcome[T](task: asyncio.Task[T]) -> T | Exception:
    if not task.done() or task.cancelled():
        return WechatOutcomeUnknown("time limit of the caller")
    error = task.exception()
    if error is None:
        return task.result()
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
