"""What a unit does: sign for a case, start, reply."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.feedback.models import Case
from apps.feedback.services.moves import By, case_lock, case_move, move_of
from apps.feedback.states import Actor, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def _act(
    number: str, staff: Staff, version: int | None, verb: Verb, now: dt.datetime, **written: Any
) -> None:
    by = By(Actor.HANDLER, staff)
    rows = Case.objects.visible_to(staff).filter(unit_id__in=staff.department_ids)
    case = case_lock(rows=rows, number=number, version=version)
    case_move(case=case, move=move_of(case=case, verb=verb, by=by), by=by, now=now, unit=case.unit, **written)


def case_sign(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Sign for a case (签收) that was sent to one of ``staff``'s units.  5 queries.

    Raises CaseNotFound (also for another unit's), CaseChanged, MoveRefused.
    """
    with transaction.atomic():
        _act(number, staff, version, Verb.SIGN, now)


def case_start(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Say that work has begun.  5 queries.  Raises as ``case_sign``."""
    with transaction.atomic():
        _act(number, staff, version, Verb.START, now)


def case_reply(*, number: str, staff: Staff, version: int | None, text: str, now: dt.datetime) -> None:
    """Answer the resident (答复).  8 queries; the notice leaves after commit.

    ``text``  1 to 2,000 characters, shown to the resident as coming from the unit.  Raises as ``case_sign``.
    """
    with transaction.atomic():
        by = By(Actor.HANDLER, staff)
        rows = Case.objects.visible_to(staff).filter(unit_id__in=staff.department_ids).select_related("unit")
        case = case_lock(rows=rows, number=number, version=version)
        move = move_of(case=case, verb=Verb.REPLY, by=by)
        unit = case.unit.short if case.unit else ""
        case_move(
            case=case,
            move=move,
            by=by,
            now=now,
            text=text,
            unit=case.unit,
            notice={"unit": unit, "reply": text},
        )
