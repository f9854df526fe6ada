"""States of an article and the table of moves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.accounts.states import Role


class ArticleState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETRACTED = "retracted"


class Verb(StrEnum):
    PUBLISH = "publish"
    RETRACT = "retract"
    REVISE = "revise"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of an article; ``needs_reason`` where a text must be given."""

    verb: Verb
    source: ArticleState
    target: ArticleState
    roles: frozenset[Role]
    needs_reason: bool = False


_PUBLISHERS = frozenset({Role.EDITOR, Role.REVIEWER_FINAL})
MOVES: tuple[Move, ...] = (
    Move(Verb.PUBLISH, ArticleState.DRAFT, ArticleState.PUBLISHED, _PUBLISHERS),
    Move(Verb.RETRACT, ArticleState.PUBLISHED, ArticleState.RETRACTED, _PUBLISHERS, needs_reason=True),
    Move(Verb.REVISE, ArticleState.RETRACTED, ArticleState.DRAFT, _PUBLISHERS),
)


_WRITERS = _PUBLISHERS | {Role.REVIEWER_FIRST, Role.REVIEWER_SECOND}
# Who may change the text in a state: what the public reads only by those who may publish.
WRITERS: dict[ArticleState, frozenset[Role]] = {
    ArticleState.DRAFT: _WRITERS,
    ArticleState.PUBLISHED: _PUBLISHERS,
    ArticleState.RETRACTED: frozenset(),
}


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_find(*, verb: Verb, source: ArticleState, roles: frozenset[Role]) -> Move:
    """Return the move that someone of ``roles`` may make by ``verb`` from ``source``.  Raises MoveNotAllowed."""
    for move in MOVES:
        if move.verb == verb and move.source == source and roles & move.roles:
            return move
    raise MoveNotAllowed(f"{verb} {source}")


def verbs_open(*, source: ArticleState, roles: frozenset[Role]) -> tuple[Verb, ...]:
    """Return the verbs open from ``source`` for someone of ``roles``."""
    return tuple(m.verb for m in MOVES if m.source == source and roles & m.roles)


def diagram() -> str:
    """Return the table as a Mermaid state diagram: the app's README holds it, a guard test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {ArticleState.DRAFT}"]
    lines += [f"    {m.source} --> {m.target}: {m.verb} ({', '.join(sorted(m.roles))})" for m in MOVES]
    return "\n".join(lines)
