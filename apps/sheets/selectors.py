"""Reads of imports: which tables someone sees, what an import does line by line, who did what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.common.sheet_resources import FIELDS_NOTE
from apps.common.sheets import SheetDesk, SheetKind, sheet_desks, sheet_of, sheets_all
from apps.sheets import labels
from apps.sheets.models import ImportBatch, ImportRow, ImportStep
from apps.sheets.states import UNDO_KEPT, BatchState, Fate, Sort, Verb, verbs_open

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# A page holds so many lines of each outcome, whatever the file holds.
LINES_SHOWN = 200
_RIGHTS = {
    Verb.APPROVE: "sheets.approve_importbatch",
    Verb.COMMIT: "sheets.add_importbatch",
    Verb.DISCARD: "sheets.add_importbatch",
    Verb.UNDO: "sheets.add_importbatch",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a line, in words: what it was and what it becomes."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as the page shows it.  ``errors`` are ``(column's name, text)``."""

    line: int
    key: str
    cells: tuple[Cell, ...]
    errors: tuple[tuple[str, str], ...]
    fate: str


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as the page shows it."""

    what: str
    who: str
    at: dt.datetime
    note: str


def kinds_of(*, staff: Staff) -> list[SheetKind]:
    """Return the tables that ``staff`` may see: those they may change.  At most 2 queries, kept with ``staff``."""
    return [kind for kind in sheets_all() if staff.has_perm(kind.permission)]


def desks_of(*, staff: Staff) -> list[SheetDesk]:
    """Return the other desks where ``staff`` may load a table.  At most 2 queries, kept with ``staff``."""
    return [desk for desk in sheet_desks() if staff.has_perm(desk.permission)]


def batches_visible(*, staff: Staff) -> QuerySet[ImportBatch]:
    """Return the imports of the tables that ``staff`` may see.  1 query when read."""
    return ImportBatch.objects.filter(kind__in=[kind.key for kind in kinds_of(staff=staff)])


def kind_label(*, key: str) -> str:
    """Return what a table is called, its key for one that is not there any more."""
    kind = sheet_of(key)
    return str(kind.label) if kind else key


def lines_of(*, batch: ImportBatch, sort: Sort) -> list[ShownLine]:
    """Return the first 200 lines of an outcome.  1 query."""
    rows = ImportRow.objects.filter(batch=batch, sort=sort.value).order_by("line")[:LINES_SHOWN]
    return _shown(batch, rows)


def fates_of(*, batch: ImportBatch) -> list[ShownLine]:
    """Return the first 200 lines of which something is to be said after the import or its undoing.  1 query."""
    rows = ImportRow.objects.filter(batch=batch).exclude(fate="").order_by("line")[:LINES_SHOWN]
    return _shown(batch, rows)


def _shown(batch: ImportBatch, rows: QuerySet[ImportRow]) -> list[ShownLine]:
    kind = sheet_of(batch.kind)
    if kind is None:
        return []
    names = kind.resource.labels()
    return [
        ShownLine(
            line=row.line, key=row.key, cells=_cells(kind, names, row),
            errors=tuple((_column(names, column), text) for column, text in row.errors),
            fate=str(labels.FATE_LABELS[Fate(row.fate)]) if row.fate else "",
        )
        for row in rows
    ]  # fmt: skip


def _column(names: dict[str, str], column: str) -> str:
    return _("the whole line") if column == FIELDS_NOTE else names.get(column, column)


def _cells(kind: SheetKind, names: dict[str, str], row: ImportRow) -> tuple[Cell, ...]:
    after, before = row.after or {}, row.before
    return tuple(
        Cell(
            names[name],
            "" if before is None else str(kind.resource.cell(name).written(before[name])),
            str(kind.resource.cell(name).written(after[name])),
        )
        for name in names
        if name in after and (before is None or after[name] != before[name])
    )


def steps_of(*, batch: ImportBatch) -> list[ShownStep]:
    """Return an import's history, oldest first.  1 query; a few dozen at most."""
    rows = ImportStep.objects.filter(batch=batch).select_related("staff").order_by("id")[:LINES_SHOWN]
    return [
        ShownStep(str(labels.VERB_LABELS[row.verb]), str(row.staff or _("the system")), row.at, row.note)
        for row in rows
    ]


def acts_open(*, batch: ImportBatch, staff: Staff, now: dt.datetime) -> Sequence[Verb]:
    """Return what ``staff`` may do with an import now.  At most 2 queries, kept with ``staff``."""
    kind = sheet_of(batch.kind)
    if kind is None or not staff.has_perm(kind.permission):
        return ()
    return [
        verb
        for verb in verbs_open(source=BatchState(batch.state))
        if staff.has_perm(_RIGHTS[verb]) and _open(batch, verb, staff, now)
    ]


def _open(batch: ImportBatch, verb: Verb, staff: Any, now: dt.datetime) -> bool:
    own, writes = batch.uploaded_by_id == staff.pk, bool(batch.new + batch.changed) and not batch.refused
    match verb:
        case Verb.APPROVE:
            return writes and batch.needs_second and not own
        case Verb.COMMIT:
            return writes and (not batch.needs_second or batch.approved_by_id is not None)
        case Verb.UNDO:
            return batch.uploaded_at >= now - UNDO_KEPT and not (batch.needs_second and own)
    return True


def batch_get(*, batch_id: UUID, staff: Staff) -> ImportBatch | None:
    """Return an import that ``staff`` may see, or None.  1 query."""
    people = ("uploaded_by", "approved_by", "undone_by")
    return batches_visible(staff=staff).select_related(*people).filter(id=batch_id).first()


def columns_named(*, kind: str, columns: Sequence[str]) -> list[str]:
    """Return the names of a table's columns, codes where it is not there any more.  No query."""
    sheet = sheet_of(kind)
    names = sheet.resource.labels() if sheet else {}
    return [names.get(column, column) for column in columns]


def columns_importable(*, kind: SheetKind) -> list[str]:
    """Return the names of the columns that a file for ``kind`` may hold, in order.  No query."""
    return [name for code, name in kind.resource.labels().items() if code not in kind.personal]
