"""What heads of units and of the desk do: decide extensions, suspend, resume, supervise."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.states import Role
from apps.common.times import moment_text
from apps.feedback.errors import ExtensionRefused, MoveRefused
from apps.feedback.models import Case, Extension, Pause
from apps.feedback.parts import actors_of
from apps.feedback.services.deadlines import due_fields
from apps.feedback.services.moves import By, case_lock, case_move, move_of
from apps.feedback.services.pauses import pause_begin, resume_move
from apps.feedback.services.tellings import told_of, unit_tell
from apps.feedback.states import RANK_SUPERVISED, Actor, Verb
from apps.notifications import services as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# The part that a chief plays, tried in this order.
_CHIEFS = (Actor.SUPERVISOR, Actor.DESK_HEAD)


def _lock(number: str, staff: Staff, version: int | None, parts: tuple[Actor, ...]) -> tuple[Case, By]:
    """Return the locked case and whom ``staff`` acts as: the first of ``parts`` that they play."""
    rows = Case.objects.visible_to(staff).select_related("unit")
    case = case_lock(rows=rows, number=number, version=version)
    played = actors_of(staff=staff, case=case)
    actor = next((part for part in parts if part in played), None)
    if actor is None:
        raise MoveRefused(state=case.state, state_label=case.state_label)
    return case, By(actor, staff)


def extension_grant(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Grant the extension that is asked for; the resident hears the new deadline and why.  About 11 queries.

    Raises CaseNotFound, CaseChanged, MoveRefused, and ExtensionRefused where none is asked for, by who asked it, or after
    the old deadline.
    """
    with transaction.atomic():
        case, by = _lock(number, staff, version, _CHIEFS)
        move = move_of(case=case, verb=Verb.EXTEND_GRANT, by=by)
        asked = _decide(case, staff, Extension.State.GRANTED, now)
        total = case.extension_workdays + asked.workdays
        fields = due_fields(case=case, extension_workdays=total)
        due = moment_text(fields["due_at"])
        case_move(
            case=case, move=move, by=by, now=now, unit=case.unit, changed={"extension_workdays": total, **fields},
            notice={"reason": asked.reason, "due": due}, details={"workdays": asked.workdays},
        )  # fmt: skip
        _asker_tell(case, asked, _("granted"), now)


def extension_deny(*, number: str, staff: Staff, version: int | None, reason: str, now: dt.datetime) -> None:
    """Deny the extension that is asked for.  About 9 queries.  ``reason``  1 to 500 characters, for the unit.

    Raises as ``extension_grant``.
    """
    with transaction.atomic():
        case, by = _lock(number, staff, version, _CHIEFS)
        move = move_of(case=case, verb=Verb.EXTEND_DENY, by=by)
        asked = _decide(case, staff, Extension.State.DENIED, now)
        case_move(case=case, move=move, by=by, now=now, text=reason, unit=case.unit)
        _asker_tell(case, asked, _("denied"), now)


def _decide(case: Case, staff: Staff, state: Extension.State, now: dt.datetime) -> Extension:
    """Write the decision on the extension asked for; the case is locked, so that two deciders come one by one."""
    asked: Extension | None = case.extensions.filter(state=Extension.State.ASKED).first()
    if asked is None:
        raise ExtensionRefused(why=_("none is asked for."))
    if asked.asked_by_id == staff.pk:
        raise ExtensionRefused(why=_("another person than the one who asks must decide."))
    asked.state, asked.decided_at, asked.decided_by = state, now, staff
    asked.save(update_fields=["state", "decided_at", "decided_by"])
    return asked


def _asker_tell(case: Case, asked: Extension, word: str, now: dt.datetime) -> None:
    told = told_of(
        event="extension_decided",
        case=case,
        staff_ids=frozenset({asked.asked_by_id}),
        key=str(asked.id),
        word=word,
    )
    notifications.staff_tell(told=[told], now=now)


def case_suspend(
    *, number: str, staff: Staff, version: int | None, reason: str, days: int, now: dt.datetime
) -> None:
    """Let the clock stand (中止计时) for something out of the unit's reach.  About 8 queries.

    ``reason``  1 to 500 characters, the resident reads it   ``days``  1 to 60 calendar days, then it goes on by itself
    Raises as ``extension_grant`` without ExtensionRefused, PauseTooLong.
    """
    with transaction.atomic():
        case, by = _lock(number, staff, version, _CHIEFS)
        move = move_of(case=case, verb=Verb.SUSPEND, by=by)
        until = now + dt.timedelta(days=days)
        pause_begin(case=case, kind=Pause.Kind.SUSPENSION, until=until, now=now)
        case_move(
            case=case, move=move, by=by, now=now, text=reason, unit=case.unit,
            notice={"reason": reason, "until": moment_text(until)}, details={"until": until.isoformat()},
        )  # fmt: skip


def case_resume(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Let the clock go on.  About 9 queries.  A unit may do so itself.  Raises as ``case_suspend``."""
    with transaction.atomic():
        case, by = _lock(number, staff, version, (*_CHIEFS, Actor.HANDLER))
        resume_move(case=case, by=by, now=now)


def case_supervise(*, number: str, staff: Staff, version: int | None, text: str, now: dt.datetime) -> None:
    """Put a case under supervision (督办): first in every queue, its unit's handlers and head are told.  About 8 queries.

    ``text``  what is expected, 1 to 500 characters, not shown to the resident.  Raises as ``case_suspend``.
    """
    with transaction.atomic():
        case, by = _lock(number, staff, version, _CHIEFS)
        move = move_of(case=case, verb=Verb.SUPERVISE, by=by)
        entry = case_move(
            case=case, move=move, by=by, now=now, text=text,
            changed={"supervised_at": now, "queue_rank": RANK_SUPERVISED},
        )  # fmt: skip
        unit_tell(
            event="supervised", case=case, key=str(entry.id), now=now, roles=(Role.HANDLER, Role.SUPERVISOR)
        )
