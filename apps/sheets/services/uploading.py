"""Taking a file in, and the preview: what importing it would do, written down line by line."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.api.fields import text_clean
from apps.common.dispatch import send_after_commit
from apps.common.sheets import SheetKind, sheet_of
from apps.sheets.errors import SheetRefused
from apps.sheets.models import FILE_NAME_CHARS, ImportBatch, ImportFile, ImportRow, ImportStep
from apps.sheets.services.comparing import Draft, Walk, lines_compare, rings_find
from apps.sheets.services.steps import batch_lock, batch_move, kind_for
from apps.sheets.states import (
    ATTEMPTS_MOST,
    LINES_IN_REQUEST,
    STUCK_AFTER,
    BatchState,
    Sort,
    Verb,
    second_person_needed,
)
from apps.sheets.tables import Table, table_read

if TYPE_CHECKING:
    from apps.accounts.models import Staff

CHUNK = 500


class _Superseded(Exception):
    """Another run took the import over."""


def batch_upload(*, kind: str, file_name: str, raw: bytes, staff: Staff, now: dt.datetime) -> ImportBatch:
    """Keep a file for table ``kind`` and return its import.  At most 5 queries before the preview.

    A file of at most 2,000 lines is compared at once, a longer one by a worker; nothing is written to the table.
    ``raw``  see ``table_read``   Raises SheetRightMissing, SheetRefused (also for 0 lines).
    """
    sheet = kind_for(key=kind, staff=staff, right="sheets.add_importbatch")
    table = table_read(raw=raw, kind=sheet, most=LINES_IN_REQUEST + 1)
    short = len(table.lines) <= LINES_IN_REQUEST
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind, file_name=_name_clean(file_name), sha256=hashlib.sha256(raw).hexdigest(), size_bytes=len(raw),
            columns=list(table.columns), uploaded_by=staff, uploaded_at=now, touched_at=now,
        )  # fmt: skip
        ImportFile.objects.create(batch=batch, content=base64.b64encode(raw).decode())
        ImportStep.objects.create(
            batch=batch,
            verb="upload",
            target=batch.state,
            staff=staff,
            counts={"size_bytes": len(raw)},
            at=now,
        )
        if not short:
            send_after_commit("sheets.batch_run", lane="bulk", batch_id=str(batch.id))
    if short:
        batch_preview(batch_id=batch.id, now=now, table=table)
    batch.refresh_from_db()
    return batch


def _name_clean(name: str) -> str:
    text = text_clean(name.replace("\\", "/").rsplit("/", 1)[-1]).replace("\n", " ").strip()
    return text[-FILE_NAME_CHARS:] or "-"


def batch_preview(*, batch_id: UUID, now: dt.datetime, table: Table | None = None) -> None:
    """Compare a file with its table and write down what it would do with each line.

    In chunks of 500 lines with a transaction each: 3 queries, and 1 for each column that refers to rows not known yet.
    A run that broke off is begun anew by the next one, three times at most.  Does nothing while another run is at it.
    ``table``  the lines, where the caller has just read them
    """
    batch = _begun(batch_id, now)
    if batch is None:
        return
    try:
        kind = _kind_of(batch)
        if table is None:
            table = table_read(raw=base64.b64decode(batch.file.content), kind=kind)
        walk = _compared(batch, kind, table)
        _ended(batch, walk, len(table.lines))
    except SheetRefused as refused:
        with transaction.atomic():
            batch_move(
                batch=batch_lock(batch_id=batch_id),
                verb=Verb.REFUSE,
                staff=None,
                now=now,
                note=refused.text(),
            )
    except _Superseded:
        return


def _kind_of(batch: ImportBatch) -> SheetKind:
    kind = sheet_of(batch.kind)
    if kind is None:
        raise SheetRefused(why=_("there is no such table any more."))
    return kind


def _begun(batch_id: UUID, now: dt.datetime) -> ImportBatch | None:
    """Take an import over, with no line written down; None when another run is at it or it waits for something else."""
    with transaction.atomic():
        batch = batch_lock(batch_id=batch_id)
        if batch.state == BatchState.UPLOADED.value:
            batch_move(batch=batch, verb=Verb.PREVIEW, staff=None, now=now, attempt=1)
            return batch
        if batch.state != BatchState.PREVIEWING.value or batch.touched_at > now - STUCK_AFTER:
            return None
        if batch.attempt >= ATTEMPTS_MOST:
            batch_move(batch=batch, verb=Verb.FAIL, staff=None, now=now)
            return None
        ImportRow.objects.filter(batch=batch).delete()
        batch.attempt, batch.touched_at, batch.compared = batch.attempt + 1, now, 0
        batch.save(update_fields=["attempt", "touched_at", "compared"])
        return batch


def _compared(batch: ImportBatch, kind: SheetKind, table: Table) -> Walk:
    walk = Walk(kind)
    for first in range(0, len(table.lines), CHUNK):
        drafts = lines_compare(walk=walk, lines=table.lines[first : first + CHUNK])
        with transaction.atomic():
            _hold(batch, lines=len(table.lines), compared=first + len(drafts))
            ImportRow.objects.bulk_create(_row(batch, draft) for draft in drafts)
    return walk


def _row(batch: ImportBatch, draft: Draft) -> ImportRow:
    return ImportRow(
        batch=batch, line=draft.line, key=draft.key, sort=draft.sort.value, before=draft.before, after=draft.after,
        errors=[list(one) for one in draft.errors],
    )  # fmt: skip


def _hold(batch: ImportBatch, **progress: int) -> None:
    """Say how far this run is.  Raises _Superseded when it is not this run's import any more."""
    held = ImportBatch.objects.filter(
        id=batch.id, state=BatchState.PREVIEWING.value, attempt=batch.attempt
    ).update(touched_at=clock.now(), **progress)
    if not held:
        raise _Superseded


def _ended(batch: ImportBatch, walk: Walk, lines: int) -> None:
    kind, counts = walk.kind, walk.counts
    ringed = rings_find(walk=walk)
    with transaction.atomic():
        held = batch_lock(batch_id=batch.id)
        if (held.state, held.attempt) != (BatchState.PREVIEWING.value, batch.attempt):
            raise _Superseded
        if ringed:
            rows = ImportRow.objects.filter(batch=held, key__in=ringed)
            for sort in (Sort.NEW, Sort.CHANGED):
                moved = rows.filter(sort=sort.value).update(
                    sort=Sort.REFUSED.value, before=None, after=None,
                    errors=[[kind.tree, _("leads back to the row itself.")]],
                )  # fmt: skip
                counts[sort] -= moved
                counts[Sort.REFUSED] += moved
        told: dict[str, Any] = {sort.value: counts[sort] for sort in Sort}
        batch_move(
            batch=held, verb=Verb.PREVIEW_END, staff=None, now=clock.now(), counts={"lines": lines, **told},
            lines=lines, compared=lines, guarded=sorted(walk.guarded), attempt=0,
            needs_second=second_person_needed(
                written=counts[Sort.NEW] + counts[Sort.CHANGED], most=kind.second_person_rows, guarded_touched=walk.guarded
            ),
            **told,
        )  # fmt: skip
