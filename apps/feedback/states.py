"""States of a case (诉求), the table of moves, and the pure rules about them.  Source: rules.md of the field, 2.5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequestType(StrEnum):
    CONSULTATION = "consultation"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


class Identity(StrEnum):
    """Who learns the reporter's name: the unit too, the intake only, or nobody but the system."""

    NAMED = "named"
    HIDDEN = "hidden"
    ANONYMOUS = "anonymous"


class CaseState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"  # 受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    DISPATCHED = "dispatched"  # 派单
    SIGNED = "signed"  # 签收
    IN_PROGRESS = "in_progress"  # 办理中
    REPLIED = "replied"  # 答复
    RATED = "rated"  # 评价
    CLOSED = "closed"  # 办结
    REOPENED = "reopened"  # 重办
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"  # 退单
    SUSPENDED = "suspended"


class Verb(StrEnum):
    SUBMIT = "submit"
    ACCEPT = "accept"
    REFUSE = "refuse"
    DISPATCH = "dispatch"
    SIGN = "sign"
    START = "start"
    REPLY = "reply"
    RATE = "rate"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RETURN = "return"
    SUSPEND = "suspend"
    RESUME = "resume"
    MERGE = "merge"
    UNMERGE = "unmerge"


class Actor(StrEnum):
    """Who acts on a case: a part that a person plays towards it, not a group."""

    RESIDENT = "resident"
    CLERK = "clerk"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


class Need(StrEnum):
    """What must be given with a move."""

    REASON = "reason"
    UNIT = "unit"
    TEXT = "text"
    RATING = "rating"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a case: who may take it from where to where, what it takes, who hears of it.

    ``needs``    what must be given
    ``notice``   key of the notice kind that the resident gets
    ``open``     whether a door (a form or an API path) leads here yet
    """

    verb: Verb
    source: CaseState
    target: CaseState
    actors: frozenset[Actor]
    needs: frozenset[Need] = frozenset()
    notice: str | None = None
    open: bool = True


_DESK = frozenset({Actor.CLERK})
_UNIT = frozenset({Actor.HANDLER})
_OWNER = frozenset({Actor.RESIDENT})
_S, _V, _N = CaseState, Verb, Need


def _each(
    verb: Verb, sources: tuple[CaseState, ...], target: CaseState, actors: frozenset[Actor], **more: object
) -> tuple[Move, ...]:
    return tuple(Move(verb, source, target, actors, **more) for source in sources)  # type: ignore[arg-type]


_UNDER_WAY = (_S.DISPATCHED, _S.SIGNED, _S.IN_PROGRESS)

MOVES: tuple[Move, ...] = (
    Move(_V.ACCEPT, _S.SUBMITTED, _S.ACCEPTED, _DESK, notice="feedback.accepted"),
    Move(_V.REFUSE, _S.SUBMITTED, _S.NOT_ACCEPTED, _DESK, frozenset({_N.REASON}), "feedback.not_accepted"),
    *_each(
        _V.DISPATCH, (_S.SUBMITTED, _S.ACCEPTED, _S.RETURNED, _S.REOPENED), _S.DISPATCHED, _DESK,
        needs=frozenset({_N.UNIT}), notice="feedback.dispatched",
    ),
    Move(_V.SIGN, _S.DISPATCHED, _S.SIGNED, _UNIT),
    Move(_V.START, _S.SIGNED, _S.IN_PROGRESS, _UNIT),
    *_each(_V.REPLY, (_S.SIGNED, _S.IN_PROGRESS), _S.REPLIED, _UNIT, needs=frozenset({_N.TEXT}), notice="feedback.replied"),
    Move(_V.RATE, _S.REPLIED, _S.RATED, _OWNER, frozenset({_N.RATING})),
    Move(_V.CLOSE, _S.RATED, _S.CLOSED, frozenset({Actor.SYSTEM, Actor.CLERK}), notice="feedback.closed"),
    Move(_V.CLOSE, _S.REPLIED, _S.CLOSED, _DESK, frozenset({_N.REASON}), "feedback.closed"),
    *_each(
        _V.WITHDRAW, (_S.SUBMITTED, _S.ACCEPTED, *_UNDER_WAY, _S.RETURNED, _S.SUSPENDED, _S.REOPENED),
        _S.WITHDRAWN, _OWNER, needs=frozenset({_N.REASON}),
    ),
    # Defined here, without a door so far: reopening, returns, pauses and duplicates.
    *_each(_V.REOPEN, (_S.RATED, _S.CLOSED), _S.REOPENED, _OWNER, needs=frozenset({_N.TEXT}), open=False),
    *_each(_V.RETURN, (_S.DISPATCHED, _S.SIGNED), _S.RETURNED, _UNIT, needs=frozenset({_N.REASON}), open=False),
    *_each(
        _V.SUSPEND, (_S.SIGNED, _S.IN_PROGRESS), _S.SUSPENDED, frozenset({Actor.SUPERVISOR}),
        needs=frozenset({_N.REASON}), open=False,
    ),
    Move(_V.RESUME, _S.SUSPENDED, _S.IN_PROGRESS, frozenset({Actor.SUPERVISOR, Actor.SYSTEM}), open=False),
    *_each(
        _V.MERGE, (_S.SUBMITTED, _S.ACCEPTED, *_UNDER_WAY), _S.MERGED, _DESK, needs=frozenset({_N.TARGET}), open=False,
    ),
    Move(_V.UNMERGE, _S.MERGED, _S.ACCEPTED, _DESK, frozenset({_N.REASON}), open=False),
)  # fmt: skip

# Acts whose text the resident reads; a note to a unit is not for them.
TEXT_SHOWN = frozenset({Verb.SUBMIT, Verb.REFUSE, Verb.REPLY, Verb.WITHDRAW, Verb.CLOSE})
FINAL = frozenset({CaseState.NOT_ACCEPTED, CaseState.WITHDRAWN})
# The clock stands in these: the district has done its part, or the case is at rest.
AT_REST = frozenset(
    {
        CaseState.NOT_ACCEPTED, CaseState.REPLIED, CaseState.RATED, CaseState.CLOSED, CaseState.MERGED,
        CaseState.WITHDRAWN, CaseState.SUSPENDED,
    }
)  # fmt: skip
OPEN = frozenset(CaseState) - AT_REST


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_find(*, verb: Verb, source: CaseState, actor: Actor) -> Move:
    """Return the move that ``actor`` may make by ``verb`` from ``source``.  Raises MoveNotAllowed."""
    for move in MOVES:
        if move.open and move.verb == verb and move.source == source and actor in move.actors:
            return move
    raise MoveNotAllowed(f"{actor} {verb} {source}")


def verbs_open(*, source: CaseState, actors: frozenset[Actor]) -> tuple[Verb, ...]:
    """Return the verbs that have a door from ``source`` for anyone playing one of ``actors``, in table order."""
    found = [m.verb for m in MOVES if m.open and m.source == source and m.actors & actors]
    return tuple(dict.fromkeys(found))


def diagram() -> str:
    """Return the table as a Mermaid state diagram: the app's README holds it, a guard test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {CaseState.SUBMITTED}: {Verb.SUBMIT}"]
    lines += [
        f"    {move.source} --> {move.target}: {move.verb} ({', '.join(sorted(move.actors))})"
        for move in MOVES
    ]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL | {CaseState.CLOSED})]
    return "\n".join(lines)
