"""States of a round, of an application and of an offer, and the moves between them.

A round's dates decide when families may apply and answer; its moves are acts of the district, each recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RoundState(StrEnum):
    SETUP = "setup"  # nobody outside sees it
    OPEN = "open"  # announced; families apply between its dates
    VERIFYING = "verifying"  # no more applications; papers are looked at
    FROZEN = "frozen"  # the roster stands and its fingerprint is public
    COMMITTED = "committed"  # the district has bound itself to a secret
    DRAWN = "drawn"  # the public number is fixed and the secret told
    ALLOCATED = "allocated"  # worked out and checked, not told yet
    PUBLISHED = "published"  # families know; offers stand
    FINAL = "final"  # no more offers


class RoundVerb(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    FREEZE = "freeze"
    COMMIT = "commit"
    REVEAL = "reveal"
    ALLOCATE = "allocate"
    PUBLISH = "publish"
    FINISH = "finish"


class ApplicationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    FIRST_REVIEW = "first_review"  # the first reviewer agreed; a second one looks
    NEEDS_FIX = "needs_fix"
    VERIFIED = "verified"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"
    ALLOCATED = "allocated"
    UNALLOCATED = "unallocated"
    ENROLLED = "enrolled"


class ApplicationVerb(StrEnum):
    SUBMIT = "submit"
    AGREE = "agree"
    ASK = "ask"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    OBJECT = "object"  # the other parent does not agree
    REOPEN = "reopen"  # an appeal against a rejection was right
    FREEZE = "freeze"
    ALLOCATE = "allocate"
    MISS = "miss"
    ENROL = "enrol"


class Actor(StrEnum):
    GUARDIAN = "guardian"
    REVIEWER = "reviewer"
    ROUND = "round"  # follows a move of the round
    SCHOOL = "school"


class OfferState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    ENROLLED = "enrolled"
    REVOKED = "revoked"  # the district takes it back by a named decision


class OfferVerb(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    LAPSE = "lapse"
    ENROL = "enrol"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class RoundMove:
    source: RoundState
    verb: RoundVerb
    target: RoundState


@dataclass(frozen=True, slots=True)
class ApplicationMove:
    source: ApplicationState
    verb: ApplicationVerb
    target: ApplicationState
    actor: Actor


@dataclass(frozen=True, slots=True)
class OfferMove:
    source: OfferState
    verb: OfferVerb
    target: OfferState


_R, _W = RoundState, RoundVerb
ROUND_MOVES: tuple[RoundMove, ...] = (
    RoundMove(_R.SETUP, _W.OPEN, _R.OPEN),
    RoundMove(_R.OPEN, _W.CLOSE, _R.VERIFYING),
    RoundMove(_R.VERIFYING, _W.FREEZE, _R.FROZEN),
    RoundMove(_R.FROZEN, _W.COMMIT, _R.COMMITTED),
    RoundMove(_R.COMMITTED, _W.REVEAL, _R.DRAWN),
    RoundMove(_R.DRAWN, _W.ALLOCATE, _R.ALLOCATED),
    RoundMove(_R.ALLOCATED, _W.PUBLISH, _R.PUBLISHED),
    RoundMove(_R.PUBLISHED, _W.FINISH, _R.FINAL),
)

_S, _V, _A = ApplicationState, ApplicationVerb, Actor
MOVES: tuple[ApplicationMove, ...] = (
    ApplicationMove(_S.DRAFT, _V.SUBMIT, _S.SUBMITTED, _A.GUARDIAN),
    ApplicationMove(_S.NEEDS_FIX, _V.SUBMIT, _S.SUBMITTED, _A.GUARDIAN),
    ApplicationMove(_S.SUBMITTED, _V.AGREE, _S.FIRST_REVIEW, _A.REVIEWER),
    ApplicationMove(_S.FIRST_REVIEW, _V.AGREE, _S.VERIFIED, _A.REVIEWER),
    *(
        ApplicationMove(source, verb, target, _A.REVIEWER)
        for source in (_S.SUBMITTED, _S.FIRST_REVIEW)
        for verb, target in ((_V.ASK, _S.NEEDS_FIX), (_V.REJECT, _S.REJECTED))
    ),
    # What one parent objects to is looked at anew.
    *(
        ApplicationMove(source, _V.OBJECT, _S.SUBMITTED, _A.GUARDIAN)
        for source in (_S.SUBMITTED, _S.FIRST_REVIEW, _S.NEEDS_FIX, _S.VERIFIED)
    ),
    ApplicationMove(_S.REJECTED, _V.REOPEN, _S.SUBMITTED, _A.REVIEWER),
    *(
        ApplicationMove(source, _V.WITHDRAW, _S.WITHDRAWN, _A.GUARDIAN)
        for source in (_S.DRAFT, _S.SUBMITTED, _S.FIRST_REVIEW, _S.NEEDS_FIX, _S.VERIFIED)
    ),
    # Papers that did not come in time.
    ApplicationMove(_S.NEEDS_FIX, _V.REJECT, _S.REJECTED, _A.ROUND),
    ApplicationMove(_S.VERIFIED, _V.FREEZE, _S.FROZEN, _A.ROUND),
    ApplicationMove(_S.FROZEN, _V.ALLOCATE, _S.ALLOCATED, _A.ROUND),
    ApplicationMove(_S.FROZEN, _V.MISS, _S.UNALLOCATED, _A.ROUND),
    # From the waiting list, by an appeal.
    ApplicationMove(_S.UNALLOCATED, _V.ALLOCATE, _S.ALLOCATED, _A.ROUND),
    # Declined, lapsed or taken back.
    ApplicationMove(_S.ALLOCATED, _V.MISS, _S.UNALLOCATED, _A.ROUND),
    ApplicationMove(_S.ALLOCATED, _V.ENROL, _S.ENROLLED, _A.SCHOOL),
)

_O, _P = OfferState, OfferVerb
OFFER_MOVES: tuple[OfferMove, ...] = (
    OfferMove(_O.OFFERED, _P.ACCEPT, _O.ACCEPTED),
    OfferMove(_O.OFFERED, _P.DECLINE, _O.DECLINED),
    OfferMove(_O.ACCEPTED, _P.DECLINE, _O.DECLINED),
    OfferMove(_O.OFFERED, _P.LAPSE, _O.LAPSED),
    OfferMove(_O.ACCEPTED, _P.ENROL, _O.ENROLLED),
    OfferMove(_O.OFFERED, _P.REVOKE, _O.REVOKED),
    OfferMove(_O.ACCEPTED, _P.REVOKE, _O.REVOKED),
)

# In these a child has an application in the round; no second one.
LIVE = tuple(state for state in _S if state not in (_S.REJECTED, _S.WITHDRAWN))
# In these a family may still change it.
OPEN_TO_FAMILY = (_S.DRAFT, _S.NEEDS_FIX)
# In these points may be entered: the roster takes them as they are.
POINTS_OPEN = (_S.DRAFT, _S.SUBMITTED, _S.FIRST_REVIEW, _S.NEEDS_FIX, _S.VERIFIED)
# In these the desk may enter them, before anyone has agreed.
POINTS_DESK = (_S.DRAFT, _S.SUBMITTED, _S.NEEDS_FIX)
# In these a child has a place.
OFFER_LIVE = (_O.OFFERED, _O.ACCEPTED, _O.ENROLLED)
AFTER_FREEZE = (_S.FROZEN, _S.ALLOCATED, _S.UNALLOCATED, _S.ENROLLED)


def round_move(*, state: RoundState, verb: RoundVerb) -> RoundMove | None:
    """Return the row of the table, or None: then it is not allowed."""
    return next((one for one in ROUND_MOVES if (one.source, one.verb) == (state, verb)), None)


def move_of(*, state: ApplicationState, verb: ApplicationVerb, actor: Actor) -> ApplicationMove | None:
    """Return the row of the table, or None: then it is not allowed."""
    return next((one for one in MOVES if (one.source, one.verb, one.actor) == (state, verb, actor)), None)


def offer_move(*, state: OfferState, verb: OfferVerb) -> OfferMove | None:
    """Return the row of the table, or None: then it is not allowed."""
    return next((one for one in OFFER_MOVES if (one.source, one.verb) == (state, verb)), None)


def diagram() -> str:
    """Return the moves of an application as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {move.source} --> {move.target}: {move.verb} ({move.actor})" for move in MOVES]
    ends = [state for state in _S if not any(move.source == state for move in MOVES)]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in ends)])


def round_diagram() -> str:
    """Return the moves of a round as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> setup"]
    lines += [f"    {move.source} --> {move.target}: {move.verb}" for move in ROUND_MOVES]
    return "\n".join([*lines, "    final --> [*]"])
