"""The lines of an XLSX or CSV file, read with caps: what comes in was made by somebody else's program, or by no program."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl
from django.utils.translation import gettext as _

from apps.common.sheet_cells import cell_text
from apps.common.sheets import SheetKind
from apps.sheets.errors import SheetRefused

FILE_BYTES = 10 << 20
UNPACKED_BYTES = 32 << 20
LINES_MOST = 20_000
COLUMNS_MOST = 60
# The format ends there (ECMA-376); a file that says otherwise would be counted through line by line.
_LAST_LINE = 1_048_576
_CELL_CHARS = 32_767


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something in it.  ``number`` as the spreadsheet program counts, ``cells`` by column code."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds."""

    columns: tuple[str, ...]
    lines: list[Line]


def table_read(*, raw: bytes, kind: SheetKind, most: int = LINES_MOST + 1) -> Table:
    """Return the lines of a file, at most the first ``most``, for ``kind``, without the empty ones.  No query.

    ``raw``  XLSX (by content, 10 MiB, 32 MiB unpacked) or CSV (UTF-8 with or without a mark, else GB 18030); the first
    line names the columns by their Chinese names or codes, at most 60.  A file of more than 20,000 lines is refused.
    Raises SheetRefused.
    """
    if len(raw) > FILE_BYTES:
        raise _refused(_("it is larger than %(most)s MB.") % {"most": FILE_BYTES >> 20})
    try:
        rows = xlsx_rows(raw) if raw.startswith(b"PK\x03\x04") else csv_rows(raw)
        columns = _columns(next(rows, (1, ()))[1], kind)
        lines = list(islice(_lines(rows, columns), most))
    except SheetRefused:
        raise
    except Exception as error:
        # The readers of both formats raise what they like; the file is somebody else's.
        raise _refused(_("it is neither XLSX nor CSV.")) from error
    if not lines:
        raise _refused(_("there is no line in it."))
    if len(lines) > LINES_MOST:
        raise _refused(_("it has more than %(most)s lines.") % {"most": LINES_MOST})
    return Table(tuple(name for name in columns if name), lines)


def _refused(why: str) -> SheetRefused:
    return SheetRefused(attr="file", why=why)


def xlsx_rows(raw: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES:
            raise _refused(_("it is too large when unpacked."))
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    sheet: Any = book.worksheets[0]
    # The size that the file claims is often wrong.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_col=COLUMNS_MOST + 1, max_row=_LAST_LINE, values_only=True)
    yield from enumerate(rows, start=1)


def csv_rows(raw: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    if b"\x00" in raw:
        raise _refused(_("it is neither XLSX nor CSV."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    for row in reader:
        yield reader.line_num, row


def _columns(header: Sequence[Any], kind: SheetKind) -> list[str]:
    """Return the column code of each place, empty where nothing is read.  Raises SheetRefused."""
    texts = [cell_text(cell) for cell in header]
    if len(texts) > COLUMNS_MOST and any(texts[COLUMNS_MOST:]):
        raise _refused(_("it has more than %(most)s columns.") % {"most": COLUMNS_MOST})
    labels = kind.resource.labels()
    codes = {label: code for code, label in labels.items()} | {code: code for code in labels}
    columns = [codes.get(text, "") for text in texts]
    for text, code in zip(texts, columns, strict=True):
        if text and (not code or code in kind.personal):
            raise _refused(
                _("the column “%(column)s” is none of: %(columns)s.")
                % {
                    "column": text[:40],
                    "columns": "、".join(labels[c] for c in labels if c not in kind.personal),
                }
            )
        if code and columns.count(code) > 1:
            raise _refused(_("the column “%(column)s” is there twice.") % {"column": text})
    if kind.resource.key_name() not in columns:
        raise _refused(
            _("the column “%(column)s” is missing.") % {"column": labels[kind.resource.key_name()]}
        )
    return columns


def _lines(rows: Iterable[tuple[int, Sequence[Any]]], columns: list[str]) -> Iterator[Line]:
    places = [(place, name) for place, name in enumerate(columns) if name]
    for number, row in rows:
        cells = {name: row[place] if place < len(row) else None for place, name in places}
        if any(value not in (None, "") for value in cells.values()):
            if any(isinstance(value, str) and len(value) > _CELL_CHARS for value in cells.values()):
                raise _refused(_("line %(line)s has a cell that is too long.") % {"line": number})
            yield Line(number, cells)
