"""Lists of people for campaigns: phone numbers lead to residents and are forgotten."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.common.errors import Refused
from apps.notifications.models import CampaignList, CampaignListEntry

CHUNK = 5_000
MOST_ROWS = 100_000
# As people write them: 199 0000 0001, +86 199-0000-0001.
_BETWEEN = re.compile(r"[\s\-()（）·]")
_PHONE = re.compile(r"(?:\+?86)?(1\d{10})")


class ListEmpty(Refused):
    code = "list_empty"
    message = _("No resident was found for the phone numbers of the list.")
    status = 400


@dataclass(frozen=True, slots=True)
class ListLoaded:
    """A list and what became of the lines of its file."""

    people: CampaignList
    rows: int
    matched: int
    unmatched: int
    duplicates: int


def campaign_list_load(
    *, file_name: str, sha256: str, phones: Sequence[str], staff: Any, now: dt.datetime
) -> ListLoaded:
    """Keep whom the numbers of a file lead to, and of the file its name and sum alone.

    ``phones``  the cells as they were read, without empty ones, at most 100,000; what is no number leads to nobody
    2 queries for each 5,000.  Raises ListEmpty when nobody was found.
    """
    numbers = [_number(cell) for cell in phones[:MOST_ROWS]]
    unique = sorted({number or cell for number, cell in zip(numbers, phones, strict=False)})
    with transaction.atomic():
        people = CampaignList.objects.create(
            file_name=file_name[:120],
            sha256=sha256,
            rows=len(numbers),
            matched=0,
            staff=staff,
            created_at=now,
        )
        for first in range(0, len(unique), CHUNK):
            found = accounts.residents_of_phones(phones=unique[first : first + CHUNK])
            CampaignListEntry.objects.bulk_create(
                CampaignListEntry(list=people, resident_id=resident_id)
                for resident_id in sorted(set(found.values()))
            )
            people.matched += len(found)
        if not people.matched:
            raise ListEmpty(attr="file")
        people.save(update_fields=["matched"])
    return ListLoaded(
        people, rows=len(numbers), matched=people.matched, unmatched=len(unique) - people.matched,
        duplicates=len(numbers) - len(unique),
    )  # fmt: skip


def _number(cell: str) -> str:
    found = _PHONE.fullmatch(_BETWEEN.sub("", cell))
    return found.group(1) if found else ""
