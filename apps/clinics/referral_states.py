"""States of a referral (双向转诊), the moves between them, and who makes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    UP = "up"  # to where more can be done
    DOWN = "down"  # back to where the patient lives: recovery, control, medicine


class Urgency(StrEnum):
    ROUTINE = "routine"
    SOON = "soon"
    EMERGENCY = "emergency"


class ReferralState(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    REDIRECTED = "redirected"  # sent on by who received it; waits like one that was sent
    RETURNED = "returned"
    ADVICE_GIVEN = "advice_given"  # an answer instead of an appointment
    ACCEPTED = "accepted"
    SLOT_OFFERED = "slot_offered"
    BOOKED = "booked"
    SEEN = "seen"
    REPORTED = "reported"
    DOWN_REFERRED = "down_referred"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Verb(StrEnum):
    SEND = "send"
    REDIRECT = "redirect"
    RETURN = "return"
    ADVISE = "advise"
    ACCEPT = "accept"
    OFFER = "offer"
    BOOK = "book"
    UNBOOK = "unbook"
    SEE = "see"
    REPORT = "report"
    REFER_DOWN = "refer_down"
    CLOSE = "close"
    CANCEL = "cancel"


class Side(StrEnum):
    SENDER = "sender"  # staff of the institution that sends
    RECEIVER = "receiver"
    PATIENT = "patient"
    APPOINTMENT = "appointment"  # follows what becomes of the appointment


@dataclass(frozen=True, slots=True)
class Move:
    """``reason``  the act needs words, which the other side reads."""

    source: ReferralState
    verb: Verb
    target: ReferralState
    side: Side
    reason: bool = False


_S, _V, _W = ReferralState, Verb, Side
MOVES: tuple[Move, ...] = (
    Move(_S.DRAFT, _V.SEND, _S.SENT, _W.SENDER),
    Move(_S.RETURNED, _V.SEND, _S.SENT, _W.SENDER),
    Move(_S.ADVICE_GIVEN, _V.SEND, _S.SENT, _W.SENDER),
    *(
        move
        for waiting in (_S.SENT, _S.REDIRECTED)
        for move in (
            Move(waiting, _V.ACCEPT, _S.ACCEPTED, _W.RECEIVER),
            Move(waiting, _V.RETURN, _S.RETURNED, _W.RECEIVER, reason=True),
            Move(waiting, _V.REDIRECT, _S.REDIRECTED, _W.RECEIVER, reason=True),
            Move(waiting, _V.ADVISE, _S.ADVICE_GIVEN, _W.RECEIVER, reason=True),
        )
    ),
    Move(_S.ACCEPTED, _V.OFFER, _S.SLOT_OFFERED, _W.RECEIVER),
    Move(_S.ACCEPTED, _V.BOOK, _S.BOOKED, _W.RECEIVER),
    Move(_S.SLOT_OFFERED, _V.BOOK, _S.BOOKED, _W.PATIENT),
    Move(_S.SLOT_OFFERED, _V.UNBOOK, _S.ACCEPTED, _W.APPOINTMENT),
    Move(_S.BOOKED, _V.UNBOOK, _S.ACCEPTED, _W.APPOINTMENT),
    Move(_S.BOOKED, _V.SEE, _S.SEEN, _W.APPOINTMENT),
    Move(_S.ACCEPTED, _V.SEE, _S.SEEN, _W.RECEIVER),
    Move(_S.SEEN, _V.REPORT, _S.REPORTED, _W.RECEIVER, reason=True),
    Move(_S.REPORTED, _V.REFER_DOWN, _S.DOWN_REFERRED, _W.RECEIVER),
    Move(_S.REPORTED, _V.CLOSE, _S.CLOSED, _W.SENDER),
    Move(_S.DOWN_REFERRED, _V.CLOSE, _S.CLOSED, _W.SENDER),
    Move(_S.ADVICE_GIVEN, _V.CLOSE, _S.CLOSED, _W.SENDER),
    Move(_S.RETURNED, _V.CLOSE, _S.CLOSED, _W.SENDER),
    *(
        Move(source, _V.CANCEL, _S.CANCELLED, side, reason=True)
        for source in (_S.DRAFT, _S.SENT, _S.REDIRECTED, _S.ACCEPTED, _S.SLOT_OFFERED, _S.BOOKED)
        for side in (_W.SENDER, _W.PATIENT)
    ),
)
FINAL = (_S.CLOSED, _S.CANCELLED)
# Where the sender must act next; else the receiver.
WAITING_FOR_SENDER = (_S.DRAFT, _S.RETURNED, _S.ADVICE_GIVEN, _S.REPORTED, _S.DOWN_REFERRED)
MAX_REDIRECTS = 2


def move_of(*, state: ReferralState, verb: Verb, side: Side) -> Move | None:
    """Return the row of the table, or None: then it is not allowed."""
    return next((one for one in MOVES if (one.source, one.verb, one.side) == (state, verb, side)), None)


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.DRAFT}"]
    seen: dict[tuple[ReferralState, ReferralState, Verb], list[str]] = {}
    for move in MOVES:
        seen.setdefault((move.source, move.target, move.verb), []).append(move.side)
    lines += [
        f"    {source} --> {target}: {verb} ({', '.join(sides)})"
        for (source, target, verb), sides in seen.items()
    ]
    return "\n".join([*lines, *(f"    {one} --> [*]" for one in FINAL)])
