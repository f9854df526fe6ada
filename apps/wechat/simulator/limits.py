"""How often each path may be called: the documented limits as a table, and the counters.

Only calls that succeed are counted: a refused call changes no state.  Minutes and days are those of Beijing time, on
the simulator's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from apps.wechat.simulator.answers import Refusal

_BEIJING_S = 8 * 3600


@dataclass(frozen=True, slots=True)
class Limit:
    """Calls a minute and a day; None: not limited."""

    minute: int | None = None
    day: int | None = None


DEFAULT_LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "/cgi-bin/token": Limit(day=2_000),
        "/cgi-bin/stable_token": Limit(minute=10_000, day=500_000),
        "/cgi-bin/message/subscribe/send": Limit(day=10_000_000),
        "/wxa/resetusersessionkey": Limit(minute=60_000),
        # For each user, not for the account: ``limit_check`` is given the openid as ``of``.
        "/sns/jscode2session": Limit(minute=100),
    }
)


@dataclass(slots=True)
class Limits:
    """Counters by path, person (or "") and period."""

    by_path: dict[str, Limit]
    counts: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)

    def limit_check(self, *, path: str, now_s: float, of: str = "") -> None:
        """Raise Refusal 45011 or 45009 if one more call of ``path`` would pass its limit."""
        limit = self.by_path.get(path)
        if limit is None:
            return
        minute, day = _periods(path, of, now_s)
        if limit.minute is not None and self.counts[minute] >= limit.minute:
            raise Refusal(45011)
        if limit.day is not None and self.counts[day] >= limit.day:
            raise Refusal(45009)

    def call_count(self, *, path: str, now_s: float, of: str = "") -> None:
        """Count one call that succeeded."""
        if path in self.by_path:
            for period in _periods(path, of, now_s):
                self.counts[period] += 1


def _periods(path: str, of: str, now_s: float) -> tuple[tuple[str, str, str, int], ...]:
    local_s = int(now_s) + _BEIJING_S
    return (path, of, "minute", local_s // 60), (path, of, "day", local_s // 86400)
