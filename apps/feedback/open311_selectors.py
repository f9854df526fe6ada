"""Reads for programs of others (Open311): published cases by the day of the request, services, keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, Q
from django.db.models.functions import Greatest

from apps.feedback.board_selectors import Row
from apps.feedback.models import BoardEntry, Case, Category, Open311Key
from apps.feedback.states import CaseState

_OWN = ("text", "reply_text", "note", "lng", "lat", "submitted_at")
_JOINED = {
    "public_number": F("case__public_number"),
    "case_state": F("case__state"),
    "due_at": F("case__due_at"),
    "changed_at": Greatest("updated_at", "case__updated_at"),
    "unit": F("case__unit__short"),
    "category_code": F("category_id"),
    "category_name": F("category__name"),
}


def requests_of(*, public_numbers: Sequence[str]) -> list[Row]:
    """Return the published entries of these public numbers as Open311 shows them, newest request first.  1 query."""
    rows = BoardEntry.objects.published().filter(case__public_number__in=list(public_numbers))
    return list(rows.order_by("-submitted_at", "-id").values(*_OWN, **_JOINED))


def requests_between(
    *,
    since: dt.datetime,
    until: dt.datetime,
    categories: Sequence[str],
    is_open: bool | None,
    limit: int,
    offset: int,
) -> list[Row]:
    """Return the published entries of cases submitted in ``since`` ≤ t ≤ ``until``, newest request first.  1 query.

    ``categories``  codes of sub-categories, empty for all
    ``is_open``     True: the case is not closed yet; None: both
    """
    rows = BoardEntry.objects.published().filter(submitted_at__gte=since, submitted_at__lte=until)
    if categories:
        rows = rows.filter(category_id__in=list(categories))
    if is_open is not None:
        closed = Q(case__state=CaseState.CLOSED.value)
        rows = rows.filter(~closed if is_open else closed)
    return list(rows.order_by("-submitted_at", "-id").values(*_OWN, **_JOINED)[offset : offset + limit])


def services_open(*, on: dt.date) -> list[Category]:
    """Return the sub-categories in force that programs of others may hand in, with their group.  1 query.

    Sensitive ones are left out: those stay between the resident and the district.
    """
    rows = Category.objects.in_force(on).filter(parent__isnull=False, sensitive=False)
    return list(rows.select_related("parent").order_by("code"))


def key_find(*, key_hash: str) -> Open311Key | None:
    """Return the active key of this hash with its account, or None.  1 query."""
    return Open311Key.objects.select_related("resident").filter(key_hash=key_hash, is_active=True).first()


def request_handed_in(*, public_number: str) -> bool:
    """Return whether a program handed in the case of this public number.  1 query."""
    accounts = Open311Key.objects.values("resident_id")
    return Case.objects.filter(public_number=public_number, resident_id__in=accounts).exists()
