"""States of a delivery and the moves between them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    WECHAT = "wechat"


class DeliveryState(StrEnum):
    QUEUED = "queued"  # due at ``due_at``
    SENDING = "sending"  # claimed until ``claimed_until``
    SENT = "sent"  # the provider took it
    FAILED = "failed"  # it can not be sent: final
    UNKNOWN = "unknown"  # it left, the answer was lost: not repeated blindly
    SUPPRESSED = "suppressed"  # the resident has granted no message, or refuses them


class Outcome(StrEnum):
    """What one attempt came to."""

    CLAIM = "claim"
    SENT = "sent"
    RETRY = "retry"
    LATER = "later"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    CLAIM_EXPIRED = "claim_expired"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a delivery."""

    source: DeliveryState
    outcome: Outcome
    target: DeliveryState


MOVES: tuple[Move, ...] = (
    Move(DeliveryState.QUEUED, Outcome.CLAIM, DeliveryState.SENDING),
    Move(DeliveryState.QUEUED, Outcome.SUPPRESSED, DeliveryState.SUPPRESSED),
    Move(DeliveryState.QUEUED, Outcome.FAILED, DeliveryState.FAILED),  # it can not even be prepared
    Move(DeliveryState.SENDING, Outcome.SENT, DeliveryState.SENT),
    Move(DeliveryState.SENDING, Outcome.RETRY, DeliveryState.QUEUED),
    Move(DeliveryState.SENDING, Outcome.LATER, DeliveryState.QUEUED),
    Move(DeliveryState.SENDING, Outcome.FAILED, DeliveryState.FAILED),
    Move(DeliveryState.SENDING, Outcome.UNKNOWN, DeliveryState.UNKNOWN),
    Move(DeliveryState.SENDING, Outcome.SUPPRESSED, DeliveryState.SUPPRESSED),
    Move(DeliveryState.SENDING, Outcome.CLAIM_EXPIRED, DeliveryState.QUEUED),
)
FINAL = frozenset(DeliveryState) - {move.source for move in MOVES}
MAX_ATTEMPTS = 8
FIRST_DELAY_S = 15
LONGEST_DELAY_S = 3600
# WeChat took another message for the same phone at that moment: 43108 passes in a second or two.
SHORT_DELAY_S = 2


class MoveRefused(ValueError):
    """The delivery is not in a state that this outcome can follow."""


def move_target(*, source: DeliveryState, outcome: Outcome) -> DeliveryState:
    """Return the state that ``outcome`` leads to from ``source``.  Raises MoveRefused."""
    for move in MOVES:
        if move.source == source and move.outcome == outcome:
            return move.target
    raise MoveRefused(f"{source} {outcome}")


def retry_delay(*, attempts: int, spread: float, first_s: float = FIRST_DELAY_S) -> dt.timedelta:
    """Return how long to wait after ``attempts`` failed ones: ``first_s`` doubled each time, at most an hour.

    ``spread``  0 to 1, drawn by the caller: it stretches the delay by up to a half, so that messages that failed
    together do not come back together.
    """
    base = min(first_s * 2 ** (attempts - 1), LONGEST_DELAY_S)
    return dt.timedelta(seconds=base * (1 + spread / 2))
