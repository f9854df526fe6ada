"""The figures of a case by walking through its history: plain Python, the other opinion beside ``aggregation.py``.

Both answer the same question in different words, so that a mistake in one shows itself (``manage.py figures_verify``).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from apps.feedback.states import OPEN, CaseState, Verb
from apps.reports.definitions import Measure

ZONE = ZoneInfo("Asia/Shanghai")
SATISFIED_FROM = 4
_SIMPLE = {
    Verb.SUBMIT: Measure.SUBMITTED,
    Verb.REFUSE: Measure.REFUSED,
    Verb.DISPATCH: Measure.DISPATCHED,
    Verb.ARBITRATE: Measure.DISPATCHED,
    Verb.REPLY: Measure.ANSWERED,
    Verb.REOPEN: Measure.REOPENED,
    Verb.MERGE: Measure.MERGED,
    Verb.WITHDRAW: Measure.WITHDRAWN,
    Verb.NUDGE: Measure.NUDGES,
}
_SENT = frozenset({Verb.DISPATCH, Verb.ARBITRATE})
_CONTACTS = frozenset({Verb.CONTACT, Verb.REPLY})
_VOID = frozenset({Verb.RETURN, Verb.WITHDRAW, Verb.MERGE, Verb.SUSPEND})


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of a timeline; ``lead``, ``category`` and ``due_at`` are what held once it was done."""

    key: Any
    at: dt.datetime
    verb: Verb
    source: str
    target: CaseState
    unit: int | None
    lead: int | None
    category: str | None
    due_at: dt.datetime | None
    contact_due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """One rating; ``own`` when the resident gave it without being called."""

    reply: Any
    at: dt.datetime
    resolved: bool
    satisfaction: int
    own: bool


@dataclass(frozen=True, slots=True)
class History:
    """All that counts of one case: acts in their order, ratings, the basis on which it is left out, or ""."""

    street: str | None
    request_type: str
    basis: str
    acts: Sequence[Act]
    opinions: Sequence[Opinion] = ()


# day, unit, street, category, type, basis
Key = tuple[dt.date, int | None, str | None, str | None, str, str]
Mark = tuple[dt.datetime, int | None, str | None, Measure, int]  # moment, unit, category, measure, amount


def replay(*, history: History, as_of: dt.datetime) -> dict[Key, Counter[Measure]]:
    """Return what the case adds to each day and key by the acts, ratings and deadlines up to ``as_of`` (aware).

    Keys whose measures are all 0 are left out.  No query.
    """
    found: dict[Key, Counter[Measure]] = {}
    past = [act for act in history.acts if act.at <= as_of]
    for at, unit, category, measure, amount in _marks(past, history.opinions, as_of):
        day = at.astimezone(ZONE).date()
        key = (day, unit, history.street, category, history.request_type, history.basis)
        found.setdefault(key, Counter())[measure] += amount
    return {
        key: Counter({measure: amount for measure, amount in counted.items() if amount})
        for key, counted in found.items()
        if any(counted.values())
    }


def _marks(acts: Sequence[Act], opinions: Sequence[Opinion], as_of: dt.datetime) -> Iterator[Mark]:
    by_reply: dict[Any, list[Opinion]] = {}
    for opinion in opinions:
        if opinion.at <= as_of:
            by_reply.setdefault(opinion.reply, []).append(opinion)
    stage: Act | None = None
    returned = _Returned()
    for place, act in enumerate(acts):
        before = acts[place - 1].lead if place else None
        following = acts[place + 1].at if place + 1 < len(acts) else None
        yield from _acted(act, act.lead if act.lead is not None else before, by_reply)
        yield from _late(act, following, as_of)
        yield from returned.take(act, before)
        if act.verb in _SENT | _CONTACTS | _VOID:
            if stage is not None:
                yield from _stage_over(stage, act, as_of)
            stage = act if act.verb in _SENT else None
    if stage is not None:
        yield from _stage_over(stage, None, as_of)


def _acted(act: Act, unit: int | None, by_reply: Mapping[Any, Sequence[Opinion]]) -> Iterator[Mark]:
    """Yield what an act counts by itself, and the ratings of a reply."""

    def mark(measure: Measure, at: dt.datetime = act.at) -> Mark:
        return (at, unit, act.category, measure, 1)

    if act.verb in _SIMPLE:
        yield mark(_SIMPLE[act.verb])
    if act.verb in (Verb.ACCEPT, Verb.DISPATCH) and act.source == CaseState.SUBMITTED:
        yield mark(Measure.ACCEPTED)
    if act.verb in _SENT and act.source == CaseState.RETURNED:
        yield mark(Measure.RETURNS_RECEIVED)
    if act.verb is Verb.REPLY and (act.due_at is None or act.at <= act.due_at):
        yield mark(Measure.ANSWERED_IN_TIME)
    for opinion in by_reply.get(act.key, ()):
        yield mark(Measure.RATED, opinion.at)
        if opinion.resolved:
            yield mark(Measure.RESOLVED, opinion.at)
        if opinion.satisfaction >= SATISFIED_FROM:
            yield mark(Measure.SATISFIED, opinion.at)
        if opinion.resolved and opinion.own:
            yield mark(Measure.VERIFIED)


def _late(act: Act, following: dt.datetime | None, as_of: dt.datetime) -> Iterator[Mark]:
    """Yield when the case began to be late and unanswered under ``act``, and when the next act changed that."""
    if act.target not in OPEN or act.due_at is None or act.due_at >= as_of:
        return
    since = max(act.at, act.due_at)
    if following is not None and following <= since:
        return
    yield (since, act.lead, act.category, Measure.OVERDUE_CHANGE, 1)
    if following is not None:
        yield (following, act.lead, act.category, Measure.OVERDUE_CHANGE, -1)


def _stage_over(stage: Act, end: Act | None, as_of: dt.datetime) -> Iterator[Mark]:
    """Yield how the stage of the first contact ended that ``stage`` began: in time, by its deadline, or not at all."""
    due = stage.contact_due_at
    if due is None:
        return
    if end is not None and end.at <= due:
        if end.verb in _CONTACTS:
            yield (end.at, stage.lead, stage.category, Measure.CONTACT_ENDED, 1)
            yield (end.at, stage.lead, stage.category, Measure.CONTACT_IN_TIME, 1)
    elif due < as_of:
        yield (due, stage.lead, stage.category, Measure.CONTACT_ENDED, 1)


@dataclass(slots=True)
class _Returned:
    """The return that no other unit has taken over yet."""

    act: Act | None = field(default=None)
    unit: int | None = None

    def take(self, act: Act, before: int | None) -> Iterator[Mark]:
        if self.act is not None and act.source == CaseState.RETURNED and act.target is not CaseState.RETURNED:
            lain_s = int((act.at - self.act.at).total_seconds())
            yield (act.at, self.unit, self.act.category, Measure.RETURNED_S, lain_s)
            self.act = None
        if act.verb is Verb.RETURN:
            self.act, self.unit = act, before if before is not None else act.unit
            yield (act.at, self.unit, act.category, Measure.RETURNS_SENT, 1)
