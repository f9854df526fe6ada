"""Writes of the figures: counting events, definitions, and exclusions with two pairs of eyes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import announce
from apps.common.dispatch import send_after_commit
from apps.feedback import selectors as feedback
from apps.reports import selectors
from apps.reports.aggregation import all_rewrite, days_of_cases, days_rewrite, figures_lock
from apps.reports.definitions import Basis, FormulaUnknown, formula_of
from apps.reports.errors import (
    DefinitionUnknown,
    ExclusionActive,
    ExclusionCaseUnknown,
    ExclusionDecided,
    ExclusionFourEyes,
    ExclusionNotAllowed,
    ExclusionReasonMissing,
)
from apps.reports.models import CaseExclusion, FigureState, IndicatorDefinition
from apps.reports.statements import analysis

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# An act is written under the moment in which it began: what commits late still lies within this.
OVERLAP = dt.timedelta(days=1)
# A rebuild of a million cases takes a minute and a half, and the first run may be one; the setting for requests is 15 s.
LONG_S, LONGEST_S = 200, 1800
MEMORY = "128MB"
ASKERS = frozenset({Role.INTAKE_CLERK, Role.SUPERVISOR, Role.DESK_HEAD})
REASON_CHARS = 500


# --- Counting --------------------------------------------------------------------------------------------------------
def figures_refresh(*, now: dt.datetime, days_back: int = 0) -> int:
    """Count what happened since the last run, up to ``now``; returns how many daily rows were written.

    Counted anew are the days since the last run and the day before, the days of answers that were rated since, the days
    of cases whose exclusion was approved since, and the last ``days_back`` days (0 to 400).  The first run counts all.
    One transaction under a lock, 9 queries and 4 more for each group of days that lie far apart; two to ten seconds at a
    million cases.
    """
    with analysis(timeout_s=LONG_S, memory=MEMORY):
        figures_lock()
        state = FigureState.objects.first()
        if state is None:
            return _everything(now)
        # The clocks of two machines differ a little; what was counted stays counted.
        now = max(now, state.as_of)
        days = set(_days_between(clock.local(state.as_of - OVERLAP).date(), clock.local(now).date()))
        days |= set(
            _days_between(clock.local(now).date() - dt.timedelta(days=days_back), clock.local(now).date())
        )
        days |= selectors.days_of_answers_rated(since=state.as_of - OVERLAP, until=now)
        days |= _exclusions_take(now)
        written = days_rewrite(days=days, as_of=now)
        FigureState.objects.update(as_of=now)
    announce("figures")
    return written


def figures_day_rebuild(*, days: Iterable[dt.date], now: dt.datetime) -> int:
    """Delete and count anew the figures of ``days``, as of the last run; returns how many daily rows were written.

    Gives exactly the rows that were there, unless events were changed behind the services.  Queries as ``figures_refresh``.
    """
    with analysis(timeout_s=LONG_S, memory=MEMORY):
        figures_lock()
        state = FigureState.objects.first()
        if state is None:
            return _everything(now)
        written = days_rewrite(days=days, as_of=state.as_of)
    announce("figures")
    return written


def figures_rebuild(*, now: dt.datetime) -> int:
    """Delete every figure and count all events up to ``now``; returns how many daily rows were written.  8 queries."""
    with analysis(timeout_s=LONGEST_S, memory=MEMORY):
        figures_lock()
        return _everything(now)


def _everything(now: dt.datetime) -> int:
    CaseExclusion.objects.filter(state="approved", counted_at=None).update(counted_at=now)
    written = all_rewrite(as_of=now)
    FigureState.objects.update_or_create(id=1, defaults={"as_of": now})
    announce("figures")
    return written


def _exclusions_take(now: dt.datetime) -> set[dt.date]:
    """Return the days of the cases that figures leave out from now on.  2 to 3 queries."""
    approved = CaseExclusion.objects.filter(state="approved", counted_at=None)
    taken = list(approved.select_for_update().values_list("id", "case_id"))
    if not taken:
        return set()
    CaseExclusion.objects.filter(id__in=[one for one, _case in taken]).update(counted_at=now)
    return days_of_cases(case_ids=[case for _one, case in taken], as_of=now)


def _days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]


# --- Definitions -----------------------------------------------------------------------------------------------------
def definitions_load(*, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add the definitions that are not there yet; returns how many were read.  1 query.  Raises DefinitionUnknown."""
    definitions = [IndicatorDefinition(**row) for row in rows]
    for definition in definitions:
        _formula_check(definition)
    IndicatorDefinition.objects.bulk_create(definitions, ignore_conflicts=True)
    announce("figures")
    return len(definitions)


def definition_save(*, definition: IndicatorDefinition) -> None:
    """Write a definition as a form filled it in.  1 query.  Raises DefinitionUnknown."""
    _formula_check(definition)
    definition.save()
    announce("figures")


def _formula_check(definition: IndicatorDefinition) -> None:
    try:
        formula_of(code=definition.code, version=definition.version)
    except FormulaUnknown as error:
        raise DefinitionUnknown(attr="version", code=definition.code, version=definition.version) from error


# --- Exclusions ------------------------------------------------------------------------------------------------------
def exclusion_ask(*, number: str, staff: Staff, basis: Basis, reason: str, now: dt.datetime) -> CaseExclusion:
    """Ask that a case be left out of the indicators whose definitions allow ``basis`` (剔除申请).  At most 5 queries.

    ``number``  of a case that ``staff`` may see and that is not part of another   ``reason``  1 to 500 characters
    Nothing is left out before someone else has approved it.
    Raises ExclusionNotAllowed, ExclusionReasonMissing, ExclusionCaseUnknown, ExclusionActive.
    """
    if not staff.roles & ASKERS:
        raise ExclusionNotAllowed
    if not 1 <= len(reason.strip()) <= REASON_CHARS:
        raise ExclusionReasonMissing(attr="reason")
    case = feedback.cases_visible(staff=staff).filter(number=number, parent=None).first()
    if case is None:
        raise ExclusionCaseUnknown(attr="number")
    try:
        with transaction.atomic():
            return CaseExclusion.objects.create(
                case=case, basis=basis.value, reason=reason.strip(), asked_by=staff, asked_at=now
            )
    except IntegrityError as error:
        raise ExclusionActive(attr="number") from error


def exclusion_decide(*, exclusion_id: UUID, staff: Staff, approve: bool, now: dt.datetime) -> CaseExclusion:
    """Approve or deny an exclusion; approved, the days of its case are counted anew at once.  3 queries.

    Only the heads of the intake desk decide, and not on what they asked for themselves.
    Raises ExclusionNotAllowed, ExclusionDecided (also for one that is not there), ExclusionFourEyes.
    """
    if Role.DESK_HEAD not in staff.roles:
        raise ExclusionNotAllowed
    with transaction.atomic():
        exclusion = CaseExclusion.objects.select_for_update().filter(id=exclusion_id).first()
        if exclusion is None or exclusion.state != CaseExclusion.State.ASKED:
            raise ExclusionDecided
        if exclusion.asked_by_id == staff.id:
            raise ExclusionFourEyes
        exclusion.state = CaseExclusion.State.APPROVED if approve else CaseExclusion.State.DENIED
        exclusion.decided_by, exclusion.decided_at = staff, now
        exclusion.save(update_fields=["state", "decided_by", "decided_at"])
        if approve:
            send_after_commit("reports.figures_refresh", lane="periodic")
    return exclusion
