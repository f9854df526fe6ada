"""Files of ten megabytes as staff attach them, and how long each takes: run in a process of its own by ``attachment_scan``.

Seconds are those of the processor: one thread works, so on an idle machine they are the seconds of the clock.

All numbers are invented and no name is in them: mobiles of a range that no operator has given out.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import sys
import time
import zipfile
import zlib
from collections.abc import Callable

import psutil

from apps.news.documents.package import DOCX, PDF, XLSX
from apps.news.documents.scan import document_scan

MEGABYTES, ROUNDS, SEED = 10, 3, 20261124
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/{}" ContentType="{}.main+xml"/></Types>'


def _mobile(chance: random.Random) -> str:
    return f"199{chance.randrange(10**8):08d}"


def _packed(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return out.getvalue()


def word(paragraphs: int) -> bytes:
    """Return a .docx of ``paragraphs`` of 60 characters, a mobile in each hundredth."""
    chance = random.Random(SEED)
    signs = [chr(chance.randrange(0x4E00, 0x9FA5)) for _each in range(3000)]
    rows = [
        f'<w:p><w:r><w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr><w:t>{"".join(chance.choices(signs, k=60))}'
        f"{_mobile(chance) if number % 100 == 0 else number}</w:t></w:r></w:p>"
        for number in range(paragraphs)
    ]
    body = f'<w:document xmlns:w="{_W}"><w:body>{"".join(rows)}</w:body></w:document>'
    return _packed(
        {"[Content_Types].xml": _TYPES.format("word/document.xml", DOCX), "word/document.xml": body}
    )


def workbook(rows: int) -> bytes:
    """Return an .xlsx of ``rows`` lines with an address, an amount, an order number and a date; a mobile in each hundredth."""
    chance = random.Random(SEED)
    strings, lines = [], []
    for row in range(1, rows + 1):
        address = f"测试街道{chance.randrange(10**6):06d}号"
        strings.append(f"<si><t>{address}{' ' + _mobile(chance) if row % 100 == 0 else ''}</t></si>")
        lines.append(
            f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="B{row}" t="s"><v>{row - 1}</v></c><c r="C{row}"><v>'
            f'{chance.random() * 1e5:.2f}</v></c><c r="D{row}"><v>{chance.randrange(10**12)}</v></c><c r="E{row}"><v>'
            f"{45000 + row % 900}</v></c></row>"
        )
    relation = '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>'
    return _packed(
        {
            "[Content_Types].xml": _TYPES.format("xl/workbook.xml", XLSX),
            "xl/workbook.xml": f'<workbook xmlns="{_S}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relation,
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{"".join(strings)}</sst>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_S}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
        }
    )


def pdf(pages: int, padding: int) -> bytes:
    """Return a PDF of ``pages`` with 50 lines of text each, a mobile on each, and ``padding`` bytes of pictures."""
    chance = random.Random(SEED)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for page in range(pages):
        lines = [
            f"line {line} of page {page} with some words and {chance.randrange(10**6)}" for line in range(49)
        ]
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in [*lines, _mobile(chance)])
        stream = zlib.compress(f"BT /F1 12 Tf 50 780 Td {shown}ET".encode("ascii"))
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects.append(b"<</Length %d>>stream\n%b\nendstream" % (padding, chance.randbytes(padding)))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(kids))
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%b endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return bytes(out) + end % (size, table, size, len(out))


def _unpacked(raw: bytes) -> int:
    """The yardstick: unpack every part and throw it away; of a PDF, which is packed page by page, its bytes as one."""
    if raw.startswith(b"%PDF"):
        return len(zlib.decompress(zlib.compress(raw, 1)))
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return sum(len(package.read(name)) for name in package.namelist())


def _seconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def main() -> None:
    """Measure each file in turns with its yardstick and print what came out as JSON."""
    made = {
        "docx": (word(73_000), DOCX), "xlsx": (workbook(235_000), XLSX), "pdf": (pdf(100, 10_000_000), PDF),
    }  # fmt: skip
    found = {}
    for name, (raw, content_type) in made.items():
        scans, bare = [], []
        total = 0
        for _turn in range(ROUNDS):
            bare.append(_seconds(lambda raw=raw: _unpacked(raw)))  # type: ignore[misc]
            began = time.process_time()
            total = document_scan(raw, content_type).total
            scans.append(time.process_time() - began)
        found[name] = {
            "bytes": len(raw), "unpacked": _unpacked(raw), "findings": total, "scan_s": statistics.median(scans),
            "unpack_s": statistics.median(bare),
        }  # fmt: skip
    peak = psutil.Process().memory_info().rss
    print(json.dumps({"files": found, "rss_mib": round(peak / 2**20)}))


if __name__ == "__main__":
    sys.exit(main())
