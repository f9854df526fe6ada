"""Undoing an import: what it changed is put back, what it made goes where nothing uses it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.common.errors import Refused
from apps.common.sheet_resources import KeyedLoader
from apps.common.sheets import SheetKind
from apps.sheets.models import ImportBatch, ImportRow
from apps.sheets.services.importing import Stopped, attempt_begin, integrity_text, kind_held
from apps.sheets.services.rows import (
    CHUNK,
    change_tell,
    differing,
    fates_write,
    rows_put,
    rows_written,
    used_elsewhere,
)
from apps.sheets.services.steps import batch_lock, batch_move
from apps.sheets.states import BatchState, Fate, Sort, Verb


def batch_unwrite(*, batch_id: UUID, now: dt.datetime) -> None:
    """Put back what an import changed and take away what it made, all or nothing.

    A row that was changed since stops the whole and is named.  A row that the import made and that something refers to
    stays, and so does what it refers to itself; it is reported.  Each 500 rows: 4 queries, 1 for each reference, and 1
    for each relation that leads to the table.
    """
    if not attempt_begin(batch_id=batch_id, state=BatchState.UNDOING, now=now):
        return
    try:
        with transaction.atomic():
            batch = batch_lock(batch_id=batch_id)
            kind = kind_held(batch=batch, state=BatchState.UNDOING)
            if kind is None:
                return
            ImportRow.objects.filter(batch=batch).exclude(fate="").update(fate="")
            counts = _unwritten(batch, kind)
            change_tell(kind=kind)
            batch_move(batch=batch, verb=Verb.UNDO_END, staff=None, now=now, counts=counts, attempt=0)
    except Stopped as stopped:
        _refuse(batch_id, stopped, now)
    except Refused as refused:
        _refuse(batch_id, Stopped(refused.text()), now)
    except IntegrityError as error:
        _refuse(batch_id, Stopped(integrity_text(error)), now)


def _refuse(batch_id: UUID, stopped: Stopped, now: dt.datetime) -> None:
    with transaction.atomic():
        batch = batch_lock(batch_id=batch_id)
        ImportRow.objects.filter(batch=batch).exclude(fate="").update(fate="")
        conflicts = fates_write(ids=stopped.ids, fate=Fate.CONFLICT)
        batch_move(
            batch=batch, verb=Verb.UNDO_REFUSE, staff=None, now=now, note=stopped.note, attempt=0,
            counts={"conflict": conflicts},
        )  # fmt: skip


def _unwritten(batch: ImportBatch, kind: SheetKind) -> dict[str, int]:
    loader = KeyedLoader(kind.resource())
    columns = [name for name in batch.columns if name != kind.resource.key_name()]
    conflicts: list[int] = []
    made: dict[str, ImportRow] = {}
    restored = 0
    for chunk in rows_written(batch_id=batch.id, backwards=True):
        conflicts += differing(loader=loader, rows=chunk, image="after")
        if conflicts:
            continue
        changed = [row for row in chunk if row.sort == Sort.CHANGED.value]
        made |= {row.key: row for row in chunk if row.sort == Sort.NEW.value}
        pairs = [(loader.found[row.key], row.before or {}) for row in changed]
        gone = set(rows_put(kind=kind, pairs=pairs, columns=columns)) if pairs else set()
        conflicts += [row.pk for row in changed if row.key in gone]
        restored += len(changed)
    if conflicts:
        raise Stopped(
            _("%(count)s rows were changed by someone since.") % {"count": len(conflicts)}, conflicts
        )
    kept = _kept(kind, made)
    _take_away(kind, [key for key in made if key not in kept])
    fates_write(ids=[made[key].pk for key in kept], fate=Fate.KEPT)
    return {"restored": restored, "removed": len(made) - len(kept), "kept": len(kept)}


def _kept(kind: SheetKind, made: dict[str, ImportRow]) -> set[str]:
    """Return the keys of made rows that are in use, with the made rows that these refer to."""
    loader = KeyedLoader(kind.resource())
    kept: set[str] = set()
    for keys in _chunks(made):
        rows = list(loader.load(keys=keys).values())
        kept |= used_elsewhere(kind=kind, rows=rows, apart=set(made))
    own = [
        name
        for name, cell in kind.resource.reference_columns().items()
        if cell.target is kind.resource._meta.model
    ]
    todo = list(kept)
    while todo:
        after = made[todo.pop()].after or {}
        more = {str(after[name]) for name in own if after.get(name) in made} - kept
        kept |= more
        todo += more
    return kept


def _take_away(kind: SheetKind, keys: list[str]) -> None:
    model, name = kind.resource._meta.model, kind.resource.key_name()
    if kind.created_undo == "deactivate":
        for chunk in _chunks(keys):
            model._default_manager.filter(**{f"{name}__in": chunk}).update(is_active=False)
        return
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(model._meta.get_field(name).column)
    with connection.cursor() as cursor:
        # Not by the ORM, which would refuse a row for the sake of another that goes with it; the database checks the
        # references when the transaction ends.
        cursor.execute(f"DELETE FROM {table} WHERE {column}::text = ANY(%s)", [keys])  # noqa: S608 - own names


def _chunks(keys: Iterable[str]) -> Iterable[list[str]]:
    held = list(keys)
    return (held[first : first + CHUNK] for first in range(0, len(held), CHUNK))
