"""States of an import (导入批次), the moves between them, who makes them; and which imports need a second person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class BatchState(StrEnum):
    UPLOADED = "uploaded"  # the file is kept, nothing compared yet
    PREVIEWING = "previewing"
    PREVIEWED = "previewed"  # what it would do is written down line by line; nothing of it is done
    APPROVED = "approved"  # a second person agrees
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing of it was done: the file can not be read, or rows were changed meanwhile
    FAILED = "failed"  # nothing of it was done: the work broke off again and again
    DISCARDED = "discarded"
    UNDOING = "undoing"
    UNDONE = "undone"


class Verb(StrEnum):
    PREVIEW = "preview"
    PREVIEW_END = "preview_end"
    APPROVE = "approve"
    COMMIT = "commit"
    FINISH = "finish"
    REFUSE = "refuse"
    FAIL = "fail"
    DISCARD = "discard"
    EXPIRE = "expire"
    UNDO = "undo"
    UNDO_END = "undo_end"
    UNDO_REFUSE = "undo_refuse"


class Actor(StrEnum):
    MACHINE = "machine"
    PERSON = "person"
    SECOND = "second"  # another person than who uploaded the file


class Sort(StrEnum):
    """What an import does with a line."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Fate(StrEnum):
    """What else is to be said about a line once the import was tried or undone."""

    NONE = ""
    CONFLICT = "conflict"  # changed by someone between the preview and the import, or since the import
    KEPT = "kept"  # undone: the row that it made is in use and stays


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of an import."""

    source: BatchState
    verb: Verb
    target: BatchState
    actor: Actor


_S, _V, _A = BatchState, Verb, Actor
MOVES: tuple[Move, ...] = (
    Move(_S.UPLOADED, _V.PREVIEW, _S.PREVIEWING, _A.MACHINE),
    Move(_S.PREVIEWING, _V.PREVIEW_END, _S.PREVIEWED, _A.MACHINE),
    Move(_S.PREVIEWING, _V.REFUSE, _S.REFUSED, _A.MACHINE),
    Move(_S.PREVIEWING, _V.FAIL, _S.FAILED, _A.MACHINE),
    Move(_S.PREVIEWED, _V.APPROVE, _S.APPROVED, _A.SECOND),
    Move(_S.PREVIEWED, _V.COMMIT, _S.RUNNING, _A.PERSON),
    Move(_S.APPROVED, _V.COMMIT, _S.RUNNING, _A.PERSON),
    Move(_S.RUNNING, _V.FINISH, _S.DONE, _A.MACHINE),
    Move(_S.RUNNING, _V.REFUSE, _S.REFUSED, _A.MACHINE),
    Move(_S.RUNNING, _V.FAIL, _S.FAILED, _A.MACHINE),
    *(
        Move(source, verb, _S.DISCARDED, actor)
        for source in (_S.UPLOADED, _S.PREVIEWED, _S.APPROVED)
        for verb, actor in ((_V.DISCARD, _A.PERSON), (_V.EXPIRE, _A.MACHINE))
    ),
    Move(_S.DONE, _V.UNDO, _S.UNDOING, _A.PERSON),
    Move(_S.UNDOING, _V.UNDO_END, _S.UNDONE, _A.MACHINE),
    Move(_S.UNDOING, _V.UNDO_REFUSE, _S.DONE, _A.MACHINE),
)
FINAL = frozenset(BatchState) - {move.source for move in MOVES}
# A worker is at it, or must be.
WORKING = frozenset({_S.UPLOADED, _S.PREVIEWING, _S.RUNNING, _S.UNDOING})
# Waits for a person.
WAITING = frozenset({_S.PREVIEWED, _S.APPROVED})
# The rows stand as the import wrote them, or may.
WRITTEN = frozenset({_S.RUNNING, _S.DONE, _S.UNDOING, _S.UNDONE})

# A file is kept until the import is decided about, an undecided one so long.
UNDECIDED_KEPT = dt.timedelta(days=30)
# What it takes to undo an import is kept so long.
UNDO_KEPT = dt.timedelta(days=180)
# A preview of more lines than this, and the writing of them, is a worker's.
LINES_IN_REQUEST = 2_000
# Work that shows no progress for so long lost its worker: longer than the longest task (CELERY_TASK_TIME_LIMIT).
STUCK_AFTER = dt.timedelta(seconds=330)
# Work that broke off so often is given up.
ATTEMPTS_MOST = 3


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_target(*, source: BatchState, verb: Verb) -> BatchState:
    """Return the state that ``verb`` leads to from ``source``.  Raises MoveNotAllowed."""
    for move in MOVES:
        if move.source == source and move.verb == verb:
            return move.target
    raise MoveNotAllowed(f"{verb} {source}")


def verbs_open(*, source: BatchState) -> tuple[Verb, ...]:
    """Return what a person may do with an import in ``source``, in table order."""
    return tuple(move.verb for move in MOVES if move.source == source and move.actor is not Actor.MACHINE)


def second_person_needed(*, written: int, most: int, guarded_touched: Iterable[str]) -> bool:
    """Return whether another person must approve: more than ``most`` rows are written, or a guarded column is touched."""
    return written > most or bool(set(guarded_touched))


def rings(*, parents: dict[str, str | None], keys: Iterable[str]) -> set[str]:
    """Return those of ``keys`` whose way up through ``parents`` comes back to a row it passed."""
    found: set[str] = set()
    for key in keys:
        seen: set[str] = set()
        step: str | None = key
        while step is not None and step not in seen:
            seen.add(step)
            step = parents.get(step)
        if step is not None:
            found.add(key)
    return found


def diagram() -> str:
    """Return the table as a Mermaid state diagram: the README holds it, a guard test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.UPLOADED}"]
    pairs: dict[tuple[BatchState, BatchState], list[str]] = {}
    for move in MOVES:
        pairs.setdefault((move.source, move.target), []).append(f"{move.verb} ({move.actor})")
    lines += [f"    {source} --> {target}: {' / '.join(by)}" for (source, target), by in pairs.items()]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(lines)
