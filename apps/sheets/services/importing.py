"""Importing exactly what was previewed: all rows in one transaction, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.dispatch import send_after_commit
from apps.common.errors import Refused, constraint_of
from apps.common.sheet_resources import KeyedLoader
from apps.common.sheets import SheetKind, sheet_of
from apps.sheets.models import ImportBatch, ImportRow
from apps.sheets.services.comparing import tree_of
from apps.sheets.services.rows import (
    BUSY_S,
    change_tell,
    differing,
    fates_write,
    kind_try_lock,
    rows_put,
    rows_written,
)
from apps.sheets.services.steps import batch_lock, batch_move
from apps.sheets.states import ATTEMPTS_MOST, BatchState, Fate, Sort, Verb, rings


class Stopped(Exception):
    """Nothing may be written; ``ids`` the lines that stand in the way."""

    def __init__(self, note: str, ids: Sequence[int] = ()) -> None:
        super().__init__(note)
        self.note, self.ids = note, ids


def attempt_begin(*, batch_id: UUID, state: BatchState, now: dt.datetime) -> bool:
    """Count a run at an import in ``state``; False when it is in another one, or was tried too often.  2 to 4 queries.

    In a transaction of its own: a worker that is killed leaves the count.
    """
    with transaction.atomic():
        batch = batch_lock(batch_id=batch_id)
        if batch.state != state.value:
            return False
        if batch.attempt >= ATTEMPTS_MOST:
            verb = Verb.FAIL if state is BatchState.RUNNING else Verb.UNDO_REFUSE
            batch_move(
                batch=batch, verb=verb, staff=None, now=now, note=_("The work broke off %(most)s times.") % {"most": ATTEMPTS_MOST}
            )  # fmt: skip
            return False
        batch.attempt, batch.touched_at = batch.attempt + 1, now
        batch.save(update_fields=["attempt", "touched_at"])
    return True


def kind_held(*, batch: ImportBatch, state: BatchState) -> SheetKind | None:
    """Return the table of a locked import once this transaction may write it; None when it is not the time.  1 query.

    While another import writes the table, the run is queued again.
    """
    kind = sheet_of(batch.kind)
    if batch.state != state.value or kind is None:
        return None
    if not kind_try_lock(kind=kind):
        ImportBatch.objects.filter(id=batch.id).update(attempt=batch.attempt - 1)
        send_after_commit("sheets.batch_run", lane="bulk", countdown_s=BUSY_S, batch_id=str(batch.id))
        return None
    return kind


def batch_write(*, batch_id: UUID, now: dt.datetime) -> None:
    """Write a running import's rows, all or none, and end it: done, or refused with the lines that stand in the way.

    Each 500 rows: 4 queries, and 1 for each column that refers to other rows.  A row that is not as the preview saw it
    stops the whole.
    """
    if not attempt_begin(batch_id=batch_id, state=BatchState.RUNNING, now=now):
        return
    try:
        with transaction.atomic():
            batch = batch_lock(batch_id=batch_id)
            kind = kind_held(batch=batch, state=BatchState.RUNNING)
            if kind is None:
                return
            counts = _written(batch, kind)
            change_tell(kind=kind)
            batch_move(batch=batch, verb=Verb.FINISH, staff=None, now=now, counts=counts, attempt=0)
    except Stopped as stopped:
        _refuse(batch_id, stopped, now)
    except Refused as refused:
        _refuse(batch_id, Stopped(refused.text()), now)
    except IntegrityError as error:
        _refuse(batch_id, Stopped(integrity_text(error)), now)


def integrity_text(error: IntegrityError) -> str:
    """Return in words which of the database's rules refused a write; never the values of the row."""
    return _("The database refuses it: rule %(name)s.") % {"name": constraint_of(error)}


def _refuse(batch_id: UUID, stopped: Stopped, now: dt.datetime) -> None:
    with transaction.atomic():
        batch = batch_lock(batch_id=batch_id)
        conflicts = fates_write(ids=stopped.ids, fate=Fate.CONFLICT)
        batch_move(
            batch=batch, verb=Verb.REFUSE, staff=None, now=now, note=stopped.note, counts={"conflict": conflicts}
        )  # fmt: skip


def _written(batch: ImportBatch, kind: SheetKind) -> dict[str, int]:
    resource = kind.resource()
    loader = KeyedLoader(resource)
    columns = [name for name in batch.columns if name != resource.key_name()]
    conflicts: list[int] = []
    counts = {Sort.NEW.value: 0, Sort.CHANGED.value: 0}
    for chunk in rows_written(batch_id=batch.id):
        conflicts += differing(loader=loader, rows=chunk, image="before")
        if conflicts:
            # Nothing is written any more; the rest is only compared, to name all lines at once.
            continue
        for wave in _waves(kind, chunk):
            pairs = [(loader.found.get(row.key) or resource.init_instance(), row.after or {}) for row in wave]
            gone = set(rows_put(kind=kind, pairs=pairs, columns=columns))
            conflicts += [row.pk for row in wave if row.key in gone]
            if conflicts:
                break
        for row in chunk:
            counts[row.sort] += 1
    if conflicts:
        raise Stopped(
            _("%(count)s rows were changed by someone meanwhile.") % {"count": len(conflicts)}, conflicts
        )
    _rings_refuse(batch, kind)
    return counts


def _waves(kind: SheetKind, rows: Sequence[ImportRow]) -> Iterator[list[ImportRow]]:
    """Cut ``rows`` before each one that refers to a new row of the same cut: it must be there first."""
    own = {
        name
        for name, cell in kind.resource.reference_columns().items()
        if cell.target is kind.resource._meta.model
    }
    wave: list[ImportRow] = []
    made: set[str] = set()
    for row in rows:
        after = row.after or {}
        if made & {after.get(name) for name in own}:
            yield wave
            wave, made = [], set()
        wave.append(row)
        if row.sort == Sort.NEW.value:
            made.add(row.key)
    if wave:
        yield wave


def _rings_refuse(batch: ImportBatch, kind: SheetKind) -> None:
    """Look again: a row outside of the file may have been moved since the preview."""
    if not kind.tree or kind.tree not in batch.columns:
        return
    parents = tree_of(kind=kind)
    keys = list(
        ImportRow.objects.filter(batch=batch, sort__in=[Sort.NEW.value, Sort.CHANGED.value]).values_list(
            "key", flat=True
        )
    )
    ringed = rings(parents=parents, keys=keys)
    if ringed:
        ids = ImportRow.objects.filter(batch=batch, key__in=ringed).values_list("id", flat=True)
        raise Stopped(_("Rows would lead back to themselves."), list(ids))
