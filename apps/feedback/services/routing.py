"""Sending cases on by rule: at submission, and the writing, trying and switching of rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import announce, kept
from apps.common.errors import Refused
from apps.common.selectors import calendar_load
from apps.feedback import intake, routing
from apps.feedback.models import Case, RoutingRule, RoutingTrial
from apps.feedback.routing import Facts, Match, Rule

if TYPE_CHECKING:
    from apps.accounts.models import Staff

TRIAL_DAYS = 30
# The newest cases of that month; a rule that 20,000 cases do not show to be right needs another look, not more cases.
TRIAL_CASES = 20_000
SAMPLES = 50


class RuleForbidden(Refused):
    code = "rule_forbidden"
    message = _("Only the head of the intake desk switches rules.")
    status = 403


class TrialNeeded(Refused):
    code = "trial_needed"
    message = _("Try the rule on last month's cases first: this version has no dry run yet.")
    status = 409


class RuleNotFound(Refused):
    code = "rule_not_found"
    message = _("There is no such rule.")
    status = 404


def rules_in_force(*, on: dt.date) -> tuple[Rule, ...]:
    """Return the live and shadow rules in force on ``on``, in their order.  No query while nothing changed, else 2."""
    held: list[tuple[dt.date, dt.date | None, Rule]] = kept("reference", "routing", _load)
    return tuple(rule for since, until, rule in held if since <= on and (until is None or until > on))


def _load() -> list[tuple[dt.date, dt.date | None, Rule]]:
    rows = RoutingRule.objects.exclude(mode=RoutingRule.Mode.DRAFT).order_by("position", "id")
    return [(row.valid_from, row.valid_to, rule_of(row)) for row in rows.prefetch_related("co_units")]


def rule_of(row: RoutingRule) -> Rule:
    """Return the row as the matching reads it.  ≤ 1 query."""
    hours = (row.time_from, row.time_to) if row.time_from is not None and row.time_to is not None else None
    days = {"workday": "workday", "off": "off"}.get(row.days, "any")
    return Rule(
        id=row.id, name=row.name, version=row.version, live=row.mode == RoutingRule.Mode.LIVE,
        request_types=frozenset(row.request_types), categories=frozenset(row.categories),
        streets=frozenset(row.streets), keywords=tuple(row.keywords), keywords_not=tuple(row.keywords_not),
        min_confidence=row.min_confidence, hours=hours, days=days,  # type: ignore[arg-type]
        unit_id=None if row.to_street else row.unit_id,
        co_unit_ids=tuple(unit.id for unit in row.co_units.all()), urgency=row.urgency,
    )  # fmt: skip


def facts_of(case: Case) -> Facts:
    """Return what the rules look at of a case.  Queries as ``intake.tables``."""
    held, local = intake.tables(), clock.local(case.submitted_at)
    groups = {code: rows[0][1].group for code, rows in held.categories.items()}
    office = held.offices.get(case.street_id or "")
    return Facts(
        request_type=case.request_type, category=case.category_id, street=case.street_id, text=case.text,
        suggested=[(one["code"], float(one["score"])) for one in case.suggested], group_of=groups, at=local,
        workday=calendar_load(start=local.date()).day(local.date()).is_workday,
        office_id=office[0] if office else None,
    )  # fmt: skip


def route(*, case: Case) -> tuple[Match | None, dict[str, Any]]:
    """Return the live rule that fits a new case, and what to keep on the case: that rule and those in shadow.

    ``{"rule", "name", "version", "unit", "why"}`` and under ``"shadow"`` a list of the same.  Only a live rule may send a
    case on; the suggestion of a category alone never does (PIPL 24).  No query while nothing changed.
    """
    facts = facts_of(case)
    rules = rules_in_force(on=facts.at.date())
    found = routing.first_match(rules=[rule for rule in rules if rule.live], facts=facts)
    shadow = routing.first_match(rules=[rule for rule in rules if not rule.live], facts=facts)
    kept_on_case = _told(found) if found else {}
    if shadow:
        kept_on_case["shadow"] = _told(shadow)
    return found, kept_on_case


def _told(match: Match) -> dict[str, Any]:
    return {
        "rule": match.rule.id, "name": match.rule.name, "version": match.rule.version, "unit": match.unit_id,
        "why": list(match.why),
    }  # fmt: skip


def rule_try(*, rule_id: int, staff: Staff, now: dt.datetime) -> RoutingTrial:
    """Record what a rule would have done with the cases of the last 30 days (试运行), at most the newest 20,000.

    A case counts as right where its unit is the rule's; cases that no unit has are only counted as matched.  About 25 queries, sends nothing.
    Raises RuleForbidden, RuleNotFound.
    """
    _desk_only(staff)
    row = RoutingRule.objects.filter(id=rule_id).first()
    if row is None:
        raise RuleNotFound
    rule, since = rule_of(row), now - dt.timedelta(days=TRIAL_DAYS)
    looked = matched = same = other = 0
    others: list[dict[str, Any]] = []
    for case in _cases_since(since):
        looked += 1
        found = routing.match_of(rule=rule, facts=facts_of(case))
        if found is None:
            continue
        matched += 1
        if case.unit_id == found.unit_id:
            same += 1
        elif case.unit_id is not None:
            other += 1
            if len(others) < SAMPLES:
                others.append({"number": case.number, "got": case.unit_id, "rule": found.unit_id})
    return RoutingTrial.objects.create(
        rule=row, rule_version=row.version, at=now, staff=staff, since=since, cases=looked, matched=matched,
        same_unit=same, other_unit=other, samples=others,
    )  # fmt: skip


def _cases_since(since: dt.datetime) -> Sequence[Case]:
    rows = Case.objects.filter(submitted_at__gte=since, parent=None).order_by("-submitted_at", "-id")
    return rows.only(
        "number", "request_type", "category_id", "street_id", "text", "suggested", "submitted_at", "unit_id"
    )[:TRIAL_CASES]  # type: ignore[return-value]


def rule_switch(*, rule_id: int, mode: str, staff: Staff) -> None:
    """Make a rule a draft, let it run in shadow, or let it send cases on.  4 queries.

    Live only with a dry run of this very version.  Raises RuleForbidden, RuleNotFound, TrialNeeded.
    """
    _desk_only(staff)
    with transaction.atomic():
        row = RoutingRule.objects.select_for_update(of=("self",)).filter(id=rule_id).first()
        if row is None:
            raise RuleNotFound
        if mode == RoutingRule.Mode.LIVE and not row.trials.filter(rule_version=row.version).exists():
            raise TrialNeeded
        row.mode = RoutingRule.Mode(mode)
        row.save(update_fields=["mode"])
    announce("reference")


def rule_changed(*, row: RoutingRule) -> None:
    """Call before a changed rule is saved: it is a draft again, and its dry runs no longer count.  No query."""
    row.version += 1
    row.mode = RoutingRule.Mode.DRAFT


def _desk_only(staff: Staff) -> None:
    if not staff.is_superuser and Role.DESK_HEAD not in staff.roles:
        raise RuleForbidden
