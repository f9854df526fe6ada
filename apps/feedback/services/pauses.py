"""The clock stands and goes on: pauses as rows, and the sweep that ends those whose time has run out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from apps.accounts.states import Role
from apps.common.times import moment_text
from apps.feedback.errors import CaseNotFound, PauseTooLong
from apps.feedback.models import Case, Pause
from apps.feedback.services.deadlines import due_fields
from apps.feedback.services.moves import SYSTEM, By, case_move, move_of
from apps.feedback.services.tellings import unit_tell
from apps.feedback.states import CaseState, Verb

LONGEST_DAYS = 60
SWEPT = 200


def pause_begin(*, case: Case, kind: Pause.Kind, until: dt.datetime, now: dt.datetime) -> Pause:
    """Let the clock of a locked case stand from ``now``, at the latest until ``until``.  1 query.  Raises PauseTooLong."""
    if until <= now or until - now > dt.timedelta(days=LONGEST_DAYS):
        raise PauseTooLong(attr="until", most=LONGEST_DAYS)
    return Pause.objects.create(case=case, kind=kind, started_at=now, until=until)


def pauses_close(*, case: Case, now: dt.datetime) -> None:
    """End the open pause of a locked case, if there is one.  1 query."""
    Pause.objects.filter(case=case, ended_at=None).update(ended_at=now)


def pause_end(*, case: Case, now: dt.datetime) -> dict[str, Any]:
    """End the open pause of a locked case and return the deadline's fields as they are then.  2 queries."""
    pauses_close(case=case, now=now)
    return due_fields(case=case)


def resume_move(*, case: Case, by: By, now: dt.datetime) -> None:
    """Take up a locked case again.  About 5 queries.  Raises MoveRefused."""
    move = move_of(case=case, verb=Verb.RESUME, by=by)
    changed = pause_end(case=case, now=now)
    case_move(
        case=case, move=move, by=by, now=now, changed=changed, notice={"due": moment_text(changed["due_at"])}
    )


def pauses_expire(*, now: dt.datetime) -> int:
    """Take up the cases whose pause or question has run out; returns how many, at most 200 a call.

    Each in a transaction of its own, about 8 queries; its unit is told.
    """
    due = Pause.objects.filter(ended_at=None, until__lte=now).order_by("until")
    return sum(_expire(case_id, now) for case_id in list(due.values_list("case_id", flat=True)[:SWEPT]))


def _expire(case_id: Any, now: dt.datetime) -> int:
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).filter(id=case_id).first()
        if case is None:
            raise CaseNotFound
        # Someone may have answered or taken it up while this was waiting for the lock.
        if (
            case.state != CaseState.SUSPENDED
            or not case.pauses.filter(ended_at=None, until__lte=now).exists()
        ):
            return 0
        resume_move(case=case, by=SYSTEM, now=now)
        unit_tell(event="answered", case=case, key=f"expired:{case.version}", now=now, roles=(Role.HANDLER,))
    return 1
