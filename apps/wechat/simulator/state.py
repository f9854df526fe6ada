"""Everything the simulator remembers, in memory: users, codes, tokens, permissions, sent messages, its own clock.

A proof sends half a million messages, so what is kept for each of them is small.
"""

from __future__ import annotations

import base64
import datetime as dt
import random
import string
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from apps.wechat.simulator.faults import FaultPlan
from apps.wechat.simulator.library import Library
from apps.wechat.simulator.limits import DEFAULT_LIMITS, Limit, Limits
from apps.wechat.simulator.sms_account import SmsAccount, SmsMemory
from apps.wechat.values import keys_of

BEIJING = dt.timezone(dt.timedelta(hours=8))
CODE_LIFE_S = 300
ONE_TIME, LONG_TERM = 2, 3

_LETTERS = string.ascii_letters + string.digits

# Pushes and failed calls that are remembered one by one; the sums go on.
RECENT = 1000

type Purpose = Literal["login", "phone"]
type PushMode = Literal["plain", "compatible", "safe"]
type PushFormat = Literal["json", "xml"]


@dataclass(slots=True)
class User:
    """A person with WeChat.  Made by the control API only."""

    openid: str
    unionid: str
    nickname: str
    phone: str
    risk: bool
    session_key: str  # "" before the first login
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
    sent: int = 0  # messages accepted


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted subscription message."""

    openid: str
    template: SimulatedTemplate
    page: str | None
    values: str  # in the order of the template's keys, a line each: no value holds a line break
    msgid: int
    at_s: float

    @property
    def template_id(self) -> str:
        """The id of its template."""
        return self.template.template_id

    @property
    def data(self) -> dict[str, dict[str, str]]:
        """The values as they were received."""
        values = self.values.split("\n")
        return {key: {"value": value} for key, value in zip(self.template.keys, values, strict=True)}


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where events go: the console's settings of the message push, and what goes wrong on the way.

    verified   False: the address is asked to prove itself before the first event (rule 11)
    duplicate  how likely an event is sent twice, 0 to 1
    reorder    of two events in a row the second goes first
    delay_s    from an event to its push
    """

    url: str
    token: str
    aes_key: str = field(default="", repr=False)
    mode: PushMode = "plain"
    format: PushFormat = "json"
    verified: bool = True
    duplicate: float = 0.0
    reorder: bool = False
    delay_s: float = 0.0
    account: str = "gh_simulated"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What content safety says of a text or a picture."""

    suggest: Literal["pass", "review", "risky"] = "pass"
    label: int = 100


# Words that no resident writes by chance.  The real service shows its own to nobody.
DEFAULT_WORDS: Mapping[str, Verdict] = MappingProxyType(
    {
        "模拟违规词": Verdict("risky", 20006),
        "模拟辱骂词": Verdict("risky", 20003),
        "模拟广告词": Verdict("review", 10001),
    }
)
# Parts of a picture's address.
DEFAULT_MEDIA: Mapping[str, Verdict | None] = MappingProxyType(
    {"risky": Verdict("risky", 20002), "review": Verdict("review", 21000), "unreachable": None}
)


@dataclass(frozen=True, slots=True)
class Push:
    """One event sent to the push address: how many tries it took and whether it was taken."""

    event: str
    tries: int
    taken: bool


@dataclass(slots=True)
class Account:
    """The mini-program's own settings.  Survives a reset.

    pages            published pages; None: any page
    words            what makes a text risky or doubtful (rule 12)
    media            the same by a part of the address; None: can not be fetched (rule 13)
    answer_delay_s   how long each answer of a send is held back, as a network does; nothing waits for it but the caller
    sent_error_code  what the event on a message's outcome says; 0: delivered
    """

    appid: str
    secret: str
    ip_whitelist: frozenset[str] | None = None  # None: any address
    secret_frozen: bool = False
    sending_banned: bool = False
    pages: Collection[str] | None = None
    push: PushTarget | None = None
    rotate_session_key: bool = True
    content_type: str = "application/json"  # the real host answers text/plain at times
    send_work_s: float = 0.005  # a send takes time, so two at once for one openid meet (43108)
    answer_delay_s: float = 0.0
    sent_error_code: int = 0
    words: dict[str, Verdict] = field(default_factory=lambda: dict(DEFAULT_WORDS))
    media: dict[str, Verdict | None] = field(default_factory=lambda: dict(DEFAULT_MEDIA))
    media_delay_s: float = 0.2  # the real verdict may take 30 minutes
    private_templates: int = 50  # 25 in older tables


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
        self,
        *,
        appid: str,
        secret: str,
        templates: Sequence[Mapping[str, Any]],
        sms_templates: Sequence[Mapping[str, Any]] = (),
        seed: int | None = None,
    ) -> None:
        self.account = Account(appid=appid, secret=secret)
        self.sms_account = SmsAccount.of(sms_templates)
        self.library = Library.of(templates)
        self.paths: Collection[str] = ()  # what is served
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
        self.sent_texts: set[int] = set()  # hashes of what was sent to whom
        self.doubled = 0  # messages that were in it already
        self.pushes: deque[Push] = deque(maxlen=RECENT)
        self.push_counts: Counter[str] = Counter()
        self.media_next: deque[Verdict | None] = deque()
        self.sms = SmsMemory()
        self.failures: dict[str, dict[str, object]] = {}  # by rid, the newest last
        self.quota_clears: list[float] = []
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

    def users_make(self, *, openids: Iterable[str]) -> int:
        """Add many users by their openids and return how many were new.  Cheap: half a million take seconds."""
        before = len(self.users)
        for openid in openids:
            if openid not in self.users:
                self.users[openid] = User(
                    openid=openid,
                    unionid=f"oU{openid[-26:]}",
                    nickname="微信用户",
                    phone=f"199{len(self.users) % 10**8:08d}",
                    risk=False,
                    session_key="",
                )
        return len(self.users) - before

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

    def message_keep(self, *, message: Message) -> None:
        """Keep an accepted message, and count it if the same one went to the same person before."""
        self.messages.append(message)
        self.permission(openid=message.openid, template_id=message.template_id).sent += 1
        text = hash((message.openid, message.template_id, message.page, message.values))
        if text in self.sent_texts:
            self.doubled += 1
        self.sent_texts.add(text)

    def next_msgid(self) -> int:
        """Return a new msgid: int64, above what a double holds exactly."""
        self._msgid += 1
        return self._msgid
