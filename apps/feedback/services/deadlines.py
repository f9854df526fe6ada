"""Deadlines on rows: computing them, and computing them anew when the calendar or a pause changes."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.selectors import calendar_load
from apps.common.times import moment_text
from apps.feedback import clock as deadlines
from apps.feedback import intake, states
from apps.feedback.clock import Due, Stood, Term
from apps.feedback.errors import CategoryUnknown
from apps.feedback.intake import Profile
from apps.feedback.models import Case, Pause
from apps.feedback.services.moves import SYSTEM, case_move, move_of
from apps.feedback.services.tellings import unit_tell
from apps.feedback.states import Verb

CHUNK = 200
_UNDUE = [state.value for state in states.SETTLED]


def term_end(*, start: dt.datetime, term: Term) -> dt.datetime:
    """Return when a stage that began at ``start`` ends, without pauses.  Queries as ``calendar_load``."""
    local = clock.local(start)
    return deadlines.due_of(start=local, term=term, calendar=calendar_load(start=local.date())).at


def promise_of(
    *, start: dt.datetime, profile: Profile, stood: tuple[Stood, ...] = (), extension_workdays: int = 0
) -> Due:
    """Return the deadline of an answer whose clock runs from ``start``.  Queries as ``calendar_load``."""
    local = clock.local(start)
    return deadlines.due_of(
        start=local, term=profile.settle, calendar=calendar_load(start=local.date()), stood=stood,
        extension_workdays=extension_workdays,
    )  # fmt: skip


def stages_from(*, dispatched_at: dt.datetime, profile: Profile) -> dict[str, Any]:
    """Return the fields of a case that a dispatch begins anew: the clock of a unit runs from it, not from its signature.

    Queries as ``calendar_load``.
    """
    return {
        "dispatched_at": dispatched_at,
        "sign_due_at": term_end(start=dispatched_at, term=profile.sign),
        "signed_at": None,
        "contact_due_at": term_end(start=dispatched_at, term=profile.contact),
        "contacted_at": None,
    }


def due_fields(
    *, case: Case, profile: Profile | None = None, extension_workdays: int | None = None
) -> dict[str, Any]:
    """Return the deadline's fields as the rows of ``case`` say now.  1 query (its pauses) and those of ``calendar_load``.

    ``profile``, ``extension_workdays``  instead of the case's own
    """
    due = promise_of(
        start=case.clock_from,
        profile=profile or intake.profile_by_id(profile_id=case.profile_id),
        stood=stood_of(case),
        extension_workdays=case.extension_workdays if extension_workdays is None else extension_workdays,
    )
    return {"due_at": due.at, "due_explained": list(due.explained), "due_provisional": due.provisional}


def stood_of(case: Case) -> tuple[Stood, ...]:
    """Return the ended pauses of a case since its clock runs, oldest first.  1 query, 0 when prefetched."""
    rows = sorted(case.pauses.all(), key=lambda pause: pause.started_at)
    return tuple(
        Stood(clock.local(row.started_at), clock.local(row.ended_at))
        for row in rows
        if row.ended_at is not None and row.ended_at > case.clock_from
    )


def case_profile(*, case: Case, on: dt.date) -> Profile:
    """Return the profile that holds for ``case`` by its type, category and urgency on ``on``.

    A case whose category ended meanwhile keeps the profile it was promised.
    """
    try:
        return intake.profile_for(
            request_type=case.request_type, category=case.category_id, urgency=case.urgency, on=on
        )
    except CategoryUnknown:
        return intake.profile_by_id(profile_id=case.profile_id)


def deadlines_recompute(*, now: dt.datetime) -> int:
    """Compute the open deadlines anew after the calendar changed; returns how many moved.

    Each case that moves gets an entry, its resident a notice, its unit too.  Reads open cases in chunks of 200 by id
    (2 queries a chunk); a case that moves takes 7 queries in a transaction of its own.
    Source: rules.md 1 (next year's notice comes in October or November).
    """
    moved, last = 0, UUID(int=0)
    while True:
        chunk = list(
            Case.objects.filter(id__gt=last)
            .exclude(state__in=_UNDUE)
            .order_by("id")
            .prefetch_related(Prefetch("pauses", Pause.objects.order_by("started_at")))[:CHUNK]
        )
        if not chunk:
            return moved
        for case in chunk:
            if due_fields(case=case)["due_at"] != case.due_at:
                moved += _reclock(case.id, now)
        last = chunk[-1].id


def _reclock(case_id: UUID, now: dt.datetime) -> int:
    """Write the new deadline of one case, looked at again under its lock; returns 1 when it moved."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",)).exclude(state__in=_UNDUE).filter(id=case_id).first()
        )
        fields = due_fields(case=case) if case else {}
        if case is None or fields["due_at"] == case.due_at:
            return 0
        before = case.due_at
        entry = case_move(
            case=case, move=move_of(case=case, verb=Verb.RECLOCK, by=SYSTEM), by=SYSTEM, now=now, changed=fields,
            text=_("The official calendar changed: the deadline is now %(due)s.") % {"due": moment_text(fields["due_at"])},
            notice={"due": moment_text(fields["due_at"])},
            details={"before": before.isoformat() if before else None, "after": fields["due_at"].isoformat()},
        )  # fmt: skip
        unit_tell(event="reclocked", case=case, key=str(entry.id), now=now)
    return 1
