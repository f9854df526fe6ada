"""The SMS channel: numbers that are told the same go in one call; the provider stands behind a protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from django.conf import settings

from apps.notifications.channels.results import Send, SendResult, Trouble
from apps.notifications.states import Outcome

NUMBERS_A_CALL = 200


@dataclass(frozen=True, slots=True)
class SmsCall:
    """One call: the same text to at most 200 numbers."""

    sign: str
    template_id: str
    params: tuple[str, ...]
    numbers: tuple[str, ...]


class SmsProvider(Protocol):
    """Who carries text messages.  A further one is a module with a ``provider()`` beside ``tencent_sms``."""

    async def send(self, call: SmsCall) -> list[SendResult]:
        """Send and return a result for each number, in their order.  No exception leaves it."""
        ...


def provider() -> SmsProvider:
    """Return the provider that the settings name."""
    made: SmsProvider = import_module(f"apps.notifications.channels.{settings.SMS_PROVIDER}_sms").provider()
    return made


class SmsSender:
    """Sends text messages."""

    async def send_many(self, sends: Sequence[Send]) -> list[SendResult]:
        """Send all, as few calls as their texts allow; results in the order given."""
        if not settings.SMS_SECRET_ID:
            return [SendResult(Outcome.SUPPRESSED, "no_provider") for _send in sends]
        groups: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
        for place, send in enumerate(sends):
            groups.setdefault((send.sign, send.template_id, send.params), []).append(place)
        calls, places = [], []
        for (sign, template_id, params), members in groups.items():
            for first in range(0, len(members), NUMBERS_A_CALL):
                some = members[first : first + NUMBERS_A_CALL]
                numbers = tuple(sends[place].address for place in some)
                calls.append(SmsCall(sign, template_id, params, numbers))
                places.append(some)
        carrier = provider()
        answers = await asyncio.gather(*(carrier.send(call) for call in calls))
        results = [SendResult(Outcome.UNKNOWN, "defect", trouble=Trouble.DEFECT)] * len(sends)
        for some, answered in zip(places, answers, strict=True):
            for place, result in zip(some, answered, strict=True):
                results[place] = result
        return results
