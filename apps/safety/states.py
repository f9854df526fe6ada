"""States of a content check (内容安全检测), the moves between them, and the words around them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class CheckState(StrEnum):
    PENDING = "pending"  # to be asked at ``due_at``
    ASKED = "asked"  # a picture: WeChat works on it and will push what it finds
    PASSED = "passed"  # nothing was found
    REVIEW = "review"  # a person must look: a word of ours, WeChat's doubt, or nobody could tell
    RISKY = "risky"  # WeChat says no; a person decides
    CLEARED = "cleared"  # a person says that it may be shown
    CONFIRMED = "confirmed"  # a person says that it may not be shown


class Verb(StrEnum):
    ASK = "ask"
    REPEAT = "repeat"
    PASS = "pass"  # noqa: S105 - a verdict
    DOUBT = "doubt"
    RISK = "risk"
    CLEAR = "clear"
    CONFIRM = "confirm"


class Actor(StrEnum):
    MACHINE = "machine"
    PERSON = "person"


class Source(StrEnum):
    """Whose word the present state is."""

    WORDS = "words"
    WECHAT = "wechat"
    HUMAN = "human"
    SYSTEM = "system"  # nobody's: no verdict came, or there was nothing to ask about


class Reason(StrEnum):
    """Why a person must look."""

    WORD = "word"  # a word of our own lists
    WECHAT = "wechat"  # WeChat's verdict
    NOT_VISITED = "not_visited"  # WeChat checks only for residents who were there within two hours (61010)
    UNAVAILABLE = (
        "unavailable"  # no answer in time: an outage, a limit, or a picture that could not be fetched
    )
    MISSING = "missing"  # what was to be checked can no longer be read


class Scene(IntEnum):
    """Where the content would be seen, in WeChat's numbers."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL = 4


class Level(StrEnum):
    """How heavy a word of a list weighs."""

    WARN = "warn"  # counts when WeChat can not be asked
    BLOCK = "block"  # a person looks at the text whatever WeChat says


class Category(StrEnum):
    WRONG = "wrong"  # a wrong word; the suggestion is the right one
    SENSITIVE = "sensitive"
    ADVERTISEMENT = "advertisement"
    ABUSE = "abuse"
    FRAUD = "fraud"
    OTHER = "other"


class Purpose(StrEnum):
    """Which texts a list is for."""

    RESIDENT_TEXTS = "resident_texts"
    NEWS = "news"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of a check."""

    source: CheckState
    verb: Verb
    target: CheckState
    actor: Actor = Actor.MACHINE


_S, _V = CheckState, Verb
MOVES: tuple[Move, ...] = (
    Move(_S.PENDING, _V.ASK, _S.ASKED),
    Move(_S.ASKED, _V.REPEAT, _S.PENDING),
    *(
        Move(source, verb, target)
        # An answer to the first question may come while the second one waits.
        for source in (_S.PENDING, _S.ASKED)
        for verb, target in ((_V.PASS, _S.PASSED), (_V.DOUBT, _S.REVIEW), (_V.RISK, _S.RISKY))
    ),
    *(
        Move(source, verb, target, Actor.PERSON)
        # Who has read it need not wait for a machine.
        for source in (_S.PENDING, _S.ASKED, _S.REVIEW, _S.RISKY)
        for verb, target in ((_V.CLEAR, _S.CLEARED), (_V.CONFIRM, _S.CONFIRMED))
    ),
)
FINAL = frozenset(CheckState) - {move.source for move in MOVES}
# A person is asked to look.
WAITING = frozenset({_S.REVIEW, _S.RISKY})
# Nobody has said yet that it may be shown, or somebody has said that it may not.
CLOSED_TO_THE_PUBLIC = frozenset(CheckState) - {_S.PASSED, _S.CLEARED}
DECIDED = frozenset({_S.CLEARED, _S.CONFIRMED})

# WeChat is asked so often in all: once more when no answer came, whatever the cause.
MAX_ATTEMPTS = 2
RETRY_AFTER = dt.timedelta(seconds=30)
# A question in flight: longer than the slowest batch, so that it is asked again only when its worker died.
CLAIM = dt.timedelta(seconds=60)
# WeChat promises the verdict on a picture within this time.
VERDICT_WITHIN = dt.timedelta(minutes=30)


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_target(*, source: CheckState, verb: Verb, actor: Actor = Actor.MACHINE) -> CheckState:
    """Return the state that ``verb`` leads to from ``source``.  Raises MoveNotAllowed."""
    for move in MOVES:
        if move.source == source and move.verb == verb and move.actor == actor:
            return move.target
    raise MoveNotAllowed(f"{actor} {verb} {source}")


def verbs_open(*, source: CheckState) -> tuple[Verb, ...]:
    """Return what a person may decide about a check in ``source``, in table order."""
    return tuple(move.verb for move in MOVES if move.source == source and move.actor is Actor.PERSON)


def diagram() -> str:
    """Return the table as a Mermaid state diagram: the README holds it, a guard test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.PENDING}", f"    [*] --> {_S.REVIEW}: a word of ours"]
    pairs: dict[tuple[CheckState, CheckState], list[str]] = {}
    for move in MOVES:
        pairs.setdefault((move.source, move.target), []).append(f"{move.verb} ({move.actor})")
    lines += [f"    {source} --> {target}: {' / '.join(by)}" for (source, target), by in pairs.items()]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(lines)
