"""States of a claim on something that can run out, and of a place in a waiting list; who makes the moves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClaimState(StrEnum):
    HELD = "held"  # kept for someone until a moment
    OFFERED = "offered"  # kept for the next in the waiting list until a moment
    TAKEN = "taken"
    COOLING = "cooling"  # given back, and open to all again only from a moment on
    RELEASED = "released"
    EXPIRED = "expired"  # its moment passed


class ClaimVerb(StrEnum):
    CONFIRM = "confirm"
    ACCEPT = "accept"
    RELEASE = "release"
    DECLINE = "decline"
    EXPIRE = "expire"


class Actor(StrEnum):
    OWNER = "owner"  # the app that asked for the claim, for whom it asked
    CLOCK = "clock"


class EntryState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"  # an offer was not answered in time
    LEFT = "left"


LIVE = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.TAKEN, ClaimState.COOLING)
# Live until a moment: past it they count as free, whether or not anybody has said so yet.
TIMED = (ClaimState.HELD, ClaimState.OFFERED, ClaimState.COOLING)
ENTRY_OPEN = (EntryState.WAITING, EntryState.OFFERED)
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Move:
    source: ClaimState
    target: ClaimState
    verb: ClaimVerb
    actor: Actor


MOVES = (
    Move(ClaimState.HELD, ClaimState.TAKEN, ClaimVerb.CONFIRM, Actor.OWNER),
    Move(ClaimState.HELD, ClaimState.RELEASED, ClaimVerb.RELEASE, Actor.OWNER),
    Move(ClaimState.HELD, ClaimState.EXPIRED, ClaimVerb.EXPIRE, Actor.CLOCK),
    Move(ClaimState.OFFERED, ClaimState.TAKEN, ClaimVerb.ACCEPT, Actor.OWNER),
    Move(ClaimState.OFFERED, ClaimState.RELEASED, ClaimVerb.DECLINE, Actor.OWNER),
    Move(ClaimState.OFFERED, ClaimState.EXPIRED, ClaimVerb.EXPIRE, Actor.CLOCK),
    Move(ClaimState.TAKEN, ClaimState.RELEASED, ClaimVerb.RELEASE, Actor.OWNER),
    Move(ClaimState.COOLING, ClaimState.EXPIRED, ClaimVerb.EXPIRE, Actor.CLOCK),
)
STARTS = LIVE


def diagram() -> str:
    """Return the diagram of ``MOVES`` for the README."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in STARTS)]
    lines += [f"    {move.source} --> {move.target}: {move.verb} ({move.actor})" for move in MOVES]
    return "\n".join([*lines, f"    {ClaimState.RELEASED} --> [*]", f"    {ClaimState.EXPIRED} --> [*]"])
