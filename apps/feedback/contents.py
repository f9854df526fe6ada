"""What residents write and photograph here, for content safety: what there is, and how a reviewer reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.feedback.models import Case, Rating, TimelineEntry
from apps.safety.subjects import Piece, subject_register


class Content(StrEnum):
    """The kinds of content, as content safety knows them."""

    CASE = "feedback.case"  # its text and the photos it came with: what may be published
    ENTRY = "feedback.entry"  # what was added later
    RATING = "feedback.rating"


def _pieces(rows: Iterable[tuple[Any, str, Any, str]]) -> dict[str, Piece]:
    return {
        str(row_id): Piece(text, number, reverse("admin:feedback_case_change", args=[case_id]))
        for row_id, text, case_id, number in rows
    }


def _cases(ids: Sequence[str]) -> Mapping[str, Piece]:
    return _pieces(Case.objects.filter(id__in=ids).values_list("id", "text", "id", "number"))


def _entries(ids: Sequence[str]) -> Mapping[str, Piece]:
    rows = TimelineEntry.objects.filter(id__in=ids)
    return _pieces(rows.values_list("id", "text", "case_id", "case__number"))


def _ratings(ids: Sequence[str]) -> Mapping[str, Piece]:
    rows = Rating.objects.filter(id__in=ids)
    return _pieces(rows.values_list("id", "comment", "case_id", "case__number"))


subject_register(kind=Content.CASE.value, label=_("text or photos of a case"), pieces_of=_cases)
subject_register(kind=Content.ENTRY.value, label=_("addition to a case"), pieces_of=_entries)
subject_register(kind=Content.RATING.value, label=_("comment of a rating"), pieces_of=_ratings)
