"""The one place where an import changes its state: the move is looked up, written and recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.common.sheets import SheetKind, sheet_of
from apps.sheets import labels
from apps.sheets.errors import BatchMoveRefused, BatchNotFound, SheetRightMissing
from apps.sheets.models import NOTE_CHARS, ImportBatch, ImportFile, ImportStep
from apps.sheets.states import FINAL, BatchState, MoveNotAllowed, Verb, move_target

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# Decided: the file is not needed any more.
_FILE_GONE = FINAL | {BatchState.DONE}


def kind_for(*, key: str, staff: Staff, right: str) -> SheetKind:
    """Return the table ``key`` for someone who holds ``right`` ("sheets.…") and may change that table.

    At most 2 queries, kept with ``staff``.  Raises SheetRightMissing, also for a table that is not there.
    """
    kind = sheet_of(key)
    if kind is None or not (staff.has_perm(kind.permission) and staff.has_perm(right)):
        raise SheetRightMissing
    return kind


def batch_lock(*, batch_id: UUID) -> ImportBatch:
    """Return an import, locked until the caller's transaction ends.  1 query.  Raises BatchNotFound."""
    batch: ImportBatch | None = (
        ImportBatch.objects.select_for_update(of=("self",)).filter(id=batch_id).first()
    )
    if batch is None:
        raise BatchNotFound
    return batch


def batch_move(
    *,
    batch: ImportBatch,
    verb: Verb,
    staff: Staff | None,
    now: dt.datetime,
    counts: Mapping[str, int] | None = None,
    note: str = "",
    **fields: Any,
) -> None:
    """Move a locked import on, write ``fields`` with it and record the step.  2 queries, 3 where its file goes.

    ``staff``  None for the system   ``note``  cut at 500 characters   Raises BatchMoveRefused.
    """
    source = BatchState(batch.state)
    try:
        target = move_target(source=source, verb=verb)
    except MoveNotAllowed as refused:
        raise BatchMoveRefused(state=str(labels.STATE_LABELS[source])) from refused
    written = {"state": target.value, "touched_at": now, "note": note[:NOTE_CHARS], **fields}
    for name, value in written.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(written))
    ImportStep.objects.create(
        batch=batch, verb=verb.value, source=source.value, target=target.value, staff=staff,
        counts=dict(counts or {}), note=note[:NOTE_CHARS], at=now,
    )  # fmt: skip
    if target in _FILE_GONE:
        ImportFile.objects.filter(batch=batch).delete()
