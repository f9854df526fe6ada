"""Tables that leave the system: inert cells, a log row before anything leaves, personal columns only with a reason."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import openpyxl
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.api.fields import text_clean
from apps.common.sheets import SheetKind
from apps.common.spreadsheets import cell_inert
from apps.sheets.errors import ExportTooLarge, ReasonNeeded, SheetRightMissing
from apps.sheets.models import REASON_CHARS, ExportLog
from apps.sheets.services.steps import kind_for

if TYPE_CHECKING:
    from apps.accounts.models import Staff

ROWS_MOST = 50_000
_CHUNK = 500
_IN_MEMORY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Export:
    """A file ready to leave; who reads it closes it."""

    file: IO[bytes]
    name: str
    rows: int


def sheet_export(
    *,
    kind: str,
    format: ExportLog.Format,
    staff: Staff,
    now: dt.datetime,
    personal: bool = False,
    reason: str = "",
) -> Export:
    """Write a table to a temporary file, record the export, return the file.  2 queries; rows are read 500 at a time.

    ``personal``  with the kind's personal columns, which takes the right to them and a ``reason`` of 1 to 200
    characters: both stand in the log, and who, when and why in the file.  Source: PIPL 21, 51.
    At most 50,000 rows.  Raises SheetRightMissing, ReasonNeeded, ExportTooLarge.
    """
    sheet = kind_for(key=kind, staff=staff, right="sheets.export_sheet")
    personal = personal and bool(sheet.personal)
    reason = text_clean(reason).strip()
    if personal and not staff.has_perm("sheets.export_personal"):
        raise SheetRightMissing
    if len(reason) > REASON_CHARS or (personal and not reason):
        raise ReasonNeeded(attr="reason", most=REASON_CHARS)
    columns = [name for name in sheet.resource.columns() if personal or name not in sheet.personal]
    mark = _mark(staff, now, reason) if personal else ()
    with transaction.atomic():
        file, rows = _file(sheet, columns, format, mark)
        ExportLog.objects.create(
            kind=kind,
            format=format.value,
            columns=columns,
            personal=personal,
            reason=reason,
            rows=rows,
            staff=staff,
            at=now,
        )
    return Export(file, f"{kind}-{clock.local(now):%Y%m%d-%H%M}.{format.value}", rows)


def _mark(staff: Staff, now: dt.datetime, reason: str) -> tuple[str, ...]:
    """Return the watermark: who took the file out, when, why."""
    return (
        _("Holds personal data: only for the purpose named here."), str(staff), staff.username,
        f"{clock.local(now):%Y-%m-%d %H:%M}", reason,
    )  # fmt: skip


def _file(
    kind: SheetKind, columns: Sequence[str], format: ExportLog.Format, mark: Sequence[str]
) -> tuple[IO[bytes], int]:
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    write = _xlsx if format is ExportLog.Format.XLSX else _csv
    try:
        rows = write(file, kind, columns, mark)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, rows


def _cells(kind: SheetKind, columns: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the inert cells of each row, in the order of the keys.  Raises ExportTooLarge."""
    resource = kind.resource()
    rows = resource.get_queryset().order_by(resource.key_name())
    for count, row in enumerate(rows.iterator(chunk_size=_CHUNK), start=1):
        if count > ROWS_MOST:
            raise ExportTooLarge(most=ROWS_MOST)
        yield [_inert(value) for value in resource.export_resource(row, selected_fields=list(columns))]


def _inert(value: Any) -> Any:
    return cell_inert(text_clean(value)) if isinstance(value, str) else cell_inert(value)


def _xlsx(file: IO[bytes], kind: SheetKind, columns: Sequence[str], mark: Sequence[str]) -> int:
    book = openpyxl.Workbook(write_only=True)
    sheet: Any = book.create_sheet(str(kind.label)[:31])
    labels, rows = kind.resource.labels(), 0
    sheet.append([labels[name] for name in columns])
    for cells in _cells(kind, columns):
        sheet.append(cells)
        rows += 1
    if mark:
        record: Any = book.create_sheet(_("Record of this export"))
        for text in mark:
            record.append([_inert(text)])
    book.save(file)
    return rows


def _csv(file: IO[bytes], kind: SheetKind, columns: Sequence[str], mark: Sequence[str]) -> int:
    # With the mark by which spreadsheet programs know UTF-8.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    out, labels, rows = csv.writer(text), kind.resource.labels(), 0
    out.writerow([labels[name] for name in columns])
    for cells in _cells(kind, columns):
        out.writerow(cells)
        rows += 1
    if mark:
        out.writerow([_inert(cell) for cell in mark])
    text.detach()
    return rows
