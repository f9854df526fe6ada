"""How every act on a case goes: lock, find the move, write the state, append the entry, tell the resident."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F

from apps.common import clock
from apps.feedback import labels, states
from apps.feedback.errors import CaseChanged, CaseNotFound, MoveRefused
from apps.feedback.models import Case, TimelineEntry
from apps.feedback.parts import actors_of
from apps.feedback.states import Actor, CaseState, Move, Verb
from apps.notifications import services as notifications
from apps.notifications.kinds import kind_of

if TYPE_CHECKING:
    from apps.accounts.models import Department, Staff

EXCERPT_CHARS = 40


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a part, and the member of staff when it is one."""

    actor: Actor
    staff: Staff | None = None


def case_lock(*, rows: Any, number: str, version: int | None = None) -> Case:
    """Return the case of ``rows`` locked until the transaction ends.  1 query.

    ``rows``     what the caller may act on: ``visible_to(staff)`` or ``owned_by(resident)``
    ``version``  what the caller saw; None where there is nothing to be stale (a resident's button)
    Raises CaseNotFound (also for someone else's), CaseChanged.
    """
    case: Case | None = rows.select_for_update(of=("self",)).filter(number=number).first()
    if case is None:
        raise CaseNotFound
    if version is not None and case.version != version:
        last = case.timeline.select_related("staff", "unit").order_by("-id").first()
        raise CaseChanged(
            by=str(last.staff or last.unit or labels.VERB_LABELS[Verb(last.verb)]) if last else "",
            at=f"{clock.local(last.at):%H:%M}" if last else "",
            what=str(labels.VERB_LABELS[Verb(last.verb)]) if last else "",
            version=case.version,
        )
    return case


def move_of(*, case: Case, verb: Verb, by: By) -> Move:
    """Return the table's row.  Raises MoveRefused with the state the case is in.

    Staff must play the part they act in: that the case is visible to them is not enough.
    """
    if by.staff is not None and by.actor not in actors_of(staff=by.staff, case=case):
        raise MoveRefused(state=case.state, state_label=case.state_label, verb=verb.value)
    try:
        return states.move_find(verb=verb, source=CaseState(case.state), actor=by.actor)
    except states.MoveNotAllowed as error:
        raise MoveRefused(state=case.state, state_label=case.state_label, verb=verb.value) from error


def case_move(
    *,
    case: Case,
    move: Move,
    by: By,
    now: dt.datetime,
    text: str = "",
    unit: Department | None = None,
    changed: dict[str, Any] | None = None,
    notice: dict[str, str] | None = None,
) -> TimelineEntry:
    """Write a move of a locked case: named fields, the timeline entry, the notice.  2 to 4 queries.

    ``changed``  further fields of the case to write
    ``notice``   further fields of the notice kind, beside number, excerpt, state and at
    """
    values = {**(changed or {}), "state": move.target.value, "updated_at": now}
    if move.target in states.AT_REST and case.settled_at is None:
        values["settled_at"] = now
    Case.objects.filter(pk=case.pk).update(**values, version=F("version") + 1)
    for name, value in values.items():
        setattr(case, name, value)
    case.version += 1
    entry = timeline_append(case_id=case.id, move=move, by=by, now=now, text=text, unit=unit)
    if move.notice:
        notifications.notice_enqueue(
            kind=kind_of(move.notice),
            resident_id=case.resident_id,
            fields=notice_fields(case, now) | (notice or {}),
            dedup_key=f"{move.notice}:{entry.id}",
            now=now,
        )
    return entry


def timeline_append(
    *, case_id: UUID, move: Move, by: By, now: dt.datetime, text: str = "", unit: Department | None = None
) -> TimelineEntry:
    """Add what was done to the history.  1 query."""
    return TimelineEntry.objects.create(
        case_id=case_id, at=now, verb=move.verb.value, source=move.source.value, target=move.target.value,
        actor=by.actor.value, staff=by.staff, unit=unit, text=text,
    )  # fmt: skip


def notice_fields(case: Case, now: dt.datetime) -> dict[str, str]:
    """Return what every notice about a case tells."""
    local = clock.local(now)
    return {
        "number": case.number,
        "excerpt": " ".join(case.text.split())[:EXCERPT_CHARS],
        "state": case.state_label,
        "at": f"{local:%Y}年{local.month}月{local.day}日 {local:%H:%M}",
    }
