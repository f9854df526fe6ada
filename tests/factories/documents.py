"""Files of offices made in memory: .docx, .xlsx, .pdf, and .docx parts written by hand."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import docx
import openpyxl

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
# Invented: the region code of the district, a birthday, a serial number and their check digit.
ID_NUMBER, ID_WRONG = "420107199001011238", "420107199001011231"
ID_WITH_X = "42010719900101106X"
MOBILE, CARD = "19900012345", "6222021234567890128"


def word(build: Callable[[Any], None]) -> bytes:
    """Return a .docx that ``build`` wrote with python-docx."""
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_of(*lines: str) -> bytes:
    """Return a .docx of plain paragraphs."""

    def build(document: Any) -> None:
        for line in lines:
            document.add_paragraph(line)

    return word(build)


def word_of_xml(body: str, *, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a .docx whose body is ``body``, WordprocessingML written by hand, with more parts."""
    xml = f'<w:document xmlns:w="{W}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    return package_changed(word_of("x"), {"word/document.xml": xml, **(parts or {})})


def workbook(sheets: Mapping[str, Iterable[Iterable[Any]]], *, hidden: Iterable[str] = ()) -> bytes:
    """Return an .xlsx of ``{sheet: rows}``."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def package_changed(raw: bytes, parts: Mapping[str, str | bytes | None]) -> bytes:
    """Return an Office file with ``parts`` put in, or taken out where they are None."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def pdf(*pages: str, padding: bytes = b"") -> bytes:
    """Return a PDF whose pages show ``pages`` in Helvetica (ASCII only); an empty one shows nothing.

    ``padding``  bytes of a stream that no page uses, as a picture would take them
    """
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    font = 3
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    kids = []
    for text in pages:
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n") if line)
        stream = zlib.compress(f"BT /F1 12 Tf 50 780 Td {lines}ET".encode("ascii") if text else b"")
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream))
        content = len(objects)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>"
            % (content, font)
        )
        kids.append(len(objects))
    if padding:
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(padding), padding))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (
        len(kids),
        b" ".join(b"%d 0 R" % kid for kid in kids),
    )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%b endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, len(objects) + 1, len(out),
    )  # fmt: skip
