"""The account with the provider of text messages (短信): signs, templates, limits, and what was sent.

The provider is Tencent Cloud (SendSms 2021-01-11); it stands on the same address as WeChat, at the path "/".
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# Invented numbers that fail on purpose: at the call, or (RECEIPTS) on the way to the phone.
MAGIC_CODES: Mapping[str, str] = MappingProxyType(
    {
        "19900009001": "FailedOperation.PhoneNumberInBlacklist",
        "19900009002": "FailedOperation.ContainSensitiveWord",
        "19900009003": "InternalError.OtherError",
        "19900009004": "FailedOperation.InsufficientBalanceInSmsPackage",
    }
)
# report_status and errmsg of the receipt; None: no receipt ever comes.
MAGIC_RECEIPTS: Mapping[str, tuple[str, str] | None] = MappingProxyType(
    {"19900009011": ("FAIL", "UNDELIV"), "19900009012": ("FAIL", "MK:0001"), "19900009013": None}
)
DELIVERED = ("SUCCESS", "DELIVRD")
_PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """An approved text.

    places       how many values it takes ({1}, {2} …)
    value_chars  how long each may be; 0: as long as it likes
    """

    template_id: str
    text: str
    places: int
    value_chars: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> SmsTemplate:
        """Read one row of the template file."""
        places = {int(number) for number in _PLACE.findall(row["text"])}
        return cls(row["template_id"], row["text"], len(places), int(row.get("param_chars", 0)))

    def filled(self, values: Sequence[str]) -> str:
        """Return the text with its values."""
        return _PLACE.sub(lambda found: values[int(found.group(1)) - 1], self.text)


@dataclass(slots=True)
class SmsAccount:
    """The provider's settings.  Survives a reset.

    same_content_s  the same text to one number at most once in so many seconds
    an_hour, a_day  texts to one number in a rolling hour and on a Beijing day; None: not limited
    receipt_url     where receipts are posted; "": they wait to be pulled
    codes           by number, beside MAGIC_CODES: how it fails at the call
    """

    templates: dict[str, SmsTemplate]
    signs: frozenset[str]
    secret_id: str = "simulated-id"  # noqa: S105 - a name
    secret_key: str = field(default="simulated-key", repr=False)
    app_id: str = "1400000000"
    same_content_s: float = 30.0
    an_hour: int | None = None
    a_day: int | None = 10
    receipt_url: str = ""
    receipt_least_s: float = 0.1
    receipt_most_s: float = 1.0
    codes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> SmsAccount:
        """Make an account with the templates and signs of a template file."""
        return cls(
            templates={row["template_id"]: SmsTemplate.of(row) for row in rows},
            signs=frozenset(row["sign"] for row in rows),
        )


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """An accepted text; ``phone`` with "+" and country code."""

    phone: str
    sign: str
    template_id: str
    text: str
    serial: str
    context: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a text."""

    message: SmsMessage
    status: str
    errmsg: str
    at_s: float


@dataclass(slots=True)
class SmsMemory:
    """What was sent.  A reset forgets it."""

    messages: list[SmsMessage] = field(default_factory=list)
    by_phone: dict[str, list[SmsMessage]] = field(default_factory=dict)
    pullable: deque[Receipt] = field(default_factory=deque)
    receipts_posted: int = 0
    receipts_lost: int = 0

    def keep(self, *, message: SmsMessage) -> None:
        """Keep an accepted text."""
        self.messages.append(message)
        self.by_phone.setdefault(message.phone, []).append(message)
