"""What the intake desk does: accept, refuse, dispatch, close."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.feedback.errors import UnitUnknown
from apps.feedback.models import Case
from apps.feedback.services.moves import By, case_lock, case_move, move_of
from apps.feedback.states import Actor, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def _act(
    number: str, staff: Staff, version: int | None, verb: Verb, now: dt.datetime, **written: Any
) -> None:
    by = By(Actor.CLERK, staff)
    case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
    case_move(case=case, move=move_of(case=case, verb=verb, by=by), by=by, now=now, **written)


def case_accept(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Accept a case (受理).  5 queries.  Raises CaseNotFound, CaseChanged, MoveRefused."""
    with transaction.atomic():
        _act(number, staff, version, Verb.ACCEPT, now)


def case_refuse(*, number: str, staff: Staff, version: int | None, reason: str, now: dt.datetime) -> None:
    """Say that a case can not be handled here, and why.  6 queries.  Raises as ``case_accept``.

    ``reason``  1 to 500 characters; the resident reads it, so it names the right channel
    """
    with transaction.atomic():
        _act(number, staff, version, Verb.REFUSE, now, text=reason, notice={"reason": reason})


def case_dispatch(
    *, number: str, staff: Staff, version: int | None, unit: str, note: str, now: dt.datetime
) -> None:
    """Send a case to a unit (派单), accepted with it when it was not yet.  7 queries.

    ``unit``  a department's code   ``note``  to the unit, at most 500 characters, not shown to the resident
    Raises CaseNotFound, CaseChanged, MoveRefused, UnitUnknown.
    """
    department = accounts.department_by_code(code=unit)
    if department is None:
        raise UnitUnknown(attr="unit")
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.DISPATCH, by=by)
        due = clock.local(case.due_at) if case.due_at else None
        case_move(
            case=case, move=move, by=by, now=now, text=note, unit=department, changed={"unit_id": department.id},
            notice={"unit": department.short, "due": f"{due:%Y-%m-%d %H:%M}" if due else "-"},
        )  # fmt: skip


def case_close(*, number: str, staff: Staff, version: int | None, reason: str, now: dt.datetime) -> None:
    """Close an answered case that the resident did not rate, or rated as not resolved.  6 queries.

    ``reason``  1 to 500 characters.  Raises as ``case_accept``.
    """
    with transaction.atomic():
        _act(number, staff, version, Verb.CLOSE, now, text=reason)
