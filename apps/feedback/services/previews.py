"""What the resident would get of an act: the act is done, looked at, and undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.feedback.models import Case
from apps.notifications import selectors as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Staff


@dataclass(frozen=True, slots=True)
class Preview:
    """One message as the inbox would hold it."""

    title: str
    body: str


def act_preview(
    *, act: Callable[..., Any], case: Case, staff: Staff, now: dt.datetime, given: Mapping[str, Any]
) -> list[Preview]:
    """Return the messages that ``act`` with ``given`` would send the resident; nothing of it stays.

    Done in a transaction that is rolled back, so that what is shown is what would be sent, and what would be refused is
    refused here too.  As many queries as the act, and one.  Raises whatever the act raises.
    """
    with transaction.atomic():
        act(number=case.number, staff=staff, now=now, **given)
        rows = notifications.inbox_of(resident_id=case.resident_id).filter(created_at=now)
        told = [Preview(row.title, row.body) for row in rows if row.params.get("number") == case.number]
        transaction.set_rollback(True)
    return told
