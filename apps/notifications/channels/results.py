"""What a channel is given and what it gives back, whichever provider stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from apps.notifications.states import Outcome


class Trouble(StrEnum):
    """What an answer says beyond its own message."""

    NONE = "none"
    UNAVAILABLE = "unavailable"  # the provider can not be reached
    QUOTA_DAY = "quota_day"  # until the next Beijing day
    QUOTA_MINUTE = "quota_minute"
    ALARM = "alarm"  # the account itself: an operator must act, nothing else gets through either
    DEFECT = "defect"  # the message itself is wrong: a developer or editor must act


@dataclass(frozen=True, slots=True)
class Send:
    """One message to send.  ``address`` is an openid or a phone number and goes nowhere else."""

    delivery_id: UUID
    attempt: int
    address: str
    template_id: str
    values: Mapping[str, str]  # WeChat: by key of the template
    params: tuple[str, ...] = ()  # SMS: for the places of the template in order
    page: str = ""  # WeChat: what a tap on the card opens
    sign: str = ""  # SMS: the signature before the text


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of it; ``code`` is the provider's own word or ours, ``request_id`` names the call at the provider."""

    outcome: Outcome
    code: str = ""
    request_id: str = ""
    provider_id: str = ""
    trouble: Trouble = Trouble.NONE
    # The next try may come soon: another message for the same phone was on its way.
    soon: bool = False


class Sender(Protocol):
    """A channel: sends all at once, results in the order given.  No exception leaves it."""

    async def send_many(self, sends: Sequence[Send]) -> list[SendResult]: ...
