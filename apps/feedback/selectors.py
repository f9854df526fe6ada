"""Reads of cases and categories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.changes import kept
from apps.common.models import Street, Upload
from apps.common.selectors import uploads_of
from apps.common.words import query_words
from apps.feedback.board_states import BoardState
from apps.feedback.errors import CaseNotFound
from apps.feedback.models import (
    BoardEntry,
    Case,
    Category,
    DutyClause,
    HandoverChannel,
    Question,
    Rating,
    TimelineEntry,
)
from apps.feedback.states import CaseState

QUEUE_ORDER = ("queue_rank", "due_at", "id")
NEWEST = ("-submitted_at", "-id")


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
    """Return the resident's cases with their unit and ``published``, whether the public board shows them.

    1 query when read.
    """
    shown = BoardEntry.objects.filter(case_id=OuterRef("pk"), state=BoardState.PUBLISHED.value)
    rows: QuerySet[Case] = Case.objects.owned_by(resident_id).select_related("unit")
    rows = rows.annotate(published=Exists(shown))
    return rows.filter(state=state) if state else rows


def case_own(*, number: str, resident_id: UUID) -> Case:
    """Return one of the resident's cases.  1 query.  Raises CaseNotFound, also for someone else's."""
    case = cases_own(resident_id=resident_id).filter(number=number).first()
    if case is None:
        raise CaseNotFound
    return case


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a set of cases: entries by case, photos by entry, the last rating and the open question by case."""

    entries: dict[UUID, list[TimelineEntry]]
    uploads: dict[UUID, list[Upload]] = field(default_factory=dict)
    ratings: dict[UUID, Rating] = field(default_factory=dict)
    questions: dict[UUID, Question] = field(default_factory=dict)


def histories_of(*, cases: Iterable[Case], internal: bool = False) -> History:
    """Return the history of ``cases``, oldest entry first.  3 queries, whatever their number; 4 with a suspended one.

    ``internal``  also the acts between units, which residents do not see
    """
    held = list(cases)
    ids = [case.id for case in held]
    entries: dict[UUID, list[TimelineEntry]] = {case_id: [] for case_id in ids}
    found = TimelineEntry.objects.filter(case_id__in=ids).select_related("unit", "staff").order_by("id")
    for entry in found if internal else found.filter(public=True):
        entries[entry.case_id].append(entry)
    uploads = uploads_of(attached_to=[entry.id for rows in entries.values() for entry in rows])
    ratings = {rating.case_id: rating for rating in Rating.objects.filter(case_id__in=ids).order_by("at")}
    paused = [case.id for case in held if case.state == CaseState.SUSPENDED]
    return History(entries, uploads, ratings, _questions_open(paused))


def _questions_open(ids: list[UUID]) -> dict[UUID, Question]:
    """Return the question that waits for an answer, by case.  ≤ 1 query."""
    if not ids:
        return {}
    rows = Question.objects.filter(case_id__in=ids, answered_at=None, pause__ended_at=None)
    return {question.case_id: question for question in rows}


def queue_of(*, staff: Any) -> QuerySet[Case]:
    """Return the queue of ``staff``: supervised cases, then nudged ones, then by deadline."""
    return Case.objects.led_for(staff).select_related("unit", "category", "street").order_by(*QUEUE_ORDER)


def queue_heads(
    *, staff: Any, states: Sequence[CaseState], limit: int, due_before: dt.datetime | None = None
) -> list[Case]:
    """Return the first ``limit`` cases of the queue of ``staff`` in one of ``states``.  1 query.

    A walk down an index for each state, at most ``limit`` rows each: a state in which most cases end is not sorted whole.
    ``due_before``  only those whose deadline lies before it
    """
    rows = Case.objects.led_for(staff).order_by(*QUEUE_ORDER)
    if due_before is not None:
        rows = rows.filter(due_at__lt=due_before)
    first, *others = [rows.filter(state=state.value)[:limit] for state in states]
    found = first.union(*others, all=True) if others else first
    return sorted(found, key=lambda case: (case.queue_rank, case.due_at or clock.now(), case.id))[:limit]


def cases_visible(*, staff: Any) -> QuerySet[Case]:
    """Return every case that ``staff`` may open, with what its page shows."""
    rows = Case.objects.visible_to(staff)
    return rows.select_related(
        "unit",
        "category__lead",
        "street",
        "resident",
        "master",
        "parent",
        "reported_unit",
        "on_behalf",
        "board_entry",
    )


def cases_named(*, staff: Any, text: str, limit: int) -> list[Case]:
    """Return cases whose number begins with ``text``, or that hold all its words, newest first, of what ``staff`` may see.

    1 query, 0 without words.
    """
    rows = Case.objects.visible_to(staff)
    if text.isdigit():
        return list(rows.filter(number__startswith=text).order_by("-number")[:limit])
    words = query_words(text)
    return list(rows.with_words(words).order_by("-id")[:limit]) if words else []


def helped_of(*, staff: Any) -> QuerySet[Case]:
    """Return what the units of ``staff`` help other units with, in the order of a queue."""
    rows = Case.objects.helped_by(staff).filter(settled_at=None)
    return rows.select_related("unit", "category", "street").order_by(*QUEUE_ORDER)


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the filters of the queue offer: (code, words)."""

    units: list[tuple[str, str]]
    streets: list[tuple[str, str]]
    groups: list[tuple[str, str]]


def filter_choices_at(*, on: dt.date) -> FilterChoices:
    """Return what the queue can be filtered by on ``on``.  No query while nothing changed, else 3."""

    def load() -> FilterChoices:
        units = accounts.departments_active().values_list("id", "short")
        streets = Street.objects.in_force(on).filter(selectable=True).order_by("code")
        groups = Category.objects.in_force(on).filter(parent=None).order_by("code")
        return FilterChoices(
            units=[(str(unit_id), short) for unit_id, short in units],
            streets=list(streets.values_list("code", "name")),
            groups=list(groups.values_list("code", "name")),
        )

    return kept("reference", ("filter choices", on), load)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the forms of acts offer: (code, words)."""

    units: list[tuple[str, str]]
    categories: list[tuple[str, list[tuple[str, str]]]]
    channels: list[tuple[str, str]]
    clauses: list[tuple[str, str]]


def choices_at(*, on: dt.date) -> Choices:
    """Return what can be chosen in a form on ``on``.  No query while nothing changed, else 4."""

    def load() -> Choices:
        channels = HandoverChannel.objects.filter(is_active=True).order_by("name").values_list("code", "name")
        clauses = DutyClause.objects.filter(is_active=True).order_by("code").values_list("code", "text")
        return Choices(
            units=list(accounts.departments_active().values_list("code", "short")),
            categories=_categories_by_group(on),
            channels=list(channels),
            clauses=[(code, f"{code} {text}") for code, text in clauses],
        )

    return kept("reference", ("choices", on), load)


def matter_words(*, category: str | None, street: str | None, on: dt.date) -> str:
    """Return the matter and the street of a case in words.  Queries as ``choices_at`` and ``filter_choices_at``."""
    held, streets = choices_at(on=on), dict(filter_choices_at(on=on).streets)
    names = {code: words.removeprefix(f"{code} ") for _group, rows in held.categories for code, words in rows}
    return " · ".join(word for word in (names.get(category or ""), streets.get(street or "")) if word)


def _categories_by_group(on: dt.date) -> list[tuple[str, list[tuple[str, str]]]]:
    rows = (
        Category.objects.in_force(on).filter(parent__isnull=False).select_related("parent").order_by("code")
    )
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(str(row.parent), []).append((row.code, f"{row.code} {row.name}"))
    return list(groups.items())
