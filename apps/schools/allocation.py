"""Who gets which place: one pure function of the frozen roster and the seed.

``deferred``   student-proposing deferred acceptance (Gale and Shapley 1962; with reserves Hafalir, Yenmez and Yildirim
               2013): nobody has a claim on another's place, and no other such outcome is better for any child
``parallel``   the choices in batches; within a batch deferred acceptance, after it final (Chen and Kesten 2017)
``immediate``  batches of one choice (the Boston mechanism): rewards guessing, offered because rules may demand it
``draw``       deferred acceptance where within a class only the lot counts

Order at an intake: (class, more points, distance band, lot, pseudonym); under ``draw`` (class, lot, pseudonym).

An intake admits from the front of its order: it stops at the first who does not fit, and who stands behind that one is not
admitted past them.  For single children this is the usual rule.  For a block of twins it means that a last single place may
stay free where the block stood before it; the waiting list gets it when results are published.  So a line only ever moves
forward in the order, whoever asks in whatever sequence: that keeps the textbook's proof of existence and of the children's
optimum with blocks too (a rule that passes a block over would not: no outcome without claims need exist then).  That naming
one's wishes truly never hurts is proven for single children only.

Reserves come first: the places kept for a category go to the front of its own order, and as many as it asks for are not open to
others.  Cost: each choice is looked at at most once, O(choices × log seats).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush, heappushpop

from apps.schools.draw import draw_number
from apps.schools.standing import Roster

ALGORITHM_VERSION = "qingshan-allocation-1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``assigned``  pseudonym → code of the intake, None without a place."""

    assigned: dict[str, str | None]


@dataclass(slots=True)
class _Task:
    """The roster in integers.  ``keys[a][i]`` where applicant a stands at its i-th choice, the lower the better."""

    wants: list[list[int]]
    keys: list[list[int]]
    size: list[int]
    category: list[int]
    seats: list[int]
    reserves: list[dict[int, int]]
    held: list[int]  # applicant → intake, -1 for none


class _Pool:
    """Places that are given from the front of an order.  ``line`` where it stopped: nobody from there on gets one."""

    __slots__ = ("heap", "line", "places", "used")

    def __init__(self, places: int) -> None:
        self.places, self.used = places, 0
        self.heap: list[tuple[int, int]] = []  # (-key, applicant): the last admitted on top
        self.line: int | None = None

    def ask(self, key: int, one: int, size: list[int]) -> list[int]:
        """Let an applicant ask; return who has no place here any more, the asker too if it has none."""
        if self.line is not None and key >= self.line:
            return [one]
        if self.used == self.places and size[one] == 1 and self.heap:
            # The commonest case: a single child displaces a single child.
            last, other = heappushpop(self.heap, (-key, one))
            if size[other] == 1:
                self.line = -last
                return [other]
            heappush(self.heap, (last, other))
        else:
            heappush(self.heap, (-key, one))
        self.used += size[one]
        return self.shed(size)

    def shed(self, size: list[int]) -> list[int]:
        """Refuse from the end of the order until the rest fits; return whom."""
        out: list[int] = []
        while self.used > self.places:
            last, other = heappop(self.heap)
            self.line = -last
            self.used -= size[other]
            out.append(other)
        return out


class _Intake:
    """An intake's open places and those kept for categories."""

    __slots__ = ("asked", "kept", "open", "seats")

    def __init__(self, seats: int, reserves: dict[int, int]) -> None:
        self.seats, self.open = seats, _Pool(seats)
        self.kept: dict[int, _Pool] = {}
        for category, places in reserves.items():
            # After an earlier batch less may be left than was kept.
            left = min(places, seats)
            seats -= left
            if left:
                self.kept[category] = _Pool(left)
        self.asked = dict.fromkeys(self.kept, 0)

    def ask(self, key: int, one: int, task: _Task, keys: list[int]) -> list[int]:
        """Let an applicant ask; return whom the intake refuses.  ``keys`` each applicant's key here, to ask again."""
        pool, size = self.kept.get(task.category[one]), task.size
        if pool is None:
            return self.open.ask(key, one, size)
        self.asked[task.category[one]] += size[one]
        places = self.seats - sum(min(some.places, self.asked[name]) for name, some in self.kept.items())
        self.open.places = places
        refused = self.open.shed(size)
        for other in pool.ask(key, one, size):
            refused += self.open.ask(keys[other], other, size)
        return refused


