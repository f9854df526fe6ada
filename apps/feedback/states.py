"""States of a case (诉求), the table of moves, and the pure rules about them.  Source: rules.md of the field, 2.5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RequestType(StrEnum):
    CONSULTATION = "consultation"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


class Urgency(StrEnum):
    """How much a delay costs; staff set it, the deadline follows it."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


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
    MERGED = "merged"  # 并案
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"  # 退单
    SUSPENDED = "suspended"  # 中止计时


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
    ARBITRATE = "arbitrate"  # 裁定
    SUSPEND = "suspend"
    RESUME = "resume"
    ASK = "ask"  # 向居民询问
    ANSWER = "answer"
    MERGE = "merge"
    UNMERGE = "unmerge"
    # Acts that leave the state as it is.
    SUPPLEMENT = "supplement"  # 补充
    NUDGE = "nudge"  # 催办
    CONTACT = "contact"  # 首次联系
    CONTRIBUTE = "contribute"  # 协办意见
    EXTEND_ASK = "extend_ask"  # 申请延期
    EXTEND_GRANT = "extend_grant"
    EXTEND_DENY = "extend_deny"
    SUPERVISE = "supervise"  # 督办
    CLASSIFY = "classify"  # 更正分类和紧急程度
    SPLIT = "split"  # 拆分
    RECLOCK = "reclock"  # 日历变更后重算时限


class Actor(StrEnum):
    """Who acts on a case: a part that a person plays towards it, not a group."""

    RESIDENT = "resident"
    CLERK = "clerk"
    DESK_HEAD = "desk_head"  # 受理中心负责人
    HANDLER = "handler"
    CO_HANDLER = "co_handler"  # 协办单位
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


class Need(StrEnum):
    """What must be given with a move."""

    REASON = "reason"
    CHANNEL = "channel"  # where the matter belongs instead
    UNIT = "unit"
    TEXT = "text"
    EVIDENCE = "evidence"  # what the category's closing checklist asks for
    RATING = "rating"
    TARGET = "target"
    CLAUSE = "clause"  # the line of the duty list that a return rests on
    WORKDAYS = "workdays"


