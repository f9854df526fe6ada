"""Reads of cases and categories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet

from apps.common.changes import kept
from apps.common.models import Street, Upload
from apps.common.selectors import uploads_of
from apps.feedback.clock import Term
from apps.feedback.errors import CaseNotFound, CategoryUnknown
from apps.feedback.models import Case, Category, DeadlineProfile, Rating, TimelineEntry

STANDARD_PROFILE = "standard"
Dated = tuple[dt.date | None, dt.date | None]


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What holds for a new case."""

    profile_id: int
    settle: Term
    street_known: bool


@dataclass(frozen=True, slots=True)
class _IntakeTables:
    """The dated rows behind ``IntakeRules``, as every submission reads them."""

    profiles: dict[str, list[tuple[Dated, int, Term]]]
    categories: dict[str, list[tuple[Dated, str]]]
    streets: dict[str, Dated]


def intake_rules(*, category: str | None, street: str | None, on: dt.date) -> IntakeRules:
    """Return the deadline profile in force for ``category`` and whether ``street`` is offered.

    No query while nothing changed (``common.changes``), else 3.  Raises CategoryUnknown for a code that is not a
    sub-category in force.
    """
    tables = kept("reference", "intake", _intake_load)
    code = STANDARD_PROFILE
    if category:
        known = [profile for dated, profile in tables.categories.get(category, []) if _holds(dated, on)]
        if not known:
            raise CategoryUnknown(attr="category")
        code = known[0]
    for dated, profile_id, settle in tables.profiles.get(code, []):
        if _holds(dated, on):
            return IntakeRules(
                profile_id, settle, bool(street) and _holds(tables.streets.get(street or ""), on)
            )
    raise CategoryUnknown(attr="category")


def _holds(dated: Dated | None, on: dt.date) -> bool:
    return dated is not None and (dated[0] is None or dated[0] <= on) and (dated[1] is None or dated[1] > on)


def _intake_load() -> _IntakeTables:
    profiles: dict[str, list[tuple[Dated, int, Term]]] = {}
    for row in DeadlineProfile.objects.order_by("-valid_from"):
        settle = Term(row.settle_value, "hour" if row.settle_unit == "hour" else "workday")
        profiles.setdefault(row.code, []).append(((row.valid_from, row.valid_to), row.id, settle))
    categories: dict[str, list[tuple[Dated, str]]] = {}
    for child in Category.objects.filter(parent__isnull=False):
        categories.setdefault(child.code, []).append(((child.valid_from, child.valid_to), child.profile_code))
    streets = {s.code: (s.valid_from, s.valid_to) for s in Street.objects.filter(selectable=True)}
    return _IntakeTables(profiles, categories, streets)


def category_tree(*, on: dt.date) -> list[dict[str, Any]]:
    """Return the groups with their sub-categories in force.  2 queries."""
    children = Category.objects.in_force(on).order_by("code")
    groups = Category.objects.in_force(on).filter(parent=None).order_by("code")
    return [
        {
            "code": group.code,
            "name": group.name,
            "children": [
                {
                    "code": child.code,
                    "name": child.name,
                    "notice": child.notice,
                    "stopper": child.stopper or None,
                    "visibility": "public" if child.public_by_default else "private",
                    "sensitive": child.sensitive,
                }
                for child in group.children.all()
            ],
        }
        for group in groups.prefetch_related(Prefetch("children", queryset=children))
    ]


def cases_own(*, resident_id: UUID, state: str | None = None) -> QuerySet[Case]:
    """Return the resident's cases with their unit.  1 query when read."""
    rows = Case.objects.owned_by(resident_id).select_related("unit")
    return rows.filter(state=state) if state else rows


def case_own(*, number: str, resident_id: UUID) -> Case:
    """Return one of the resident's cases.  1 query.  Raises CaseNotFound, also for someone else's."""
    case = cases_own(resident_id=resident_id).filter(number=number).first()
    if case is None:
        raise CaseNotFound
    return case


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a set of cases: entries by case, photos by entry, the last rating by case."""

    entries: dict[UUID, list[TimelineEntry]]
    uploads: dict[UUID, list[Upload]]
    ratings: dict[UUID, Rating]


def histories_of(*, cases: Iterable[Case]) -> History:
    """Return the history of ``cases``, oldest entry first.  3 queries, whatever their number."""
    ids = [case.id for case in cases]
    entries: dict[UUID, list[TimelineEntry]] = {case_id: [] for case_id in ids}
    found = (
        TimelineEntry.objects.filter(case_id__in=ids, public=True)
        .select_related("unit", "staff")
        .order_by("id")
    )
    for entry in found:
        entries[entry.case_id].append(entry)
    uploads = uploads_of(attached_to=[entry.id for rows in entries.values() for entry in rows])
    ratings = {rating.case_id: rating for rating in Rating.objects.filter(case_id__in=ids).order_by("at")}
    return History(entries, uploads, ratings)


def queue_of(*, staff: Any) -> QuerySet[Case]:
    """Return what ``staff`` may see, the most urgent deadline first."""
    return (
        Case.objects.visible_to(staff)
        .select_related("unit", "category", "street")
        .order_by(F("due_at").asc(nulls_last=True), "id")
    )
