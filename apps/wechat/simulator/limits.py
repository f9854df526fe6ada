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
    """Calls a minute and a day; None: not limited.

    minute_errcode  what a full minute answers
    pool            paths of one pool share their counters; "": the path counts alone
    """

    minute: int | None = None
    day: int | None = None
    minute_errcode: int = 45011
    pool: str = ""


_LINKS = Limit(day=500_000, pool="links")
DEFAULT_LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "/cgi-bin/token": Limit(day=2_000),
        "/cgi-bin/stable_token": Limit(minute=10_000, day=500_000),
        "/cgi-bin/message/subscribe/send": Limit(day=10_000_000),
        "/wxa/resetusersessionkey": Limit(minute=60_000),
        # For each user, not for the account: ``limit_check`` is given the openid as ``of``.
        "/sns/jscode2session": Limit(minute=100),
        "/wxa/msg_sec_check": Limit(minute=4_000, day=2_000_000),
        "/wxa/media_check_async": Limit(minute=2_000, day=200_000),
        "/wxa/getwxacodeunlimit": Limit(minute=5_000, minute_errcode=45009),
        "/wxa/generatescheme": _LINKS,
        "/wxa/generate_urllink": _LINKS,
    }
)
UNLIMITED = Limit()


@dataclass(slots=True)
class Limits:
    """Counters of the running minute and the running day, by path or pool and by person ("": the account)."""

    by_path: dict[str, Limit]
    minute: int = 0
    day: int = 0
    this_minute: Counter[tuple[str, str]] = field(default_factory=Counter)
    today: Counter[tuple[str, str]] = field(default_factory=Counter)

    def limit_of(self, *, path: str) -> Limit:
        """Return the limit of a path."""
        return self.by_path.get(path, UNLIMITED)

    def limit_check(self, *, path: str, now_s: float, of: str = "") -> None:
        """Raise Refusal (45011, 45009) if one more call of ``path`` would pass its limit."""
        limit = self.by_path.get(path)
        if limit is None:
            return
        self._turn(now_s)
        key = (limit.pool or path, of)
        if limit.minute is not None and self.this_minute[key] >= limit.minute:
            raise Refusal(limit.minute_errcode)
        if limit.day is not None and self.today[key] >= limit.day:
            raise Refusal(45009)

    def call_count(self, *, path: str, now_s: float, of: str = "") -> None:
        """Count one call that succeeded."""
        self._turn(now_s)
        key = (self.limit_of(path=path).pool or path, of)
        self.this_minute[key] += 1
        self.today[key] += 1

    def used_today(self, *, path: str, now_s: float) -> int:
        """Return the calls counted for the account on this day."""
        self._turn(now_s)
        return self.today[self.limit_of(path=path).pool or path, ""]

    def clear(self) -> None:
        """Forget the day's counters, as clear_quota does."""
        self.today.clear()

    def _turn(self, now_s: float) -> None:
        minute = (int(now_s) + _BEIJING_S) // 60
        if minute == self.minute:
            return
        self.minute = minute
        self.this_minute.clear()
        if minute // 1440 != self.day:
            self.day = minute // 1440
            self.today.clear()
