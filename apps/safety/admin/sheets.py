"""Word lists as tables (XLSX, CSV) through django-import-export: read with caps, written with inert cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.formats.base_formats import CSV, XLSX
from tablib import Dataset

from apps.common.api.fields import text_clean
from apps.common.spreadsheets import cell_inert
from apps.safety import labels
from apps.safety.errors import SheetRefused
from apps.safety.models import WordEntry, WordListVersion
from apps.safety.word_rows import ROWS_MOST, WordRow

FILE_BYTES = 1024 * 1024
UNPACKED_BYTES = 32 * 1024 * 1024
# What stands between several expressions of one cell.
JOIN = "；"
COLUMNS: dict[str, Any] = {
    "word": _("word"),
    "level": _("weight"),
    "category": _("kind of word"),
    "suggestion": _("write instead"),
    "allow_windows": _("harmless inside of"),
}
_CODED: dict[str, Mapping[Any, Any]] = {"level": labels.LEVEL_LABELS, "category": labels.CATEGORY_LABELS}


class WordResource(resources.ModelResource):
    """One row a word, in words that staff read; what is written can be loaded again."""

    class Meta:
        model = WordEntry
        fields = tuple(COLUMNS)

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        """Return the columns' Chinese names."""
        return [str(COLUMNS[name]) for name in selected_fields or COLUMNS]

    def export_field(self, field: fields.Field, instance: WordEntry, **_kwargs: Any) -> Any:
        """Return one inert cell."""
        name = str(field.column_name)
        value = getattr(instance, name)
        if name == "allow_windows":
            value = JOIN.join(value)
        elif name in _CODED:
            value = str(dict(labels.choices(_CODED[name]))[value])
        return cell_inert(value)


def words_workbook(*, version: WordListVersion) -> bytes:
    """Return the words of a version as XLSX.  1 query."""
    rows = list(version.entries.order_by("id"))
    book: bytes = XLSX().export_data(WordResource().export(queryset=rows, export_fields=list(COLUMNS)))
    return book


def sheet_rows(*, name: str, raw: bytes) -> list[WordRow]:
    """Return the lines of an XLSX or CSV (UTF-8 or GB 18030) with the columns of ``COLUMNS``, by Chinese name or code.

    ``name``  of the file: what it ends in tells the format   ``raw``  at most 1 MiB, 32 MiB unpacked
    Raises SheetRefused.
    """
    if len(raw) > FILE_BYTES:
        raise SheetRefused(attr="file", why=str(_("it is larger than 1 MB.")))
    try:
        data = _xlsx(raw) if name.lower().endswith(".xlsx") else _csv(raw)
    except SheetRefused:
        raise
    except Exception as error:
        # The readers of both formats raise what they like; the file is somebody else's.
        raise SheetRefused(attr="file", why=str(_("it is neither XLSX nor CSV."))) from error
    return _rows(data)


def _xlsx(raw: bytes) -> Dataset:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES:
            raise SheetRefused(attr="file", why=str(_("it is too large when unpacked.")))
    data: Dataset = XLSX().create_dataset(raw)
    return data


def _csv(raw: bytes) -> Dataset:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    data: Dataset = CSV().create_dataset(text)
    return data


def _rows(data: Dataset) -> list[WordRow]:
    names = {str(label): name for name, label in COLUMNS.items()} | {name: name for name in COLUMNS}
    places = {
        names[str(header).strip()]: place
        for place, header in enumerate(data.headers or ())
        if str(header or "").strip() in names
    }
    missing = [str(COLUMNS[name]) for name in ("word", "level", "category") if name not in places]
    if missing:
        raise SheetRefused(
            attr="file", why=str(_("the column “%(column)s” is missing.") % {"column": missing[0]})
        )
    if len(data) > ROWS_MOST:
        raise SheetRefused(
            attr="file", why=str(_("it has more than %(most)s lines.") % {"most": ROWS_MOST})
        )  # fmt: skip
    rows = []
    for line, cells in enumerate(data, start=2):
        held = {name: _cell(cells[place]) for name, place in places.items()}
        if any(held.values()):
            rows.append(_row(line, held))
    return rows


def _row(line: int, held: Mapping[str, str]) -> WordRow:
    windows = held.get("allow_windows", "").replace(";", JOIN).split(JOIN)
    return WordRow(
        line, held["word"], _code("level", held["level"]), _code("category", held["category"]),
        held.get("suggestion", ""), tuple(window.strip() for window in windows if window.strip()),
    )  # fmt: skip


def _code(name: str, text: str) -> str:
    """Return the code of what a cell says: a Chinese name, or the code itself."""
    return {str(label): code for code, label in labels.choices(_CODED[name])}.get(text, text)


def _cell(value: Any) -> str:
    text = text_clean("" if value is None else str(value)).strip()
    # The mark that made the cell inert when it was written.
    return text[1:] if text[:1] == "'" and cell_inert(text[1:]) == text else text
