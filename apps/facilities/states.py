"""Words of the directory: what a place is, whether it takes part, who vouches for what is said of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    PLANNED = "planned"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Tier(StrEnum):
    """The three levels of government service (三级政务服务)."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class HolidayMode(StrEnum):
    """What a place does on public holidays; adjusted workdays (调休) it opens as on a Monday in any case."""

    CLOSED = "closed"
    AS_WEEKDAY = "as_weekday"
    AS_SUNDAY = "as_sunday"


class Freshness(StrEnum):
    VERIFIED = "verified"
    STALE = "stale"  # vouched for once, too long ago
    UNVERIFIED = "unverified"


class Confidence(StrEnum):
    """How sure an entry is, beside where it comes from."""

    STAFF = "staff"  # entered by whoever looks after the directory
    VERIFIED = "verified"
    CONVERTED = "converted"  # a coordinate worked out from another system
    INFERRED = "inferred"
    LOW = "low"
    DEMO = "demo"


class CorrectionState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class CorrectionVerb(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Move:
    """A way of a correction report; both need a reply, which the resident reads."""

    source: CorrectionState
    target: CorrectionState
    verb: CorrectionVerb


MOVES = (
    Move(CorrectionState.RECEIVED, CorrectionState.ACCEPTED, CorrectionVerb.ACCEPT),
    Move(CorrectionState.RECEIVED, CorrectionState.DECLINED, CorrectionVerb.DECLINE),
)


def move_of(*, state: str, verb: str) -> Move | None:
    """Return the move that ``verb`` makes from ``state``, or None."""
    return next((move for move in MOVES if (move.source, move.verb) == (state, verb)), None)


def diagram() -> str:
    """Return the diagram of ``MOVES`` for the README."""
    lines = ["stateDiagram-v2", f"    [*] --> {CorrectionState.RECEIVED}"]
    lines += [f"    {move.source} --> {move.target}: {move.verb}" for move in MOVES]
    return "\n".join([*lines, *(f"    {move.target} --> [*]" for move in MOVES)])


class Verb(StrEnum):
    """What can happen to a place; each leaves a line that is never changed."""

    ADD = "add"
    CHANGE = "change"
    HOURS = "hours"
    EXCEPTION = "exception"
    CLOSE = "close"
    REOPEN = "reopen"
    ACCESS = "access"
    OFFER = "offer"
    PICTURE = "picture"
    ASSURE = "assure"
    CORRECT = "correct"


def freshness_of(*, assured_until: dt.date | None, today: dt.date) -> Freshness:
    """Return how far what is said of a place can be relied on.  ``assured_until``  the last day of the newest assurance"""
    if assured_until is None:
        return Freshness.UNVERIFIED
    return Freshness.VERIFIED if today <= assured_until else Freshness.STALE
