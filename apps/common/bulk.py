"""One act on several rows of a list: which rows were meant, and what became of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.common.errors import Refused

MOST = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: Any
    done: bool
    words: str


def ids_text(queryset: QuerySet[Any]) -> str:
    """Return the ids of the first 100 rows as an address carries them.  1 query."""
    return ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST])


def ids_named(request: HttpRequest) -> list[UUID]:
    """Return the ids that a request names as ``ids``, at most 100; what is no id is left out."""
    ids = []
    for text in (request.POST.get("ids") or request.GET.get("ids") or "").split(",")[:MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids


def outcome_of(row: Any, act: Callable[[], Any]) -> Outcome:
    """Return what became of ``row`` when ``act`` was done to it; a refusal is this row's result and no other's."""
    try:
        act()
    except Refused as refused:
        return Outcome(row, False, refused.text())
    return Outcome(row, True, _("done"))
