"""Spreadsheets that leave and enter the system: a workbook is data, never a program."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import XLSX
from tablib import Dataset

from apps.common import clock
from apps.common.errors import Refused

# What a spreadsheet program takes for the beginning of a formula.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def cell_inert(value: Any) -> Any:
    """Return ``value`` as a cell may hold it: times in local time without an offset, no text that could be run.

    A text that begins like a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    if isinstance(value, dt.datetime):
        return clock.local(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, str) and value.startswith(_ACTIVE):
        return f"'{value}"
    return value


class WorkbookRefused(Refused):
    code = "workbook_refused"
    message = _("The workbook can not be read: %(why)s")
    status = 400


def workbook_read(*, raw: bytes, most_bytes: int, most_unpacked_bytes: int, most_rows: int) -> Dataset:
    """Return the first sheet of an XLSX file, its first line as headers.  Raises WorkbookRefused.

    ``most_unpacked_bytes``  XLSX is a ZIP file: looked at before anything is unpacked
    """
    if len(raw) > most_bytes:
        raise WorkbookRefused(
            attr="file", why=str(_("it is larger than %(most)s MB.")) % {"most": most_bytes >> 20}
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        data: Dataset | None = XLSX().create_dataset(raw) if unpacked <= most_unpacked_bytes else None
    except Exception as error:
        # The reader raises what it likes; the file is somebody else's.
        raise WorkbookRefused(attr="file", why=str(_("it is no XLSX file."))) from error
    if data is None:
        raise WorkbookRefused(attr="file", why=str(_("it is too large when unpacked.")))
    if len(data) > most_rows:
        raise WorkbookRefused(
            attr="file", why=str(_("it has more than %(most)s lines.")) % {"most": most_rows}
        )
    return data