class Evidence(StrEnum):
    """What a closing checklist (办结要件) can ask for."""

    CONTACT = "contact"  # the resident was contacted
    PHOTO_BEFORE = "photo_before"
    PHOTO_AFTER = "photo_after"
    DOCUMENT = "document"  # the number of a decision or a work record


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a case: who may take it from where to where, what it takes, who hears of it.

    ``needs``    what must be given
    ``notice``   key of the notice kind that the resident gets
    """

    verb: Verb
    source: CaseState
    target: CaseState
    actors: frozenset[Actor]
    needs: frozenset[Need] = frozenset()
    notice: str | None = None


_DESK = frozenset({Actor.CLERK})
_HEAD = frozenset({Actor.DESK_HEAD})
_UNIT = frozenset({Actor.HANDLER})
_CO = frozenset({Actor.CO_HANDLER})
_CHIEFS = frozenset({Actor.SUPERVISOR, Actor.DESK_HEAD})
_OWNER = frozenset({Actor.RESIDENT})
_SYSTEM = frozenset({Actor.SYSTEM})
_S, _V, _N = CaseState, Verb, Need


def _each(
    verb: Verb, sources: tuple[CaseState, ...], target: CaseState, actors: frozenset[Actor], **more: Any
) -> tuple[Move, ...]:
    return tuple(Move(verb, source, target, actors, **more) for source in sources)


def _stay(
    verb: Verb, states: tuple[CaseState, ...], actors: frozenset[Actor], **more: Any
) -> tuple[Move, ...]:
    return tuple(Move(verb, state, state, actors, **more) for state in states)


_BEFORE_UNIT = (_S.SUBMITTED, _S.ACCEPTED, _S.RETURNED, _S.REOPENED)
_IN_HAND = (_S.SIGNED, _S.IN_PROGRESS)
_UNDER_WAY = (_S.DISPATCHED, *_IN_HAND)
_UNANSWERED = (*_BEFORE_UNIT, *_UNDER_WAY, _S.SUSPENDED)

MOVES: tuple[Move, ...] = (
    # The main line: 受理 → 派单 → 签收 → 办理 → 答复 → 评价 → 办结.
    Move(_V.ACCEPT, _S.SUBMITTED, _S.ACCEPTED, _DESK, notice="feedback.accepted"),
    Move(_V.REFUSE, _S.SUBMITTED, _S.NOT_ACCEPTED, _DESK, frozenset({_N.REASON, _N.CHANNEL}), "feedback.not_accepted"),
    *_each(
        _V.DISPATCH, _BEFORE_UNIT, _S.DISPATCHED, _DESK | _SYSTEM,
        needs=frozenset({_N.UNIT}), notice="feedback.dispatched",
    ),
    Move(_V.SIGN, _S.DISPATCHED, _S.SIGNED, _UNIT),
    Move(_V.START, _S.SIGNED, _S.IN_PROGRESS, _UNIT),
    *_each(
        _V.REPLY, _IN_HAND, _S.REPLIED, _UNIT, needs=frozenset({_N.TEXT, _N.EVIDENCE}), notice="feedback.replied",
    ),
    # One reply to the master of an incident reaches everyone who reported it.
    Move(_V.REPLY, _S.MERGED, _S.REPLIED, _SYSTEM, frozenset({_N.TEXT}), "feedback.replied"),
    Move(_V.RATE, _S.REPLIED, _S.RATED, _OWNER | _DESK, frozenset({_N.RATING})),
    Move(_V.CLOSE, _S.RATED, _S.CLOSED, _DESK | _SYSTEM, notice="feedback.closed"),
    Move(_V.CLOSE, _S.REPLIED, _S.CLOSED, _DESK, frozenset({_N.REASON}), "feedback.closed"),
    *_each(_V.REOPEN, (_S.RATED, _S.CLOSED), _S.REOPENED, _OWNER, needs=frozenset({_N.TEXT})),
    *_each(_V.WITHDRAW, (*_UNANSWERED, _S.MERGED), _S.WITHDRAWN, _OWNER | _SYSTEM, needs=frozenset({_N.REASON})),
    # Wrong unit: return (退单) with its clause; past the hop budget only a ruling sends it on.
    *_each(
        _V.RETURN, (_S.DISPATCHED, _S.SIGNED), _S.RETURNED, _UNIT, needs=frozenset({_N.REASON, _N.CLAUSE}),
    ),
    Move(
        _V.ARBITRATE, _S.RETURNED, _S.DISPATCHED, _HEAD, frozenset({_N.UNIT, _N.REASON}), "feedback.dispatched",
    ),
    # The clock stands: waiting for the resident, or for something outside of the unit's reach.
    *_each(_V.ASK, _IN_HAND, _S.SUSPENDED, _UNIT, needs=frozenset({_N.TEXT}), notice="feedback.asked"),
    Move(_V.ANSWER, _S.SUSPENDED, _S.IN_PROGRESS, _OWNER, frozenset({_N.TEXT})),
    *_each(
        _V.SUSPEND, _IN_HAND, _S.SUSPENDED, _CHIEFS, needs=frozenset({_N.REASON}), notice="feedback.suspended",
    ),
    Move(_V.RESUME, _S.SUSPENDED, _S.IN_PROGRESS, _CHIEFS | _UNIT | _SYSTEM, notice="feedback.resumed"),
    # Duplicates of one event.
    *_each(
        _V.MERGE, (_S.SUBMITTED, _S.ACCEPTED, _S.REOPENED, _S.RETURNED, *_UNDER_WAY), _S.MERGED, _DESK,
        needs=frozenset({_N.TARGET}), notice="feedback.merged",
    ),
    Move(_V.UNMERGE, _S.MERGED, _S.ACCEPTED, _DESK | _SYSTEM, frozenset({_N.REASON}), "feedback.unmerged"),
    # Acts that leave the state as it is.
    *_stay(_V.SUPPLEMENT, (*_UNANSWERED, _S.MERGED), _OWNER, needs=frozenset({_N.TEXT})),
    *_stay(_V.NUDGE, (*_BEFORE_UNIT, *_UNDER_WAY, _S.MERGED), _OWNER),
    *_stay(_V.CONTACT, _UNDER_WAY, _UNIT, needs=frozenset({_N.TEXT})),
    *_stay(_V.CONTRIBUTE, _UNDER_WAY, _CO, needs=frozenset({_N.TEXT})),
    *_stay(_V.EXTEND_ASK, _IN_HAND, _UNIT, needs=frozenset({_N.REASON, _N.WORKDAYS})),
    *_stay(_V.EXTEND_GRANT, _IN_HAND, _CHIEFS, notice="feedback.extended"),
    *_stay(_V.EXTEND_DENY, _IN_HAND, _CHIEFS, needs=frozenset({_N.REASON})),
    *_stay(_V.SUPERVISE, (*_BEFORE_UNIT, *_UNDER_WAY), _CHIEFS, needs=frozenset({_N.TEXT})),
    *_stay(_V.CLASSIFY, (*_BEFORE_UNIT, *_UNDER_WAY), _DESK),
    *_stay(_V.SPLIT, _UNDER_WAY, _DESK, needs=frozenset({_N.UNIT, _N.TEXT})),
    *_stay(_V.RECLOCK, (*_UNANSWERED, _S.MERGED), _SYSTEM, notice="feedback.reclocked"),
)  # fmt: skip

# Acts whose text the resident reads; a note to a unit, a return or an opinion of another unit is not for them.
TEXT_SHOWN = frozenset(
    {
        Verb.SUBMIT, Verb.REFUSE, Verb.REPLY, Verb.WITHDRAW, Verb.CLOSE, Verb.SUPPLEMENT, Verb.NUDGE, Verb.ASK,
        Verb.ANSWER, Verb.REOPEN, Verb.SUSPEND, Verb.CONTACT, Verb.RECLOCK,
    }
)  # fmt: skip
# Acts between units that the resident does not see at all.
INTERNAL = frozenset(
    {
        Verb.CONTRIBUTE, Verb.EXTEND_ASK, Verb.EXTEND_DENY, Verb.SUPERVISE, Verb.CLASSIFY, Verb.SPLIT,
    }
)  # fmt: skip
FINAL = frozenset({CaseState.NOT_ACCEPTED, CaseState.WITHDRAWN})
# The district has done its part: the answer stands, or there is nothing to answer any more.
SETTLED = frozenset(
    {
        CaseState.NOT_ACCEPTED, CaseState.REPLIED, CaseState.RATED, CaseState.CLOSED, CaseState.WITHDRAWN,
    }
)  # fmt: skip
# The clock stands in these.  That of a merged case runs on: its reporter was promised a day as well.
AT_REST = SETTLED | {CaseState.SUSPENDED}
OPEN = frozenset(CaseState) - AT_REST
# A further report can join a case in these.
JOINABLE = frozenset({*_BEFORE_UNIT, *_UNDER_WAY, CaseState.SUSPENDED})
MAX_REOPENS = 2
# Order in a queue before the deadline's.
RANK_SUPERVISED, RANK_NUDGED, RANK_NORMAL = 0, 1, 2


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_find(*, verb: Verb, source: CaseState, actor: Actor) -> Move:
    """Return the move that ``actor`` may make by ``verb`` from ``source``.  Raises MoveNotAllowed."""
    for move in MOVES:
        if move.verb == verb and move.source == source and actor in move.actors:
            return move
    raise MoveNotAllowed(f"{actor} {verb} {source}")


def verbs_open(*, source: CaseState, actors: frozenset[Actor]) -> tuple[Verb, ...]:
    """Return the verbs open from ``source`` to anyone playing one of ``actors``, in table order."""
    found = [m.verb for m in MOVES if m.source == source and m.actors & actors]
    return tuple(dict.fromkeys(found))


def diagram() -> str:
    """Return the moves between states as a Mermaid state diagram: the README holds it, a guard test compares.

    Acts that leave the state as it is stand in ``MOVES`` only.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {CaseState.SUBMITTED}: {Verb.SUBMIT}"]
    pairs: dict[tuple[CaseState, CaseState], list[str]] = {}
    for move in MOVES:
        if move.source != move.target:
            pairs.setdefault((move.source, move.target), []).append(
                f"{move.verb} ({', '.join(sorted(move.actors))})"
            )
    lines += [f"    {source} --> {target}: {' / '.join(by)}" for (source, target), by in pairs.items()]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL | {CaseState.CLOSED})]
    return "\n".join(lines)
