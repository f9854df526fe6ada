"""Sending a case to its unit (派单): by a clerk, by a rule, by a ruling; and which unit to propose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.common import clock
from apps.feedback import intake
from apps.feedback.errors import ReportedUnit
from apps.feedback.models import Case, CoHandling, Ruling, TimelineEntry
from apps.feedback.services.deadlines import stages_from
from apps.feedback.services.moves import By, case_move, move_of
from apps.feedback.services.tellings import told_of
from apps.feedback.states import Move, Verb
from apps.notifications import services as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Department

# How long a ruling guides the dispatch of cases of the same category and street.
PRECEDENT = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The unit that a case probably belongs to, and in words why."""

    unit_id: int
    unit_code: str
    why: str


def case_send(
    *,
    case: Case,
    verb: Verb,
    by: By,
    unit_id: int,
    co_unit_ids: Sequence[int],
    now: dt.datetime,
    note: str = "",
    changed: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    move: Move | None = None,
) -> TimelineEntry:
    """Give a locked (or new) case to a lead unit and co-handling units; their clocks begin.  6 to 8 queries.

    Raises MoveRefused, ReportedUnit.
    """
    move = move or move_of(case=case, verb=verb, by=by)
    if case.reported_unit_id in {unit_id, *co_unit_ids}:
        raise ReportedUnit(attr="unit")
    units = accounts.departments_by_id(ids=[unit_id, *co_unit_ids])
    lead = units[unit_id]
    profile = intake.profile_by_id(profile_id=case.profile_id)
    stages = stages_from(dispatched_at=now, profile=profile)
    due = clock.local(case.due_at) if case.due_at else None
    helping = [one for one in dict.fromkeys(co_unit_ids) if one != unit_id]
    entry = case_move(
        case=case, move=move, by=by, now=now, text=note, unit=lead,
        changed={"unit_id": unit_id, **stages, **(changed or {})},
        notice={"unit": lead.short, "due": f"{due:%Y-%m-%d %H:%M}" if due else "-"},
        details={
            "contact_due_at": stages["contact_due_at"].isoformat(), "sign_due_at": stages["sign_due_at"].isoformat(),
            "co_units": helping, **(details or {}),
        },
    )  # fmt: skip
    if helping:
        CoHandling.objects.bulk_create(
            [CoHandling(case=case, unit_id=one, added_at=now) for one in helping], ignore_conflicts=True
        )
    if case.hops:
        # A unit that only helped before may lead now.
        CoHandling.objects.filter(case=case, unit_id=unit_id).delete()
    _units_tell(case, entry, lead, helping, now)
    return entry


def _units_tell(
    case: Case, entry: TimelineEntry, lead: Department, helping: Sequence[int], now: dt.datetime
) -> None:
    """Tell the handlers of the units.  2 queries."""
    handlers = accounts.staff_to_tell(unit_ids=[lead.id, *helping], roles=[Role.HANDLER])
    key = str(entry.id)
    told = [
        told_of(
            event="dispatched" if unit_id == lead.id else "helped", case=case, staff_ids=staff_ids, key=f"{key}:{unit_id}",
        )
        for (unit_id, _role), staff_ids in handlers.items()
    ]  # fmt: skip
    notifications.staff_tell(told=told, now=now)


def unit_proposed(*, case: Case, now: dt.datetime) -> Proposal | None:
    """Return the unit to propose for a case, with the reason, or None.  ≤ 2 queries beside ``intake.tables``.

    In this order: the rule that fitted when it came in, the newest ruling on a case of the same category and street,
    the street office where the category is a matter of the street, the category's lead unit.
    A case without a category is proposed by the best suggestion: a person decides.
    """
    told = case.routing or {}
    for one in (told, told.get("shadow") or {}):
        if one.get("unit"):
            unit = accounts.departments_by_id(ids=[one["unit"]]).get(one["unit"])
            if unit is not None:
                return Proposal(unit.id, unit.code, _("rule “%(name)s”") % {"name": one["name"]})
    code = case.category_id or (case.suggested[0]["code"] if case.suggested else None)
    ruling = _precedent(code, case.street_id, now)
    if ruling is not None:
        return Proposal(
            ruling.unit_id, ruling.unit.code,
            _("ruling of %(on)s on a case of the same kind") % {"on": f"{clock.local(ruling.at):%Y-%m-%d}"},
        )  # fmt: skip
    return _by_category(code, case.street_id, chosen=case.category_id is not None)


def _precedent(code: str | None, street: str | None, now: dt.datetime) -> Ruling | None:
    if code is None:
        return None
    rows = Ruling.objects.filter(category_id=code, street_id=street, at__gt=now - PRECEDENT)
    return rows.select_related("unit").order_by("-at").first()


def _by_category(code: str | None, street: str | None, *, chosen: bool) -> Proposal | None:
    held = intake.tables()
    known = held.categories.get(code or "")
    if not known:
        return None
    facts = known[0][1]
    office = held.offices.get(street or "")
    name = facts.name if chosen else _("suggested: %(name)s") % {"name": facts.name}
    # Matters of the streets as such (JD) and those that are tried at the street first.
    if office is not None and (facts.territorial or facts.lead_code == "JD"):
        return Proposal(
            office[0], office[1], _("street office of the place, category “%(name)s”") % {"name": name}
        )
    if facts.lead_id is None:
        return None
    return Proposal(
        facts.lead_id, facts.lead_code, _("lead unit of the category “%(name)s”") % {"name": name}
    )
