"""Columns whose heading says that they hold numbers of persons, while their cells are numbers.

A spreadsheet keeps fifteen digits of a number: an identity number typed as one loses its last three and passes for
nothing, yet shows where and when someone was born.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.common.redaction import Kind
from apps.news.documents.package import Package, prefix_dropped, text_plain
from apps.news.documents.sheet_text import Sheet

_HEADINGS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile("身份证|证件号|公民身份"), Kind.ID_NUMBER),
    (re.compile("卡号|银行账号|银行帐号|账号|帐号"), Kind.BANK_CARD),
    (re.compile("手机|电话|联系方式"), Kind.MOBILE),
)
_LEAST_DIGITS = {Kind.ID_NUMBER: 15, Kind.BANK_CARD: 15, Kind.MOBILE: 7}
_HEAD_BYTES = 256 * 1024  # the first rows of a sheet, and the strings that stand in them
_HEAD_ROWS = 20
_CELL = re.compile(
    rb"<c\s(?P<attrs>[^>]*)>(?:<v>(?P<value>[^<]*)</v>|<is>(?P<inline>.*?)</is>)?</c>", re.DOTALL
)
_REFERENCE = re.compile(rb'r="([A-Z]{1,3})(\d+)"')
_STRING = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """``letters`` of the column, what its heading says, how many of its cells hold long numbers, the first row."""

    sheet: Sheet
    letters: str
    heading: str
    kind: Kind
    count: int
    row: int


def number_columns(package: Package, sheets: list[Sheet]) -> Iterator[NumberColumn]:
    """Yield the columns with such a heading in the first 20 rows and at least one long number below it."""
    strings = _first_strings(package)
    for sheet in sheets:
        headings: dict[str, tuple[str, Kind]] = {}
        counts: dict[str, list[int]] = {}
        for number, xml in enumerate(package.slices(sheet.part, b"</row>")):
            plain = prefix_dropped(xml) if b":c " in xml[:65536] else xml
            if number == 0:
                headings = _headings(plain[:_HEAD_BYTES], strings)
            for letters, (_heading, kind) in headings.items():
                rows = _long_numbers(plain, letters, _LEAST_DIGITS[kind])
                counts.setdefault(letters, []).extend(rows)
            if not headings:
                break
        for letters, rows in counts.items():
            if rows:
                heading, kind = headings[letters]
                yield NumberColumn(sheet, letters, heading, kind, len(rows), rows[0])


def _first_strings(package: Package) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in package.infos:
        return []
    first = next(package.slices(name, b"</si>"), b"")[:_HEAD_BYTES]
    plain = prefix_dropped(first)
    return [text_plain(b"".join(_STRING.findall(item))) for item in plain.split(b"</si>")[:-1]]


def _headings(xml: bytes, strings: list[str]) -> dict[str, tuple[str, Kind]]:
    found: dict[str, tuple[str, Kind]] = {}
    for cell in _CELL.finditer(xml):
        reference = _REFERENCE.search(cell["attrs"])
        if reference is None:
            continue
        if int(reference[2]) > _HEAD_ROWS:
            break
        text = _text(cell, strings)
        kind = next((kind for pattern, kind in _HEADINGS if len(text) <= 30 and pattern.search(text)), None)
        if kind:
            found[reference[1].decode()] = (text.strip(), kind)
    return found


def _text(cell: re.Match[bytes], strings: list[str]) -> str:
    if cell["inline"]:
        return text_plain(b"".join(_STRING.findall(cell["inline"])))
    value = cell["value"] or b""
    if b't="s"' in cell["attrs"]:
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    return text_plain(value)


def _long_numbers(xml: bytes, letters: str, least: int) -> list[int]:
    """Return the rows of the column's cells that hold a whole number of at least ``least`` digits."""
    pattern = re.compile(
        rb'<c\s(?=[^>]*\br="%b(\d+)")(?![^>]*\bt="(?!n"))[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>(?:\d{%d,}(?:\.0+)?|\d\.\d{5,}[eE]\+?1\d)</v>'
        % (letters.encode(), least)
    )
    return [int(row) for row in pattern.findall(xml)]
