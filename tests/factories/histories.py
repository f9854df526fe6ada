"""Cases with histories written straight into the tables: any walk through the moves, at any moments, with ratings."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.accounts.models import Department, Staff
from apps.common.ids import uuid7
from apps.feedback.models import Case, Rating, TimelineEntry
from apps.feedback.numbers import number_next
from apps.feedback.states import MAX_REOPENS, MOVES, SETTLED, Actor, CaseState, Move, RequestType, Verb

CATEGORIES = ("0201", "0101", "0301", None)
STREETS = ("420107003", "420107001", None)
UNITS = ("CG", "SW", "JY")
# How readily a walk takes an act: the main line often, what ends a case or leaves it as it is seldom.
_WEIGHT = {
    Verb.DISPATCH: 9, Verb.ARBITRATE: 9, Verb.SIGN: 6, Verb.REPLY: 6, Verb.RATE: 9, Verb.REOPEN: 5, Verb.RETURN: 4,
    Verb.WITHDRAW: 0.2, Verb.REFUSE: 0.3, Verb.MERGE: 0.4, Verb.CLOSE: 2,
}  # fmt: skip
_NEW_DEADLINE = {Verb.ANSWER, Verb.RESUME, Verb.EXTEND_GRANT, Verb.RECLOCK, Verb.REOPEN}


@dataclass
class Walk:
    """A case on its way: what it is like now and what has been done."""

    rng: random.Random
    case: Case
    units: list[Department]
    at: dt.datetime
    staff: Staff | None = None
    entries: list[TimelineEntry] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)

    def act(self, move: Move, *, at: dt.datetime, **values: Any) -> TimelineEntry:
        """Do one act and append it."""
        case, details = self.case, {}
        before = case.unit
        if move.verb in (Verb.DISPATCH, Verb.ARBITRATE):
            case.unit = values.get("unit") or self.rng.choice(self.units)
            due = values.get("contact_due_at") or at + dt.timedelta(hours=self.rng.choice((2, 20, 50)))
            details = {"contact_due_at": due.isoformat()}
        if move.verb in _NEW_DEADLINE and case.due_at is not None:
            case.due_at = values.get("due_at") or at + dt.timedelta(hours=self.rng.randint(1, 120))
        if move.verb is Verb.CLASSIFY:
            case.category_id = self.rng.choice(CATEGORIES)
        case.reopens += move.verb is Verb.REOPEN
        case.hops += move.verb is Verb.RETURN
        case.state = move.target.value
        case.settled_at = at if move.target in SETTLED and case.settled_at is None else case.settled_at
        if move.target not in SETTLED:
            case.settled_at = None
        shown = case.unit if Actor.HANDLER in move.actors and move.verb is not Verb.RETURN else None
        entry = TimelineEntry(
            case=case, at=at, verb=move.verb.value, source=move.source.value, target=move.target.value,
            actor=sorted(move.actors)[0].value, unit=before if move.verb is Verb.RETURN else shown, lead=case.unit,
            category_id=case.category_id, due_at=case.due_at, details=details,
        )  # fmt: skip
        self.entries.append(entry)
        self.at = at
        if move.verb is Verb.RATE:
            reply = [one for one in self.entries if one.verb == Verb.REPLY.value][-1]
            self.ratings.append(
                Rating(
                    case=case, reply=reply, resolved=values.get("resolved", self.rng.random() < 0.7), at=at,
                    satisfaction=values.get("satisfaction", self.rng.randint(1, 5)),
                    called_by=values.get("called_by", self.rng.choice((None, self.staff))),
                )
            )  # fmt: skip
        return entry


def walk_begin(
    resident_id: UUID, *, at: dt.datetime, seed: int = 0, due_at: dt.datetime | None = None, **values: Any
) -> Walk:
    """Return a case that was handed in at ``at``, not written yet."""
    rng = random.Random(seed)
    case = Case(
        id=uuid7(), number=number_next(on=at.date()), resident_id=resident_id, text="路灯不亮。", submitted_at=at,
        updated_at=at, clock_from=at, due_at=due_at,
        **{"request_type": RequestType.HELP.value, "category_id": "0201", "street_id": "420107003", "identity": "named", **values},
    )  # fmt: skip
    walk = Walk(rng, case, list(Department.objects.filter(code__in=UNITS).order_by("code")), at)
    walk.entries.append(
        TimelineEntry(
            case=case, at=at, verb=Verb.SUBMIT.value, target=CaseState.SUBMITTED.value, actor="resident",
            category_id=case.category_id, due_at=case.due_at,
        )
    )  # fmt: skip
    return walk


def walk_write(*walks: Walk) -> None:
    """Write cases with all that was done."""
    Case.objects.bulk_create([walk.case for walk in walks])
    TimelineEntry.objects.bulk_create([entry for walk in walks for entry in walk.entries])
    Rating.objects.bulk_create([rating for walk in walks for rating in walk.ratings])


def move_named(verb: Verb, source: CaseState) -> Move:
    """Return the first move of the table by ``verb`` from ``source``."""
    return next(move for move in MOVES if move.verb is verb and move.source is source)


def random_walks(
    resident_id: UUID, *, seed: int, count: int, start: dt.datetime, days: int, staff: Staff | None = None
) -> list[Walk]:
    """Return ``count`` cases that wandered through the moves for up to ``days`` days; each fourth is part of the one before."""
    rng = random.Random(seed)
    walks: list[Walk] = []
    for number in range(count):
        at = start + dt.timedelta(minutes=rng.randrange(days * 24 * 60))
        due_at = None if rng.random() < 0.1 else at + dt.timedelta(hours=rng.randint(1, 150))
        walk = walk_begin(
            resident_id, at=at, seed=seed * 1000 + number, due_at=due_at, category_id=rng.choice(CATEGORIES),
            street_id=rng.choice(STREETS), request_type=rng.choice(list(RequestType)).value,
            parent=walks[-1].case if number % 4 == 3 else None,
        )  # fmt: skip
        walk.staff = staff
        _wander(walk, rng, others=[one.case for one in walks])
        walks.append(walk)
    return walks


def _wander(walk: Walk, rng: random.Random, *, others: list[Case]) -> None:
    for _step in range(rng.randint(0, 14)):
        state = CaseState(walk.case.state)
        moves = [move for move in MOVES if move.source is state and _possible(move, walk, others)]
        if not moves:
            return
        move = rng.choices(moves, [_WEIGHT.get(one.verb, 1) for one in moves])[0]
        # A rule sends on in the moment of submission, and a rating closes in its own.
        together = (
            move.verb is Verb.DISPATCH and state is CaseState.SUBMITTED and rng.random() < 0.3
        ) or move.verb is Verb.CLOSE
        gap = (
            dt.timedelta(0)
            if together
            else dt.timedelta(minutes=rng.choice((1, 30, 200, 1500, 5000)), seconds=len(walk.entries))
        )
        if move.verb is Verb.MERGE:
            walk.case.master = others[0]
        walk.act(move, at=walk.at + gap)


def _possible(move: Move, walk: Walk, others: list[Case]) -> bool:
    if move.verb is Verb.MERGE:
        return bool(others) and walk.case.parent is None
    if move.verb is Verb.REOPEN:
        return walk.case.reopens < MAX_REOPENS
    if move.verb is Verb.REPLY and move.source is CaseState.MERGED:
        return walk.case.unit is not None
    return True
