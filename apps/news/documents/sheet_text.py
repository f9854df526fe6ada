"""Every text and number of an .xlsx: all sheets, hidden ones too, shared and inline strings, comments, names, caches.

Sheets are read as bytes with a few patterns: a list of ten megabytes unpacks to a hundred, and an object a cell would
take a minute and a gigabyte.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial

from apps.news.documents.package import Package, prefix_dropped, text_plain
from apps.news.documents.places import Piece, Place, PlaceKind, Unread, UnreadReason, piece_whole
from apps.news.documents.word_text import part_pieces

_ATTR = r'{}="([^"]*)"'
_SHEET = re.compile(rb"<sheet\s([^>]*)/?>")
_RELATION = re.compile(rb"<Relationship\s([^>]*)/?>")
_RICH = re.compile(rb"</t></r><r>(?:<rPr>.*?</rPr>|<rPr/>)?<t(?:\s[^>]*)?>", re.DOTALL)
_STRING = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")
# Values that may be a number of a person: eleven digits, fifteen to nineteen, or such a number as a float.
_NUMBER = re.compile(rb"<v>(1[3-9]\d{9}(?:\.0+)?|\d{15,19}(?:\.0+)?|\d\.\d{5,}[eE]\+?1\d)</v>")
_WORDS = re.compile(rb"<v>([^<]*[^\d.<eE+\-][^<]*)</v>")
_FORMULA = re.compile(rb"<f(?:\s[^>]*)?>([^<]+)</f>")
_ROW = re.compile(rb'\sr="[A-Z]{0,3}(\d+)"')
_AFTER_ROWS = re.compile(rb">([^<>]*\S[^<>]*)<")
_CACHED = re.compile(rb'\s(?:v|name|caption|ref)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: its name, the part that holds it, whether it is hidden."""

    name: str
    part: str
    hidden: bool

    @property
    def place(self) -> Place:
        """The sheet as a place."""
        return Place(PlaceKind.HIDDEN_SHEET if self.hidden else PlaceKind.SHEET, self.name)


def sheets_of(package: Package) -> list[Sheet]:
    """Return the worksheets in their order; parts that no workbook names come last, under the part's name."""
    book, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    targets, found = {}, []
    if relations in package.infos:
        for one in _RELATION.findall(prefix_dropped(package.xml(relations))):
            target = _attr(one, "Target").lstrip("/")
            targets[_attr(one, "Id")] = target if target.startswith("xl/") else f"xl/{target}"
    if book in package.infos:
        for one in _SHEET.findall(prefix_dropped(package.xml(book))):
            part = targets.get(_attr(one, "r:id") or _attr(one, r"\w+:id"), "")
            if part in package.infos:
                found.append(Sheet(_attr(one, "name"), part, _attr(one, "state") not in ("", "visible")))
    named = {sheet.part for sheet in found}
    found += [
        Sheet(part, part, True)
        for part in package.names
        if part.startswith("xl/worksheets/") and part.endswith(".xml") and part not in named
    ]
    return found


def sheet_pieces(package: Package) -> Iterator[Piece | Unread]:
    """Yield every text and number of an .xlsx, and what was not read.  Raises FileRefused: broken, entities."""
    sheets = sheets_of(package)
    done = {sheet.part for sheet in sheets}
    shared = "xl/sharedStrings.xml"
    if shared in package.infos:
        yield from _shared(package, shared, sheets)
        done.add(shared)
    for sheet in sheets:
        for xml in package.slices(sheet.part, b"</row>"):
            yield from _rows(prefix_dropped(xml) if _is_prefixed(xml) else xml, sheet)
    for name in package.names:
        if name in done or not name.lower().endswith((".xml", ".rels", ".vml")):
            if "/embeddings/" in name:
                yield Unread(Place(PlaceKind.PART, name), UnreadReason.EMBEDDED)
            continue
        yield from part_pieces(package, name, _kind(name))
        if name.startswith(("xl/pivotCache/", "xl/externalLinks/", "xl/tables/", "xl/slicerCaches/")):
            values = b"\n".join(_CACHED.findall(package.xml(name)))
            yield piece_whole(Place(PlaceKind.CACHE, name), text_plain(values))
    if any("/media/" in name for name in package.names):
        yield Unread(Place(PlaceKind.PART), UnreadReason.PICTURES)


def _kind(name: str) -> PlaceKind:
    if name.startswith(("xl/comments", "xl/threadedComments")) or "/comments/" in name:
        return PlaceKind.COMMENT
    if name.startswith("docProps/"):
        return PlaceKind.PROPERTIES
    return PlaceKind.NAMES if name == "xl/workbook.xml" else PlaceKind.PART


def _is_prefixed(xml: bytes) -> bool:
    return b":row " in xml[:65536] or b":row>" in xml[-64:] or b":c " in xml[:65536]


def _attr(text: bytes, name: str) -> str:
    hit = re.search(_ATTR.format(rf"(?:^|\s){name}").encode(), text)
    return text_plain(hit[1]) if hit else ""


def _rows(xml: bytes, sheet: Sheet) -> Iterator[Piece]:
    """Yield what a slice of rows holds: numbers, inline strings and text results, formulas, what stands after the rows."""
    xml = _one_line(xml)
    if b"</r><r" in xml:
        xml = _RICH.sub(b"", xml)
    if lines := _NUMBER.findall(xml):
        text = b"\n".join(lines)
        shown = text.decode("ascii")
        if b"." in text:
            shown = "\n".join(number_plain(line) for line in lines)
        yield Piece(sheet.place, shown, _RowFinder(xml, lines, shown, sheet, b"</v>"))
    for mark, pattern, end in (
        (b"<t", _STRING, b"</t>"), (b't="str"', _WORDS, b"</v>"), (b"</f>", _FORMULA, b"</f>"),
    ):  # fmt: skip
        if mark in xml and (lines := pattern.findall(xml)):
            shown = text_plain(b"\n".join(lines))
            yield Piece(sheet.place, shown, _RowFinder(xml, lines, shown, sheet, end))
    after = xml.rfind(b"</sheetData>")
    if after >= 0 and (rest := _AFTER_ROWS.findall(xml[after:])):
        yield piece_whole(sheet.place, text_plain(b"\n".join(rest)))


