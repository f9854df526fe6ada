"""What people decide about an import: approve, import, throw away, undo."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import OperationalError, transaction

from apps.common.dispatch import send_after_commit
from apps.sheets.errors import (
    BatchMoveRefused,
    FourEyes,
    LinesRefused,
    NothingToImport,
    SecondPersonNeeded,
    UndoExpired,
)
from apps.sheets.models import ImportBatch
from apps.sheets.services.running import batch_run
from apps.sheets.services.steps import batch_lock, batch_move, kind_for
from apps.sheets.states import LINES_IN_REQUEST, UNDO_KEPT, BatchState, Verb, verbs_open

if TYPE_CHECKING:
    from apps.accounts.models import Staff

log = structlog.get_logger(__name__)
_RIGHTS = {Verb.APPROVE: "sheets.approve_importbatch"}
_RIGHT = "sheets.add_importbatch"


def batch_act(*, batch_id: UUID, verb: Verb, staff: Staff, now: dt.datetime) -> ImportBatch:
    """Do what ``staff`` decides about an import and return it as it then is.  About 6 queries, and those of the work.

    ``verb``  approve, commit, discard or undo.  At most 2,000 rows are written at once, more by a worker.
    Raises BatchNotFound, SheetRightMissing, BatchMoveRefused, LinesRefused, NothingToImport, FourEyes,
    SecondPersonNeeded, UndoExpired.
    """
    with transaction.atomic():
        batch = batch_lock(batch_id=batch_id)
        kind_for(key=batch.kind, staff=staff, right=_RIGHTS.get(verb, _RIGHT))
        fields = _checked(batch, verb, staff, now)
        batch_move(batch=batch, verb=verb, staff=staff, now=now, **fields)
        works = verb in (Verb.COMMIT, Verb.UNDO)
        short = batch.new + batch.changed <= LINES_IN_REQUEST
        if works and not short:
            send_after_commit("sheets.batch_run", lane="bulk", batch_id=str(batch.id))
    if works and short:
        _run_now(batch_id, now)
    batch.refresh_from_db()
    return batch


def _checked(batch: ImportBatch, verb: Verb, staff: Staff, now: dt.datetime) -> dict[str, Any]:
    """Return what is written with the move.  Raises what stands against it."""
    if verb not in verbs_open(source=BatchState(batch.state)):
        raise BatchMoveRefused(state=batch.get_state_display())
    if verb in (Verb.APPROVE, Verb.COMMIT):
        _lines_check(batch)
    if verb is Verb.APPROVE:
        if batch.uploaded_by_id == staff.pk:
            raise FourEyes
        return {"approved_by": staff}
    if verb is Verb.COMMIT and batch.needs_second and batch.approved_by_id is None:
        raise SecondPersonNeeded
    if verb is Verb.UNDO:
        if batch.uploaded_at < now - UNDO_KEPT:
            raise UndoExpired
        # What took two people to do is not taken back by the first of them alone.
        if batch.needs_second and batch.uploaded_by_id == staff.pk:
            raise FourEyes
        return {"undone_by": staff}
    return {}


def _lines_check(batch: ImportBatch) -> None:
    if batch.refused:
        raise LinesRefused(count=batch.refused)
    if not batch.new + batch.changed:
        raise NothingToImport


def _run_now(batch_id: UUID, now: dt.datetime) -> None:
    try:
        batch_run(batch_id=batch_id, now=now)
    except OperationalError as error:
        # Somebody holds a row for long, or the database went away: the sweep has it tried again.
        log.warning("import_put_off", batch=str(batch_id), error=type(error).__name__)
