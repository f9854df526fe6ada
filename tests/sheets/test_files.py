"""Files that somebody made badly, or made to do harm: a clear refusal, and nothing kept."""

from __future__ import annotations

import io
import zipfile

import pytest

from apps.common.models import Street
from apps.sheets.errors import SheetRefused
from apps.sheets.models import ImportBatch, ImportFile
from apps.sheets.tables import COLUMNS_MOST, FILE_BYTES, LINES_MOST, UNPACKED_BYTES
from tests.sheets.conftest import STREET, counts, csv_of, uploaded, xlsx_of

HEAD = ("code", "name")


def zip_of(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """Return a workbook whose only sheet is ``xml``."""
    out, source = io.BytesIO(), io.BytesIO(xlsx_of([HEAD]))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, xml if part == "xl/worksheets/sheet1.xml" else old.read(part))
    return out.getvalue()


_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
_HEADER = b'<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c></row>'
BAD = {
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00",
    "another archive": zip_of(a=b"x"),
    "a broken archive": xlsx_of([HEAD, ("1", "x")])[:300],
    "a bomb": zip_of(a=b"\x00" * (UNPACKED_BYTES + 1)),
    "an entity bomb": with_sheet(
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
        + b"b" * 1000
        + b'">'
        + b"".join(
            b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (str(n - 1).encode() if n else b"") * 10) for n in range(9)
        )
        + b"]>"
        + _SHEET % b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a8;</t></is></c></row>'
    ),
    "no XML": with_sheet(b"<worksheet><oh"),
    "only a header": csv_of([HEAD]),
    "empty lines": csv_of([HEAD, ("", ""), (" ", "")][:2]),
    "an unknown column": csv_of([("code", "telephone"), (STREET, "x")]),
    "a column twice": csv_of([("code", "代码"), (STREET, STREET)]),
    "no key": csv_of([("name",), ("x",)]),
    "too many columns": csv_of([("code", *("x" for _n in range(COLUMNS_MOST))), (STREET,)]),
    "bytes of no encoding": b"code,name\n\xff\xff\xff,x\n",
    "a quote that never ends": b'code,name\n"' + b"x" * 200_000,
    "too large": b"code,name\n" + b"x" * FILE_BYTES,
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_with_a_reason_and_leaves_nothing(keeper, what):
    with pytest.raises(SheetRefused) as refused:
        uploaded(keeper, "streets", BAD[what], "t.xlsx")

    assert (refused.value.status, bool(refused.value.facts["why"])) == (400, True)
    assert (ImportBatch.objects.count(), ImportFile.objects.count()) == (0, 0)


def test_a_row_that_claims_to_be_far_below_is_not_counted_through(keeper):
    far = _SHEET % (
        _HEADER + b'<row r="99999999999"><c r="A99999999999" t="inlineStr"><is><t>x</t></is></c></row>'
    )

    with pytest.raises(SheetRefused):
        uploaded(keeper, "streets", with_sheet(far))
    assert ImportBatch.objects.count() == 0


def test_a_file_with_more_lines_than_a_worker_takes_is_refused_by_it_and_the_file_is_gone(keeper):
    from apps.common import clock
    from apps.sheets import services

    batch = uploaded(keeper, "streets", csv_of([("code",), *((f"9{n:08d}",) for n in range(LINES_MOST + 1))]))
    assert (batch.state, batch.lines) == ("uploaded", 0)
    services.batch_run(batch_id=batch.id, now=clock.now())

    batch.refresh_from_db()
    assert (batch.state, str(LINES_MOST) in batch.note, batch.rows.count()) == ("refused", True, 0)
    assert not ImportFile.objects.exists()


@pytest.mark.parametrize("name", ["=1+1", "+86示例", "-示例", "@示例", "'示例"])
def test_a_cell_that_could_be_run_goes_out_inert_and_comes_back_as_it_was(keeper, name):
    from apps.common import clock
    from apps.sheets import services
    from apps.sheets.models import ExportLog

    Street.objects.filter(code=STREET).update(name=name)
    for format in ExportLog.Format:
        export = services.sheet_export(kind="streets", format=format, staff=keeper, now=clock.now())
        raw = export.file.read()
        export.file.close()
        total = Street.objects.count()
        assert (export.rows, counts(uploaded(keeper, "streets", raw))) == (total, (0, 0, total, 0))
