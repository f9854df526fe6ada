"""States of an entry of the public board (公示), the table of moves, and the pure rules about what may stand there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.accounts.states import Role
from apps.feedback.states import JOINABLE, CaseState, RequestType


class BoardState(StrEnum):
    PROPOSED = "proposed"  # 待审核
    PUBLISHED = "published"
    REJECTED = "rejected"
    TAKEN_DOWN = "taken_down"  # 撤下


class BoardVerb(StrEnum):
    PROPOSE = "propose"
    SAVE = "save"
    PUBLISH = "publish"
    REJECT = "reject"
    TAKE_DOWN = "take_down"


class Place(StrEnum):
    """How exactly an entry's point is shown."""

    NONE = "none"
    CELL = "cell"  # the centre of a cell of 250 m: homes
    EXACT = "exact"  # a public facility


@dataclass(frozen=True, slots=True)
class BoardMove:
    """One allowed step of an entry; ``needs_reason`` where a text must be given; ``by_system`` also without a person."""

    verb: BoardVerb
    source: BoardState
    target: BoardState
    roles: frozenset[Role]
    needs_reason: bool = False
    by_system: bool = False


# A person looks at each publication, whoever proposed it (PIPL 25, NDS 12).
MODERATORS = frozenset({Role.INTAKE_CLERK, Role.DESK_HEAD})
_S, _V = BoardState, BoardVerb
BOARD_MOVES: tuple[BoardMove, ...] = (
    BoardMove(_V.SAVE, _S.PROPOSED, _S.PROPOSED, MODERATORS),
    BoardMove(_V.PUBLISH, _S.PROPOSED, _S.PUBLISHED, MODERATORS),
    BoardMove(_V.REJECT, _S.PROPOSED, _S.REJECTED, MODERATORS, needs_reason=True, by_system=True),
    BoardMove(_V.SAVE, _S.PUBLISHED, _S.PUBLISHED, MODERATORS),
    BoardMove(_V.TAKE_DOWN, _S.PUBLISHED, _S.TAKEN_DOWN, MODERATORS, needs_reason=True, by_system=True),
    # Made anew from the case, so that an old answer never comes back.
    BoardMove(_V.PROPOSE, _S.REJECTED, _S.PROPOSED, MODERATORS),
    BoardMove(_V.PROPOSE, _S.TAKEN_DOWN, _S.PROPOSED, MODERATORS),
)
# What was answered may be shown.
PUBLISHABLE = frozenset({CaseState.REPLIED, CaseState.RATED, CaseState.CLOSED})
# What can be followed before it is published: what a further report could join, and what was joined already.
OFFERABLE = JOINABLE | {CaseState.MERGED}
# Who reports wrongdoing must not be found out (信访工作条例): such a case is never shown and never offered.
NEVER_SHOWN = frozenset({RequestType.REPORT})
# Groups of categories about facilities that anyone can see: 市政设施, 交通出行, 园林水务.  All others may be about a home.
FACILITY_GROUPS = frozenset({"02", "03", "13"})
MAX_FOLLOWS = 200


class BoardMoveNotAllowed(Exception):
    """The table has no such move."""


def board_move_find(*, verb: BoardVerb, source: BoardState, roles: frozenset[Role] | None) -> BoardMove:
    """Return the move that someone of ``roles``, or the system (None), may make.  Raises BoardMoveNotAllowed."""
    for move in BOARD_MOVES:
        allowed = move.by_system if roles is None else bool(roles & move.roles)
        if move.verb == verb and move.source == source and allowed:
            return move
    raise BoardMoveNotAllowed(f"{verb} {source}")


def board_verbs_open(*, source: BoardState, roles: frozenset[Role]) -> tuple[BoardVerb, ...]:
    """Return the verbs open from ``source`` for someone of ``roles``, in table order."""
    return tuple(m.verb for m in BOARD_MOVES if m.source == source and roles & m.roles)


def place_of(*, group: str | None, has_point: bool) -> Place:
    """Return how exactly a case of a category in ``group`` may be shown on the map."""
    if not has_point:
        return Place.NONE
    return Place.EXACT if group in FACILITY_GROUPS else Place.CELL
