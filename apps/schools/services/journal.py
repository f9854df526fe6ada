"""Writing a move of an application: state, version and one line of its journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.accounts.services import access_record
from apps.schools.errors import ApplicationMoveRefused
from apps.schools.models import Application, ApplicationEvent
from apps.schools.states import ApplicationMove


def look_record(*, row: Application, staff: Any, data: str, reason: str, now: dt.datetime) -> None:
    """Record that staff looked at personal data of an application, before they are shown.  2 queries.

    In the log that the resident who applied can read; of an application from the counter in its own journal.
    """
    words = reason.strip()[:200] or "review"
    if row.filed_by_id is not None:
        access_record(
            staff=staff, resident_id=row.filed_by_id, subject=row.number, data=data, reason=words, now=now
        )
        return
    ApplicationEvent.objects.create(
        application=row, verb="read", source=row.state, target=row.state, staff=staff, note=f"{data}: {words}"[:300], at=now
    )  # fmt: skip


def application_move(
    row: Application, move: ApplicationMove, now: dt.datetime, *, by: Any = None, note: str = ""
) -> None:
    """Save the locked row in its new state and write who did it.  2 queries.  ``by`` a ``By``, None for the round itself."""
    source, row.state = row.state, move.target
    row.version += 1
    row.save()
    resident_id: UUID | None = getattr(by, "resident_id", None)
    ApplicationEvent.objects.create(
        application=row, verb=move.verb, source=source, target=move.target, resident_id=resident_id,
        staff=getattr(by, "staff", None), note=note[:300], at=now,
    )  # fmt: skip


def applications_move(rows: Sequence[Application], move: ApplicationMove | None, now: dt.datetime) -> None:
    """Move many locked applications of one state as the round does.  2 queries for each 2,000."""
    if move is None:
        raise ApplicationMoveRefused
    for row in rows:
        row.state = move.target
        row.version += 1
    Application.objects.bulk_update(rows, ["state", "version"], batch_size=2000)
    ApplicationEvent.objects.bulk_create(
        [
            ApplicationEvent(application=row, verb=move.verb, source=move.source, target=move.target, at=now)
            for row in rows
        ],
        batch_size=2000,
    )