def allocate(roster: Roster, seed: bytes) -> Outcome:
    """Return who gets which place; the same for the same input on every machine.  Seconds: 0.3 for 120,000 choices."""
    task = _task(roster, seed)
    width, most = roster.rules.width, roster.rules.max_choices
    for first in range(0, most, width):
        free = [one for one, place in enumerate(task.held) if place < 0]
        _batch(task, free, first, first + width)
        _settle(task, free)
    codes = [one.code for one in roster.intakes]
    return Outcome(
        {
            one.pseudonym: codes[place] if place >= 0 else None
            for one, place in zip(roster.applicants, task.held, strict=True)
        }
    )


def _task(roster: Roster, seed: bytes) -> _Task:
    index = {one.code: place for place, one in enumerate(roster.intakes)}
    labels = sorted(
        {one.category for one in roster.applicants} | {c for i in roster.intakes for c, _n in i.reserves}
    )
    category = {label: place for place, label in enumerate(labels)}
    applicants = roster.applicants
    total, lot_alone = len(applicants) or 1, roster.rules.lot_alone
    points = 1 + max((c.points for one in applicants for c in one.choices), default=0)
    bands = 1 + max((c.band for one in applicants for c in one.choices), default=0)
    wants, keys = [], []
    for one, own in zip(applicants, _lots(roster, seed), strict=True):
        wants.append([index[c.intake] for c in one.choices])
        if lot_alone:
            keys.append([c.priority * total + own for c in one.choices])
        else:
            keys.append(
                [
                    ((c.priority * points + points - 1 - c.points) * bands + c.band) * total + own
                    for c in one.choices
                ]
            )
    return _Task(
        wants, keys, [one.size for one in applicants], [category[one.category] for one in applicants],
        [one.seats for one in roster.intakes], [{category[c]: n for c, n in one.reserves if n} for one in roster.intakes],
        [-1] * len(applicants),
    )  # fmt: skip


def _lots(roster: Roster, seed: bytes) -> list[int]:
    """Return each applicant's place in the order of the lots, from 0."""
    names = [one.pseudonym for one in roster.applicants]
    order = sorted((draw_number(seed, name), name, one) for one, name in enumerate(names))
    lots = [0] * len(names)
    for place, (_number, _name, one) in enumerate(order):
        lots[one] = place
    return lots


def _batch(task: _Task, free: list[int], first: int, end: int) -> None:
    """Deferred acceptance among ``free`` over their choices ``first`` to before ``end``; fills ``task.held``."""
    wants, keys = task.wants, task.keys
    intakes = [_Intake(seats, reserves) for seats, reserves in zip(task.seats, task.reserves, strict=True)]
    at = [first] * len(wants)
    key_now = [0] * len(wants)  # of each, where it asks or holds
    stack = free[::-1]
    while stack:
        one = stack.pop()
        place, wanted = at[one], wants[one]
        if place >= end or place >= len(wanted):
            continue
        key = key_now[one] = keys[one][place]
        for other in intakes[wanted[place]].ask(key, one, task, key_now):
            at[other] += 1
            stack.append(other)
    for number, intake in enumerate(intakes):
        for pool in (intake.open, *intake.kept.values()):
            for _key, one in pool.heap:
                task.held[one] = number


def _settle(task: _Task, free: list[int]) -> None:
    """Make a batch final: its places are gone, and so is what was kept for those who have one."""
    for one in free:
        intake = task.held[one]
        if intake >= 0:
            task.seats[intake] -= task.size[one]
            kept = task.reserves[intake].get(task.category[one], 0)
            if kept:
                task.reserves[intake][task.category[one]] = max(0, kept - task.size[one])
