"""Whether workers live: each writes the time into Redis for the lanes it serves."""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.core.cache import cache

LANES = ("interactive", "callback", "bulk", "periodic")
KEPT_S = 300


def heartbeat_write(lanes: Iterable[str]) -> None:
    """Record that a worker of ``lanes`` is alive now."""
    cache.set_many({f"heartbeat:{lane}": time.time() for lane in lanes}, timeout=KEPT_S)


def heartbeat_age_s(lane: str) -> float | None:
    """Return the seconds since a worker of ``lane`` was last seen, or None after five minutes."""
    seen = cache.get(f"heartbeat:{lane}")
    return None if seen is None else time.time() - seen
