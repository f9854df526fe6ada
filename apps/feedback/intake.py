"""The dated tables that a new case is measured by, kept in memory while nothing changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from apps.accounts import selectors as accounts
from apps.common.changes import kept
from apps.common.models import Street
from apps.feedback.clock import Term, Unit
from apps.feedback.errors import CategoryUnknown
from apps.feedback.models import Category, DeadlineProfile, DeadlineRule

STANDARD_PROFILE = "standard"
Dated = tuple[dt.date | None, dt.date | None]


@dataclass(frozen=True, slots=True)
class Profile:
    """A deadline profile: the terms of its stages and its limits."""

    id: int
    code: str
    sign: Term
    contact: Term
    settle: Term
    return_within: Term | None
    max_hops: int
    extension_max_workdays: int
    extension_times: int
    nudge_every: dt.timedelta
    answer_within: dt.timedelta


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What of a category a case is measured by."""

    code: str
    name: str
    group: str
    profile_code: str
    lead_id: int | None
    lead_code: str
    territorial: bool
    public_by_default: bool
    sensitive: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    dated: Dated
    request_type: str
    category: str
    urgency: str
    over: str
    profile_code: str


@dataclass(frozen=True, slots=True)
class IntakeTables:
    """The rows of all dates, as every submission reads them."""

    profiles: dict[str, list[tuple[Dated, Profile]]]
    by_id: dict[int, Profile]
    categories: dict[str, list[tuple[Dated, CategoryFacts]]]
    rules: list[_Rule]
    streets: dict[str, Dated]
    # The street office that serves a street: unit id and code by the street's code.
    offices: dict[str, tuple[int, str]]


class _Measured(Protocol):
    """What of a case decides its profile."""

    request_type: str
    category_id: str | None
    urgency: str


def tables() -> IntakeTables:
    """Return the tables.  No query while nothing changed (``common.changes``), else 5."""
    return kept("reference", "intake", _load)


def street_known(*, street: str, on: dt.date) -> bool:
    """Whether ``street`` is offered on ``on``.  Queries as ``tables``."""
    dated = tables().streets.get(street)
    return dated is not None and _holds(dated, on)


def category_facts(*, code: str, on: dt.date) -> CategoryFacts:
    """Return a sub-category in force.  Queries as ``tables``.  Raises CategoryUnknown."""
    for dated, facts in tables().categories.get(code, []):
        if _holds(dated, on):
            return facts
    raise CategoryUnknown(attr="category")


def category_of(case: _Measured) -> CategoryFacts | None:
    """Return the category of a case, whatever its dates, or None.  Queries as ``tables``."""
    known = tables().categories.get(case.category_id or "")
    return known[0][1] if known else None


def profile_for(*, request_type: str, category: str | None, urgency: str, on: dt.date) -> Profile:
    """Return the deadline profile in force for a case.  Queries as ``tables``.

    The first rule by order whose type, category and urgency fit, else the category's own profile, else the standard.
    Raises CategoryUnknown for a code that is not a sub-category in force.
    """
    held = tables()
    facts = category_facts(code=category, on=on) if category else None
    base = facts.profile_code if facts else STANDARD_PROFILE
    for rule in held.rules:
        if (
            _holds(rule.dated, on)
            and rule.request_type in ("", request_type)
            and rule.urgency in ("", urgency)
            and rule.over in ("", base)
            and (not rule.category or (facts is not None and rule.category in (facts.code, facts.group)))
        ):
            base = rule.profile_code
            break
    for code in (base, STANDARD_PROFILE):
        for dated, profile in held.profiles.get(code, []):
            if _holds(dated, on):
                return profile
    raise CategoryUnknown(attr="category")


def profile_by_id(*, profile_id: int | None) -> Profile:
    """Return the profile that a case was promised.  Queries as ``tables``.  Raises KeyError."""
    return tables().by_id[profile_id or 0]


def _holds(dated: Dated, on: dt.date) -> bool:
    return (dated[0] is None or dated[0] <= on) and (dated[1] is None or dated[1] > on)


def _unit(text: str) -> Unit:
    return "hour" if text == "hour" else "workday"


def _profile(row: DeadlineProfile) -> Profile:
    return Profile(
        id=row.id, code=row.code, sign=Term(row.sign_value, _unit(row.sign_unit)),
        contact=Term(row.respond_value, _unit(row.respond_unit)),
        settle=Term(row.settle_value, _unit(row.settle_unit)),
        return_within=Term(row.return_value, _unit(row.return_unit)) if row.return_value else None,
        max_hops=row.max_hops, extension_max_workdays=row.extension_max_workdays,
        extension_times=row.extension_times, nudge_every=dt.timedelta(hours=row.nudge_every_h),
        answer_within=dt.timedelta(days=row.answer_within_days),
    )  # fmt: skip


def _load() -> IntakeTables:
    profiles: dict[str, list[tuple[Dated, Profile]]] = {}
    for row in DeadlineProfile.objects.order_by("-valid_from"):
        profiles.setdefault(row.code, []).append(((row.valid_from, row.valid_to), _profile(row)))
    categories: dict[str, list[tuple[Dated, CategoryFacts]]] = {}
    for child in Category.objects.filter(parent__isnull=False).select_related("lead"):
        facts = CategoryFacts(
            code=child.code, name=child.name, group=child.parent_id, profile_code=child.profile_code,
            lead_id=child.lead_id, lead_code=child.lead.code if child.lead else "", territorial=child.territorial,
            public_by_default=child.public_by_default, sensitive=child.sensitive, evidence=tuple(child.evidence),
        )  # fmt: skip
        categories.setdefault(child.code, []).append(((child.valid_from, child.valid_to), facts))
    rules = [
        _Rule(
            (r.valid_from, r.valid_to), r.request_type, r.category_id or "", r.urgency, r.over, r.profile_code
        )
        for r in DeadlineRule.objects.order_by("position", "id")
    ]
    streets = {s.code: (s.valid_from, s.valid_to) for s in Street.objects.filter(selectable=True)}
    return IntakeTables(
        profiles=profiles,
        by_id={profile.id: profile for rows in profiles.values() for _dated, profile in rows},
        categories=categories,
        rules=rules,
        streets=streets,
        offices=accounts.street_offices(),
    )
