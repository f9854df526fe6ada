"""How every act on a case goes: lock, find the move, write the state, append the entry, tell who must know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from apps.common import clock
from apps.common.dispatch import send_after_commit
from apps.common.times import moment_text
from apps.feedback import labels, states
from apps.feedback.errors import CaseChanged, CaseNotFound, MoveRefused
from apps.feedback.models import Case, TimelineEntry
from apps.feedback.parts import actors_of
from apps.feedback.states import RANK_NORMAL, RANK_NUDGED, SETTLED, Actor, CaseState, Move, Verb
from apps.notifications import services as notifications
from apps.notifications.kinds import kind_of

if TYPE_CHECKING:
    from apps.accounts.models import Department, Staff

EXCERPT_CHARS = 40
# What a nudge asks for: after one of these the case has its usual place in the queue again.
_NUDGE_HEARD = frozenset({Verb.CONTACT, Verb.ASK, Verb.REPLY, Verb.RETURN})


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a part, and the member of staff when it is one."""

    actor: Actor
    staff: Staff | None = None


RESIDENT, SYSTEM = By(Actor.RESIDENT), By(Actor.SYSTEM)


def case_lock(*, rows: Any, number: str, version: int | None = None) -> Case:
    """Return the case of ``rows`` locked until the transaction ends.  1 query.

    ``rows``     what the caller may act on: ``visible_to(staff)`` or ``owned_by(resident)``
    ``version``  what the caller saw; None where there is nothing to be stale (a resident's button)
    Raises CaseNotFound (also for someone else's), CaseChanged.
    """
    case: Case | None = rows.select_for_update(of=("self",)).filter(number=number).first()
    if case is None:
        raise CaseNotFound
    version_check(case=case, version=version)
    return case


# One key for the shape of all incidents: who merges waits for those who answer one, and they for who merges.  Row locks
# alone would let an answer miss a case that is being merged: its list of members is older than the lock it waited for.
_SHAPE = 0x716573
_SHARED = "SELECT pg_advisory_xact_lock_shared(%s)"
_ALONE = "SELECT pg_advisory_xact_lock(%s)"


def incident_lock(*, rows: Any, number: str, version: int | None = None) -> tuple[Case, list[Case]]:
    """Return the case of ``rows`` and those merged into it, all locked until the transaction ends.  3 queries.

    No case is merged into it or taken out meanwhile.  Raises CaseNotFound, CaseChanged.
    """
    incidents_hold(alone=False)
    found = rows.filter(number=number).values_list("id", flat=True).first()
    if found is None:
        raise CaseNotFound
    locked = cases_lock(ids=[found])
    case = locked[found]
    version_check(case=case, version=version)
    return case, [one for one in locked.values() if one.master_id == found and one.state == CaseState.MERGED]


def incidents_hold(*, alone: bool) -> None:
    """Hold the shape of incidents until the transaction ends: ``alone`` to change it, else so that it stays.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_ALONE if alone else _SHARED, [_SHAPE])


def cases_lock(*, ids: list[UUID]) -> dict[UUID, Case]:
    """Return the cases ``ids`` and those merged into them by id, all locked, in the order of their ids.  1 query."""
    rows = Case.objects.filter(Q(id__in=ids) | Q(master_id__in=ids)).select_related("unit")
    return {case.id: case for case in rows.select_for_update(of=("self",)).order_by("id")}


def version_check(*, case: Case, version: int | None) -> None:
    """Refuse what was decided on an older state of the case.  1 query when refused.  Raises CaseChanged."""
    if version is None or case.version == version:
        return
    last = case.timeline.select_related("staff", "unit").order_by("-id").first()
    raise CaseChanged(
        by=str(last.staff or last.unit or labels.VERB_LABELS[Verb(last.verb)]) if last else "",
        at=f"{clock.local(last.at):%H:%M}" if last else "",
        what=str(labels.VERB_LABELS[Verb(last.verb)]) if last else "",
        version=case.version,
    )


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
    changed: Mapping[str, Any] | None = None,
    notice: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
) -> TimelineEntry:
    """Write a move of a locked case: named fields, the timeline entry, the notices.  2 to 4 queries.

    ``changed``  further fields of the case to write
    ``unit``     whom the act is shown as coming from
    ``notice``   further fields of the notice kind, beside number, excerpt, state and at
    ``details``  what belongs to the entry beside its text; plain JSON, no personal data
    """
    values: dict[str, Any] = {**(changed or {}), "state": move.target.value, "updated_at": now}
    if move.target not in SETTLED:
        values["settled_at"] = None
    elif case.settled_at is None:
        values["settled_at"] = now
    if move.verb in _NUDGE_HEARD and case.queue_rank == RANK_NUDGED:
        values["queue_rank"] = RANK_NORMAL
    Case.objects.filter(pk=case.pk).update(**values, version=F("version") + 1)
    for name, value in values.items():
        setattr(case, name, value)
    case.version += 1
    entry = entry_of(case=case, move=move, by=by, now=now, text=text, unit=unit, details=details)
    entry.save()
    # The parts of a case are the district's own division of work: its resident hears of the whole.
    if move.notice and case.parent_id is None:
        notifications.notice_enqueue(
            kind=kind_of(move.notice),
            resident_id=case.resident_id,
            fields=notice_fields(case, now) | dict(notice or {}),
            dedup_key=f"{move.notice}:{entry.id}",
            now=now,
        )
    if case.followers and move.source != move.target:
        send_after_commit("feedback.followers_tell", lane="bulk", entry_id=str(entry.id))
    return entry


def entry_of(
    *,
    case: Case,
    move: Move,
    by: By,
    now: dt.datetime,
    text: str = "",
    unit: Department | None = None,
    details: Mapping[str, Any] | None = None,
) -> TimelineEntry:
    """Return the entry of a move, not written yet, with what holds of the case after it.  No query."""
    return TimelineEntry(
        case_id=case.id, at=now, verb=move.verb.value, source=move.source.value, target=move.target.value,
        actor=by.actor.value, staff=by.staff, unit=unit, text=text, public=move.verb not in states.INTERNAL,
        lead_id=case.unit_id, category_id=case.category_id, due_at=case.due_at, details=dict(details or {}),
    )  # fmt: skip


def notice_fields(case: Case, now: dt.datetime) -> dict[str, str]:
    """Return what every notice about a case tells."""
    return {
        "number": case.number,
        "excerpt": " ".join(case.text.split())[:EXCERPT_CHARS],
        "state": case.state_label,
        "at": moment_text(now),
    }
