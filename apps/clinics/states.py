"""States of an appointment (FHIR's names), the moves between them, and pure rules about time.

Source of the names: HL7 FHIR R5, AppointmentStatus.  ``proposed`` is a hold.  Waiting is a row of its own (``waitlist``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class AppointmentState(StrEnum):
    PROPOSED = "proposed"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"


class Channel(StrEnum):
    APP = "app"
    COUNTER = "counter"
    REFERRAL = "referral"


class Verb(StrEnum):
    HOLD = "hold"
    BOOK = "book"
    CHECK_IN = "check_in"
    FULFIL = "fulfil"
    CANCEL = "cancel"
    SUSPEND = "suspend"
    EXPIRE = "expire"
    MISS = "miss"
    UNDO = "undo"
    VOID = "void"  # it should never have been entered
    # No moves, only entries.
    LOOK = "look"  # at the name of a patient for whom nobody keeps an access log here
    TELL = "tell"  # by telephone, whom no notice reaches


class Actor(StrEnum):
    PATIENT = "patient"  # or a resident who acts for them
    STAFF = "staff"
    CLOCK = "clock"


# In these a patient has a place; a held one too.
LIVE = (AppointmentState.PROPOSED, AppointmentState.BOOKED, AppointmentState.ARRIVED)
STARTS = (AppointmentState.PROPOSED, AppointmentState.BOOKED)


@dataclass(frozen=True, slots=True)
class Move:
    source: AppointmentState
    verb: Verb
    target: AppointmentState
    actor: Actor


_S, _V, _A = AppointmentState, Verb, Actor
MOVES: tuple[Move, ...] = (
    Move(_S.PROPOSED, _V.BOOK, _S.BOOKED, _A.PATIENT),
    Move(_S.PROPOSED, _V.BOOK, _S.BOOKED, _A.STAFF),
    Move(_S.PROPOSED, _V.CANCEL, _S.CANCELLED, _A.PATIENT),
    Move(_S.PROPOSED, _V.EXPIRE, _S.CANCELLED, _A.CLOCK),
    Move(_S.PROPOSED, _V.SUSPEND, _S.CANCELLED, _A.STAFF),
    Move(_S.BOOKED, _V.CANCEL, _S.CANCELLED, _A.PATIENT),
    Move(_S.BOOKED, _V.CANCEL, _S.CANCELLED, _A.STAFF),
    Move(_S.BOOKED, _V.SUSPEND, _S.CANCELLED, _A.STAFF),
    Move(_S.BOOKED, _V.CHECK_IN, _S.ARRIVED, _A.PATIENT),
    Move(_S.BOOKED, _V.CHECK_IN, _S.ARRIVED, _A.STAFF),
    Move(_S.BOOKED, _V.MISS, _S.NOSHOW, _A.CLOCK),
    Move(_S.BOOKED, _V.MISS, _S.NOSHOW, _A.STAFF),
    Move(_S.BOOKED, _V.VOID, _S.ENTERED_IN_ERROR, _A.STAFF),
    Move(_S.ARRIVED, _V.FULFIL, _S.FULFILLED, _A.STAFF),
    Move(_S.ARRIVED, _V.UNDO, _S.BOOKED, _A.STAFF),
    Move(_S.ARRIVED, _V.SUSPEND, _S.CANCELLED, _A.STAFF),
    Move(_S.ARRIVED, _V.VOID, _S.ENTERED_IN_ERROR, _A.STAFF),
    Move(_S.FULFILLED, _V.UNDO, _S.ARRIVED, _A.STAFF),
    Move(_S.NOSHOW, _V.UNDO, _S.ARRIVED, _A.STAFF),
)


def move_of(*, state: AppointmentState, verb: Verb, actor: Actor) -> Move | None:
    """Return the row of the table, or None: then it is not allowed."""
    return next((one for one in MOVES if (one.source, one.verb, one.actor) == (state, verb, actor)), None)


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in STARTS)]
    seen: dict[tuple[str, str, str], list[str]] = {}
    for move in MOVES:
        seen.setdefault((move.source, move.target, move.verb), []).append(move.actor)
    lines += [
        f"    {source} --> {target}: {verb} ({', '.join(by)})" for (source, target, verb), by in seen.items()
    ]
    ends = [state for state in AppointmentState if not any(move.source == state for move in MOVES)]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in ends)]).replace(
        "entered-in-error", "entered_in_error"
    )


def strikes_out(*, strikes_on: list[dt.date], today: dt.date, count: int, window_days: int) -> bool:
    """Whether ``count`` of the days lie within the last ``window_days`` days, ``today`` the last of them."""
    first = today - dt.timedelta(days=window_days - 1)
    return sum(1 for day in strikes_on if first <= day <= today) >= count


def slots_of(
    *, starts_at: dt.datetime, ends_at: dt.datetime, minutes: int
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the slots of a session; what is left at its end and shorter than a slot is none."""
    length = dt.timedelta(minutes=minutes)
    count = int((ends_at - starts_at) / length)
    return [(starts_at + place * length, starts_at + (place + 1) * length) for place in range(count)]
