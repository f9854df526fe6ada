"""Everything the simulator remembers, in memory: users, codes, tokens, permissions, sent messages, its own clock."""

from __future__ import annotations

import base64
import datetime as dt
import random
import string
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.wechat.simulator.faults import FaultPlan
from apps.wechat.simulator.limits import DEFAULT_LIMITS, Limit, Limits
from apps.wechat.values import keys_of

BEIJING = dt.timezone(dt.timedelta(hours=8))
CODE_LIFE_S = 300
ONE_TIME, LONG_TERM = 2, 3

_LETTERS = string.ascii_letters + string.digits

type Purpose = Literal["login", "phone"]


@dataclass(slots=True)
class User:
    """A person with WeChat.  Made by the control API only."""

    openid: str
    unionid: str
    nickname: str
    phone: str
    risk: bool
    session_key: str
    last_visit_at_s: float | None = None
    messages_on: bool = True  # the main switch in the mini-program's settings


@dataclass(slots=True)
class Code:
    """A code from wx.login or from the phone button: 300 s, one use."""

    openid: str
    purpose: Purpose
    made_at_s: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedTemplate:
    """One row of gettemplate."""

    template_id: str
    kind: int
    keys: tuple[str, ...]
    enums: Mapping[str, tuple[str, ...]]
    row: Mapping[str, Any]  # as answered, without our own "name"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> SimulatedTemplate:
        """Read one row of the template file."""
        answered = {key: value for key, value in row.items() if key != "name"}
        enums = {
            str(item["keywordCode"]).removesuffix(".DATA"): tuple(item["enumValueList"])
            for item in row.get("keywordEnumValueList", ())
        }
        return cls(
            template_id=row["priTmplId"],
            kind=row["type"],
            keys=keys_of(row["content"]),
            enums=enums,
            row=answered,
        )


@dataclass(slots=True)
class Permission:
    """What one user allows one template (a row of the ledger)."""

    remaining: int = 0  # one-time templates: sends left
    long_term_on: bool = False
    switched_off: bool = False  # in the settings
    updated_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted subscription message."""

    openid: str
    template_id: str
    page: str | None
    data: Mapping[str, Any]  # as received
    msgid: int
    at_s: float


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where events go: the console's settings of the message push.  JSON only."""

    url: str
    token: str
    aes_key: str = ""
    mode: Literal["plain", "compatible", "safe"] = "plain"
    account: str = "gh_simulated"


@dataclass(frozen=True, slots=True)
class Push:
    """One event sent to the push address: how many tries it took and whether it was taken."""

    event: str
    tries: int
    taken: bool


@dataclass(slots=True)
class Account:
    """The mini-program's own settings.  Survives a reset."""

    appid: str
    secret: str
    ip_whitelist: frozenset[str] | None = None  # None: any address
    secret_frozen: bool = False
    sending_banned: bool = False
    pages: frozenset[str] | None = None  # published pages; None: any page
    push: PushTarget | None = None
    rotate_session_key: bool = True
    content_type: str = "application/json"  # the real host answers text/plain at times
    send_work_s: float = 0.005  # a send takes time, so two at once for one openid meet (43108)


@dataclass(slots=True)
class AccessTokens:
    """Tokens of both calls: when each dies, which were killed, and what stable_token hands out."""

    dies_at_s: dict[str, float] = field(default_factory=dict)
    superseded_at_s: dict[str, float] = field(default_factory=dict)
    plain: str = ""
    stable: str = ""
    forced_at_s: list[float] = field(default_factory=list)


class State:
    """The simulator's memory.

    seed  None: random names that never repeat (the demo keeps its database over restarts); a number: the same each time
    """

    def __init__(
        self, *, appid: str, secret: str, templates: Sequence[Mapping[str, Any]], seed: int | None = None
    ) -> None:
        self.account = Account(appid=appid, secret=secret)
        self.templates = {row["priTmplId"]: SimulatedTemplate.of(row) for row in templates}
        self.limits_by_path: dict[str, Limit] = dict(DEFAULT_LIMITS)
        self.rng: random.Random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - names, not keys
        self.reset()

    def reset(self) -> None:
        """Forget everything but the account's settings, the templates and the limits."""
        self.clock_offset_s = 0.0
        self.users: dict[str, User] = {}
        self.codes: dict[str, Code] = {}
        self.tokens = AccessTokens()
        self.ledger: dict[tuple[str, str], Permission] = {}
        self.messages: list[Message] = []
        self.pushes: list[Push] = []
        self.in_flight: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()  # by path, refused ones too
        self.limits = Limits(by_path=self.limits_by_path)
        self.faults = FaultPlan()
        self._msgid = 2_258_434_312_000_000_000 + self.rng.randrange(10**9) * 1000

    def now_s(self) -> float:
        """Return unix seconds on the simulator's clock."""
        return time.time() + self.clock_offset_s

    def name(self, *, length: int, prefix: str = "") -> str:
        """Return a new random name of ``length`` letters and digits behind ``prefix``."""
        return prefix + "".join(self.rng.choices(_LETTERS, k=length))

    def session_key(self) -> str:
        """Return a new session_key: base64 of 16 bytes."""
        return base64.b64encode(self.rng.randbytes(16)).decode()

    def user_make(
        self,
        *,
        nickname: str = "微信用户",
        phone: str | None = None,
        risk: bool = False,
        openid: str | None = None,
    ) -> User:
        """Add a user.  phone: 11 digits, made up if None.  openid: to bring back someone from before a restart."""
        user = User(
            openid=openid or self.name(prefix="o", length=27),
            unionid=self.name(prefix="oU", length=26),
            nickname=nickname,
            phone=phone or f"199{self.rng.randrange(10**8):08d}",
            risk=risk,
            session_key=self.session_key(),
        )
        self.users[user.openid] = user
        return user

    def code_make(self, *, openid: str, purpose: Purpose) -> str:
        """Issue a code, as wx.login or the phone button would.  Raises KeyError for an unknown openid."""
        code = self.name(length=32)
        self.codes[code] = Code(openid=self.users[openid].openid, purpose=purpose, made_at_s=self.now_s())
        return code

    def permission(self, *, openid: str, template_id: str) -> Permission:
        """Return the row of the ledger, made empty if there is none yet."""
        return self.ledger.setdefault((openid, template_id), Permission())

    def next_msgid(self) -> int:
        """Return a new msgid: int64, above what a double holds exactly."""
        self._msgid += 1
        return self._msgid
