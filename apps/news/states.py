"""States of an article, of a publication, and the table of moves: three reviews before anything is published.

Source of the three reviews (三审三校) and of their six points: rules of content review of district media centres; one
person may not do two of the stages.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from apps.accounts.states import Role


class ArticleState(StrEnum):
    """Where the *work* on an article stands; what the public reads is told by its publications and the time."""

    DRAFT = "draft"
    FIRST_REVIEW = "first_review"  # 初审
    SECOND_REVIEW = "second_review"  # 复审
    FINAL_REVIEW = "final_review"  # 终审
    APPROVED = "approved"  # 待发布
    PUBLISHED = "published"
    RETRACTED = "retracted"  # 撤稿


class PublicationState(StrEnum):
    """Where a publication stands at a moment."""

    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"


class Stage(StrEnum):
    FIRST = "first"
    SECOND = "second"
    FINAL = "final"


class Decision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"


class Point(StrEnum):
    """The six points (六关) that each review answers for."""

    POLITICS = "politics"
    LAW = "law"
    POLICY = "policy"
    SECRECY = "secrecy"
    WORDING = "wording"
    OPINION = "opinion"


class FindingKind(StrEnum):
    WORD = "word"
    PERSONAL = "personal"
    ALT = "alt"
    WECHAT = "wechat"
    ATTACHMENT = "attachment"


class FindingLevel(StrEnum):
    WARN = "warn"
    BLOCK = "block"


class Verb(StrEnum):
    SUBMIT = "submit"
    SIGN = "sign"
    RETURN = "return"
    WITHDRAW = "withdraw"
    PUBLISH = "publish"
    RETRACT = "retract"
    REVISE = "revise"


class Act(StrEnum):
    """What is written down beside the moves: none of these changes the state by itself."""

    VOID = "void"  # a changed byte voided the signatures
    WAIVE = "waive"
    PROOF = "proof"
    RESCHEDULE = "reschedule"
    PIN = "pin"
    UNPIN = "unpin"


ALL_LEVELS = frozenset({1, 2, 3})
# How many reviews a column asks for, and which.
STAGES: dict[int, tuple[Stage, ...]] = {
    1: (Stage.FINAL,),
    2: (Stage.FIRST, Stage.FINAL),
    3: (Stage.FIRST, Stage.SECOND, Stage.FINAL),
}
STAGE_OF: dict[ArticleState, Stage] = {
    ArticleState.FIRST_REVIEW: Stage.FIRST,
    ArticleState.SECOND_REVIEW: Stage.SECOND,
    ArticleState.FINAL_REVIEW: Stage.FINAL,
}
IN_REVIEW = frozenset(STAGE_OF)


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step of an article.

    ``levels``        the numbers of reviews for which the step leads there
    ``needs_reason``  a text must be given
    """

    verb: Verb
    source: ArticleState
    target: ArticleState
    roles: frozenset[Role]
    needs_reason: bool = False
    levels: frozenset[int] = ALL_LEVELS


_S, _V = ArticleState, Verb
EDITORS = frozenset({Role.EDITOR})
_FIRST, _SECOND = frozenset({Role.REVIEWER_FIRST}), frozenset({Role.REVIEWER_SECOND})
FINALS = frozenset({Role.REVIEWER_FINAL})
_RELEASERS = EDITORS | FINALS
RETRACTORS = _SECOND | FINALS
_ONE, _TWO, _THREE = frozenset({1}), frozenset({2}), frozenset({3})
MOVES: tuple[Move, ...] = (
    Move(_V.SUBMIT, _S.DRAFT, _S.FIRST_REVIEW, EDITORS, levels=_TWO | _THREE),
    Move(_V.SUBMIT, _S.DRAFT, _S.FINAL_REVIEW, EDITORS, levels=_ONE),
    Move(_V.SIGN, _S.FIRST_REVIEW, _S.SECOND_REVIEW, _FIRST, levels=_THREE),
    Move(_V.SIGN, _S.FIRST_REVIEW, _S.FINAL_REVIEW, _FIRST, levels=_TWO),
    Move(_V.SIGN, _S.SECOND_REVIEW, _S.FINAL_REVIEW, _SECOND, levels=_THREE),
    Move(_V.SIGN, _S.FINAL_REVIEW, _S.APPROVED, FINALS),
    Move(_V.RETURN, _S.FIRST_REVIEW, _S.DRAFT, _FIRST, needs_reason=True),
    Move(_V.RETURN, _S.SECOND_REVIEW, _S.DRAFT, _SECOND, needs_reason=True),
    Move(_V.RETURN, _S.FINAL_REVIEW, _S.DRAFT, FINALS, needs_reason=True),
    Move(_V.RETURN, _S.APPROVED, _S.DRAFT, FINALS, needs_reason=True),
    Move(_V.WITHDRAW, _S.FIRST_REVIEW, _S.DRAFT, EDITORS),
    Move(_V.WITHDRAW, _S.SECOND_REVIEW, _S.DRAFT, EDITORS),
    Move(_V.WITHDRAW, _S.FINAL_REVIEW, _S.DRAFT, EDITORS),
    Move(_V.WITHDRAW, _S.APPROVED, _S.DRAFT, EDITORS),
    Move(_V.PUBLISH, _S.APPROVED, _S.PUBLISHED, _RELEASERS),
    Move(_V.REVISE, _S.PUBLISHED, _S.DRAFT, EDITORS),
    Move(_V.REVISE, _S.RETRACTED, _S.DRAFT, EDITORS),
    Move(_V.RETRACT, _S.PUBLISHED, _S.RETRACTED, RETRACTORS, needs_reason=True),
    # A new revision is on its way while the old one is public: what is public goes, the work goes on.
    Move(_V.RETRACT, _S.DRAFT, _S.DRAFT, RETRACTORS, needs_reason=True),
    Move(_V.RETRACT, _S.FIRST_REVIEW, _S.FIRST_REVIEW, RETRACTORS, needs_reason=True),
    Move(_V.RETRACT, _S.SECOND_REVIEW, _S.SECOND_REVIEW, RETRACTORS, needs_reason=True),
    Move(_V.RETRACT, _S.FINAL_REVIEW, _S.FINAL_REVIEW, RETRACTORS, needs_reason=True),
    Move(_V.RETRACT, _S.APPROVED, _S.APPROVED, RETRACTORS, needs_reason=True),
)

