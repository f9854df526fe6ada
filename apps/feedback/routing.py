"""Routing rules as pure functions: which rule fits a case first, and why.  No database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Days = Literal["any", "workday", "off"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's conditions, all of which must hold (an empty one always does), and where it sends the case."""

    id: int
    name: str
    version: int
    live: bool
    request_types: frozenset[str]
    categories: frozenset[str]
    streets: frozenset[str]
    keywords: tuple[str, ...]
    keywords_not: tuple[str, ...]
    min_confidence: float | None
    hours: tuple[dt.time, dt.time] | None
    days: Days
    unit_id: int | None  # None: to the street office of the place
    co_unit_ids: tuple[int, ...]
    urgency: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule looks at.

    ``group_of``   the group of each sub-category that may be meant
    ``suggested``  (sub-category, confidence 0 to 1), best first; used only where ``category`` is None
    ``at``         aware, local time
    ``office_id``  the street office of ``street``, None where there is none
    """

    request_type: str
    category: str | None
    street: str | None
    text: str
    suggested: Sequence[tuple[str, float]]
    group_of: dict[str, str]
    at: dt.datetime
    workday: bool
    office_id: int | None


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fits: the unit it names, the category it took, and each condition that held as ``{"is", "value"}``."""

    rule: Rule
    unit_id: int
    category: str | None
    why: tuple[dict[str, Any], ...]


def first_match(*, rules: Sequence[Rule], facts: Facts) -> Match | None:
    """Return the first of ``rules`` that fits, or None."""
    for rule in rules:
        found = match_of(rule=rule, facts=facts)
        if found is not None:
            return found
    return None


def match_of(*, rule: Rule, facts: Facts) -> Match | None:
    """Return how ``rule`` fits ``facts``, or None when one of its conditions does not hold."""
    unit_id = rule.unit_id if rule.unit_id is not None else facts.office_id
    category, confidence = _category(rule, facts)
    if unit_id is None or not _fits(rule, facts, category):
        return None
    why: list[dict[str, Any]] = []
    if rule.request_types:
        why.append({"is": "request_type", "value": facts.request_type})
    if rule.categories or rule.min_confidence is not None:
        why.append({"is": "category", "value": category, "confidence": confidence})
    if rule.streets or rule.unit_id is None:
        why.append({"is": "street", "value": facts.street})
    if rule.keywords:
        why.append({"is": "keyword", "value": next(w for w in rule.keywords if w in facts.text)})
    if rule.hours or rule.days != "any":
        why.append({"is": "time", "value": facts.at.strftime("%Y-%m-%d %H:%M")})
    return Match(rule, unit_id, category, tuple(why))


def _fits(rule: Rule, facts: Facts, category: str | None) -> bool:
    """Whether every condition of ``rule`` holds."""
    return (
        (not rule.request_types or facts.request_type in rule.request_types)
        and (not rule.streets or facts.street in rule.streets)
        and (not rule.categories or _category_fits(rule, facts, category))
        and (rule.min_confidence is None or category is not None)
        and (not rule.keywords or any(word in facts.text for word in rule.keywords))
        and not any(word in facts.text for word in rule.keywords_not)
        and _time_fits(rule, facts)
    )


def _category(rule: Rule, facts: Facts) -> tuple[str | None, float | None]:
    """Return the category that the rule may go by: the chosen one, else a suggestion that is sure enough for it."""
    if facts.category is not None:
        return facts.category, None
    if rule.min_confidence is not None and facts.suggested and facts.suggested[0][1] >= rule.min_confidence:
        return facts.suggested[0][0], round(facts.suggested[0][1], 3)
    return None, None


def _category_fits(rule: Rule, facts: Facts, category: str | None) -> bool:
    return category is not None and bool({category, facts.group_of.get(category, "")} & rule.categories)


def _time_fits(rule: Rule, facts: Facts) -> bool:
    if rule.days != "any" and (rule.days == "workday") != facts.workday:
        return False
    if rule.hours is None:
        return True
    start, end = rule.hours
    clock = facts.at.time()
    return start <= clock < end if start <= end else clock >= start or clock < end