def _one_line(xml: bytes) -> bytes:
    """Return ``xml`` without line ends, so that each line of a joined text is one cell."""
    xml = xml.replace(b"\n", b" ").replace(b"\r", b" ")
    return xml.replace(b"&#10;", b" ").replace(b"&#xA;", b" ") if b"&#" in xml else xml


class _RowFinder:
    """Finds the row of an offset in the joined lines of a slice; offsets ascend, so it goes on where it was."""

    def __init__(self, xml: bytes, lines: list[bytes], text: str, sheet: Sheet, end: bytes) -> None:
        self._xml, self._lines, self._text, self._sheet, self._end = xml, lines, text, sheet, end
        self._offset, self._line, self._at = 0, 0, 0

    def __call__(self, offset: int) -> Place:
        """Return sheet and row; row 0 where the cell can't be found again."""
        if offset < self._offset:
            self._offset, self._line, self._at = 0, 0, 0
        ahead = self._text.count("\n", self._offset, offset)
        if ahead:
            self._at += 1  # the same value may stand in the next cell again
        self._line += ahead
        self._offset = offset
        line = self._lines[min(self._line, len(self._lines) - 1)]
        at = self._xml.find(b">" + line + self._end, self._at)
        self._at = max(at, self._at)
        return Place(self._sheet.place.kind, self._sheet.name, _row_at(self._xml, at) if at >= 0 else 0)


def number_plain(value: bytes) -> str:
    """Return a cell's number as its digits: 1.38E10 is a telephone number to whoever opens the sheet."""
    try:
        return f"{Decimal(value.decode('ascii')):.0f}"
    except InvalidOperation:
        return ""


def _row_at(xml: bytes, position: int) -> int:
    begin = xml.rfind(b"<c ", max(0, position - 400), position)
    hit = _ROW.search(xml, begin, position) if begin >= 0 else None
    return int(hit[1]) if hit else 0


def _shared(package: Package, part: str, sheets: list[Sheet]) -> Iterator[Piece]:
    """Yield the shared strings; the place of one is the first cell that shows it."""
    first = 0
    finder = _CellFinder(package, sheets)
    for xml in package.slices(part, b"</si>"):
        xml = _one_line(xml)
        plain = prefix_dropped(xml) if b":si>" in xml[-64:] else xml
        if b"</r><r" in plain:
            plain = _RICH.sub(b"", plain)
        lines = _STRING.findall(plain)
        if len(lines) != plain.count(b"</si>"):  # strings of several parts, or of none
            lines = [b" ".join(_STRING.findall(item)) for item in plain.split(b"</si>")[:-1]]
        text = text_plain(b"\n".join(lines))
        yield Piece(Place(PlaceKind.SHEET), text, partial(_shared_located, text, first, finder))
        first += len(lines)


def _shared_located(text: str, first: int, finder: _CellFinder, offset: int) -> Place:
    return finder.place_of(first + text.count("\n", 0, offset))


class _CellFinder:
    """Finds the first cell that shows a shared string.  Strings are mostly numbered in the order of their cells."""

    _MOST_BYTES = 400 * 1024 * 1024  # looked through for all strings of a file together

    def __init__(self, package: Package, sheets: list[Sheet]) -> None:
        self._package, self._sheets = package, sheets
        self._spent, self._last = 0, ("", 0)
        self._held: tuple[str, bytes] = ("", b"")

    def place_of(self, index: int) -> Place:
        """Return sheet and row of string ``index``; the sheet alone, or nothing, once too much was looked through."""
        wanted = re.compile(rb'<(?:\w+:)?c\s[^>]*t="s"[^>]*><(?:\w+:)?v>%d</' % index)
        for sheet in self._sheets:
            xml = self._xml(sheet)
            start = self._last[1] if self._last[0] == sheet.part else 0
            for begin, end in ((start, len(xml)), (0, start)):
                at = self._find(xml, wanted, b"v>%d</" % index, begin, end)
                if at >= 0:
                    self._last = (sheet.part, at)
                    return Place(sheet.place.kind, sheet.name, _row_of(xml, at))
        return Place(PlaceKind.SHEET)

    def _find(self, xml: bytes, wanted: re.Pattern[bytes], value: bytes, begin: int, end: int) -> int:
        at = begin
        while self._spent < self._MOST_BYTES:
            found = xml.find(value, at, end)
            self._spent += (found if found >= 0 else end) - at
            if found < 0:
                return -1
            near = max(0, found - 400)
            cell = xml.rfind(
                b"<", near, max(xml.rfind(b"<c ", near, found), xml.rfind(b":c ", near, found)) + 1
            )
            if cell >= 0 and wanted.match(xml, cell):
                return cell
            at = found + 1
        return -1

    def _xml(self, sheet: Sheet) -> bytes:
        if self._held[0] != sheet.part:
            self._held = (sheet.part, self._package.read(sheet.part))
        return self._held[1]


def _row_of(xml: bytes, at: int) -> int:
    hit = _ROW.search(xml, at, at + 200)
    return int(hit[1]) if hit else 0