_REVIEWERS = _FIRST | _SECOND | FINALS
# Who may change the text in a state.  In review a change voids every signature and makes its writer an author.
WRITERS: dict[ArticleState, frozenset[Role]] = {
    _S.DRAFT: EDITORS | _REVIEWERS,
    _S.FIRST_REVIEW: EDITORS | _REVIEWERS,
    _S.SECOND_REVIEW: EDITORS | _REVIEWERS,
    _S.FINAL_REVIEW: EDITORS | _REVIEWERS,
    _S.APPROVED: frozenset(),
    _S.PUBLISHED: frozenset(),
    _S.RETRACTED: frozenset(),
}


class MoveNotAllowed(Exception):
    """The table has no such move."""


def move_find(*, verb: Verb, source: ArticleState, roles: frozenset[Role], levels: int) -> Move:
    """Return the move that someone of ``roles`` may make by ``verb`` from ``source``.

    ``levels``  the reviews that the column asks for, 1 to 3
    Raises MoveNotAllowed.
    """
    for move in MOVES:
        if move.verb == verb and move.source == source and levels in move.levels and roles & move.roles:
            return move
    raise MoveNotAllowed(f"{verb} {source}")


def verbs_open(*, source: ArticleState, roles: frozenset[Role]) -> tuple[Verb, ...]:
    """Return the verbs open from ``source`` for someone of ``roles``, each once, in the order of the table."""
    return tuple(dict.fromkeys(m.verb for m in MOVES if m.source == source and roles & m.roles))


def state_before_signatures(*, levels: int) -> ArticleState:
    """Return where a round begins, and where it goes back to when a changed byte voids its signatures."""
    first = STAGES[levels][0]
    return next(state for state, stage in STAGE_OF.items() if stage is first)


def is_visible(*, go_live_at: dt.datetime, ends_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Return whether the public reads a publication at ``now``: a matter of time alone, no job has to run."""
    return go_live_at <= now and (ends_at is None or now < ends_at)


def publication_state(
    *,
    go_live_at: dt.datetime,
    expire_at: dt.datetime | None,
    superseded_at: dt.datetime | None,
    retracted_at: dt.datetime | None,
    now: dt.datetime,
) -> PublicationState:
    """Return where a publication stands at ``now``; of several ends the earliest counts, a retraction before all."""
    if retracted_at is not None and retracted_at <= now:
        return PublicationState.RETRACTED
    ends = [
        (at, state)
        for at, state in (
            (expire_at, PublicationState.EXPIRED), (superseded_at, PublicationState.SUPERSEDED),
        )
        if at is not None and at <= now
    ]  # fmt: skip
    if ends:
        return min(ends)[1]
    return PublicationState.SCHEDULED if now < go_live_at else PublicationState.PUBLISHED


def diagram() -> str:
    """Return the table as a Mermaid state diagram: the app's README holds it, a guard test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {ArticleState.DRAFT}"]
    for move in MOVES:
        if move.source is move.target:
            continue  # a retraction beside the work: one sentence of the README says it
        levels = (
            "" if move.levels == ALL_LEVELS else f", {'/'.join(str(n) for n in sorted(move.levels))} reviews"
        )
        lines.append(
            f"    {move.source} --> {move.target}: {move.verb} ({', '.join(sorted(move.roles))}{levels})"
        )
    return "\n".join(lines)
