"""Throttles: per resident; per address only without a token, since phones share addresses.

Counted in windows.  The first sixteenth of a limit is counted in the process alone: nearly all requests come from
people far below it, and they are spared the way to Redis.  Beyond that the count is in Redis, starting with what this
process had counted; so one more process can let through at most a sixteenth more.  Without Redis the process counts on
alone: a limit is no reason to turn residents away.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from django.core.cache import cache
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from apps.common.api.client_address import client_address

SHARE = 16
WINDOW_S = 60
_guard = threading.Lock()
_counts: dict[str, int] = {}
_window = 0


class ResidentThrottle(BaseThrottle):
    """Count reads and writes apart; a view may name another ``throttle_scope``."""

    def __init__(self) -> None:
        """Start without a wait."""
        self._wait_s = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        """Count the request and say whether it is within the limit of its scope."""
        scope = getattr(view, "throttle_scope", None) or ("read" if request.method == "GET" else "write")
        limit = int(str(api_settings.DEFAULT_THROTTLE_RATES[scope]).removesuffix("/min"))
        number, passed_s = divmod(time.time(), WINDOW_S)
        who = request.user.id.hex if request.user is not None else client_address(request)
        self._wait_s = WINDOW_S - passed_s
        return _counted(f"{scope}:{who}", window=int(number), limit=limit) <= limit

    def wait(self) -> float:
        """Return the seconds until the window ends, for ``Retry-After``."""
        return max(1.0, self._wait_s)


def _counted(key: str, *, window: int, limit: int) -> int:
    """Return how many requests of ``key`` came in this window, this one included."""
    global _window
    with _guard:
        if _window != window:
            _window = window
            _counts.clear()
        count = _counts[key] = _counts.get(key, 0) + 1
    share = limit // SHARE
    if count <= share:
        return count
    shared = f"throttle:{key}:{window}"
    if count == share + 1:
        cache.add(shared, 0, timeout=2 * WINDOW_S)
    try:
        return max(count, cache.incr(shared, count if count == share + 1 else 1))
    except ValueError:  # Redis forgot the counter
        return count
