"""Cases that are one event (并案): merging, undoing it, and what becomes of the others when the master ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from apps.feedback.errors import CaseNotFound, MergeRefused
from apps.feedback.models import Case
from apps.feedback.services.moves import (
    SYSTEM,
    By,
    case_lock,
    case_move,
    cases_lock,
    incidents_hold,
    move_of,
    version_check,
)
from apps.feedback.states import JOINABLE, Actor, CaseState, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def case_merge(*, number: str, staff: Staff, version: int | None, into: str, now: dt.datetime) -> None:
    """Merge a case into the one that stands for the event.  8 queries, one more for cases merged into it before.

    ``into``  number of the master: unanswered, not merged itself.  Every reporter keeps number, deadline and rating.
    A merge and a reply come one after the other (``incidents_hold``).
    Raises CaseNotFound, CaseChanged, MoveRefused, MergeRefused.
    """
    by = By(Actor.CLERK, staff)
    with transaction.atomic():
        incidents_hold(alone=True)
        rows = Case.objects.visible_to(staff)
        ids = dict(rows.filter(number__in=[number, into]).values_list("number", "id"))
        if number not in ids:
            raise CaseNotFound
        if into not in ids or into == number:
            raise MergeRefused(attr="into", why=_("there is no such other case."))
        locked = cases_lock(ids=list(ids.values()))
        case, master = locked[ids[number]], locked[ids[into]]
        version_check(case=case, version=version)
        move = move_of(case=case, verb=Verb.MERGE, by=by)
        _merge_check(case, master)
        case_move(
            case=case, move=move, by=by, now=now, changed={"master_id": master.id},
            notice={"master_state": master.state_label}, details={"master": master.number},
        )  # fmt: skip
        # What was merged into the case before belongs to the same event.
        Case.objects.filter(master_id=case.id, state=CaseState.MERGED.value).update(master_id=master.id)


def _merge_check(case: Case, master: Case) -> None:
    if CaseState(master.state) not in JOINABLE or master.master_id is not None:
        raise MergeRefused(
            attr="into", why=_("the other one is “%(state)s”.") % {"state": master.state_label}
        )
    if case.parent_id is not None or master.parent_id is not None:
        raise MergeRefused(why=_("one of them is a part of another case."))
    if case.parts.exists():
        raise MergeRefused(why=_("it has parts of its own."))


def case_unmerge(*, number: str, staff: Staff, version: int | None, reason: str, now: dt.datetime) -> None:
    """Take a case out of an event again.  6 queries.  ``reason``  1 to 500 characters, for staff.

    Raises CaseNotFound, CaseChanged, MoveRefused.
    """
    by = By(Actor.CLERK, staff)
    with transaction.atomic():
        incidents_hold(alone=True)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.UNMERGE, by=by)
        case_move(case=case, move=move, by=by, now=now, text=reason, changed={"master_id": None})


def members_release(*, members: Sequence[Case], now: dt.datetime) -> None:
    """Give the locked members of an event that lost its master back to the desk.  3 queries each.

    Nobody's case ends with another's.
    """
    for member in members:
        case_move(
            case=member, move=move_of(case=member, verb=Verb.UNMERGE, by=SYSTEM), by=SYSTEM, now=now,
            text=_("the case it was merged into has ended"), changed={"master_id": None},
        )  # fmt: skip
