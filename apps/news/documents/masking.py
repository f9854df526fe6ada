"""A proposed masked copy (脱敏稿) of a .docx or .xlsx: stars in what a scan finds, every other part byte for byte.  Pure.

The copy is scanned anew before it is handed out, so what it returns is clean by the same rules; where a part can not be
rewritten (files within files, caches of pivot tables) there is no copy, and the caller says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from lxml import etree

from apps.common.redaction import Kind
from apps.news.documents.package import DOCX, XLSX, Package, package_written
from apps.news.documents.personal import finding_masked, personal_masked
from apps.news.documents.scan import document_scan
from apps.news.documents.sheet_columns import number_columns
from apps.news.documents.sheet_text import number_plain, sheets_of

_TEXT_PARTS = (".xml", ".rels", ".vml")
# Tags whose text is one line together with that of their siblings in the same block.
_RUNS = frozenset({"t", "delText", "instrText", "delInstrText"})
_BLOCKS = frozenset({"p", "si", "is", "comment"})
_TELLING = frozenset({"descr", "title", "alt", "Target", "tooltip", "text", "instr", "name"})
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "tc": "\t", "p": "\n"}
_WHOLE = re.compile(r"\d+(?:\.0+)?|\d\.\d+[eE]\+?\d+")


class NoCopy(StrEnum):
    """Why there is no masked copy."""

    FORMAT = "format"  # a PDF draws its glyphs one by one: the source file must be changed
    REMAINS = "remains"  # what was found stands where it can not be rewritten


class MaskRefused(Exception):
    """There is no masked copy; ``why`` says it."""

    def __init__(self, why: NoCopy) -> None:
        super().__init__(why.value)
        self.why = why


def document_masked(raw: bytes, content_type: str) -> bytes:
    """Return ``raw`` with stars in every piece of personal data; parts without any are the same bytes.

    Numbers in cells become text.  A file in which nothing is found comes back as it is.
    Raises MaskRefused, and FileRefused for a file that can not be read.
    """
    if content_type not in (DOCX, XLSX):
        raise MaskRefused(NoCopy.FORMAT)
    package = Package(raw)
    columns: dict[str, dict[str, Kind]] = {}
    if content_type == XLSX:
        for column in number_columns(package, sheets_of(package)):
            columns.setdefault(column.sheet.part, {})[column.letters] = column.kind
    changed = {}
    for name in package.names:
        if name.lower().endswith(_TEXT_PARTS):
            part = _part_masked(package.xml(name), columns.get(name, {}))
            if part is not None:
                changed[name] = part
    copy = package_written(package, changed) if changed else raw
    if document_scan(copy, content_type).total:
        raise MaskRefused(NoCopy.REMAINS)
    return copy


def _part_masked(xml: bytes, columns: dict[str, Kind]) -> bytes | None:
    """Return the part with stars, or None where nothing had to be changed or it is no XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return None
    touched = False
    for cell in list(root.iter("{*}c")):
        touched |= _cell_masked(cell, columns)
    seen: set[etree._Element] = set()
    for block in root.iter(*(f"{{*}}{name}" for name in sorted(_BLOCKS))):
        nodes = [node for node in _run_nodes(block) if isinstance(node, str) or node not in seen]
        seen.update(node for node in nodes if not isinstance(node, str))
        for kinds in ({"t"}, {"delText"}, {"instrText", "delInstrText"}):
            touched |= _line_masked([n for n in nodes if isinstance(n, str) or _local(n) in kinds])
    for node in root.iter("*"):
        touched |= _rest_masked(node, node in seen)
    if not touched:
        return None
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _run_nodes(block: etree._Element) -> Iterator[etree._Element | str]:
    """Yield the nodes of one line: runs, and between them what parts two words."""
    for node in block.iterdescendants("*"):
        name = _local(node)
        if name in _RUNS:
            yield node
        elif name in _BREAKS:
            yield _BREAKS[name]


def _line_masked(nodes: list[etree._Element | str]) -> bool:
    texts = [node if isinstance(node, str) else node.text or "" for node in nodes]
    line = "".join(texts)
    if not line.strip() or (masked := personal_masked(line)) == line:
        return False
    at = 0
    for node, text in zip(nodes, texts, strict=True):
        if not isinstance(node, str) and text:
            node.text = masked[at : at + len(text)]
        at += len(text)
    return True


def _rest_masked(node: etree._Element, is_run: bool) -> bool:
    """Mask what no line holds: texts of other tags, and attributes that show or name something."""
    touched = False
    if not is_run and isinstance(node.tag, str) and node.text and node.text.strip():
        masked = personal_masked(node.text)
        if masked != node.text and _local(node) != "v":
            node.text, touched = masked, True
    for name, value in [(str(key), str(value)) for key, value in node.attrib.items()]:
        if name.rpartition("}")[2] in _TELLING and (masked := personal_masked(value)) != value:
            node.set(name, masked)
            touched = True
    return touched


def _cell_masked(cell: etree._Element, columns: dict[str, Kind]) -> bool:
    """Make a cell whose value gives someone away a text with stars; a formula goes, since it would bring it back."""
    value = cell.find("{*}v")
    if value is None or not value.text or cell.get("t") in ("s", "b", "e"):
        return False
    plain = number_plain(value.text.encode()) if _WHOLE.fullmatch(value.text) else value.text
    masked = personal_masked(plain)
    letters = (cell.get("r") or "").rstrip("0123456789")
    if masked == plain and letters in columns and cell.get("t") in (None, "n") and len(plain) >= 7:
        masked = finding_masked(columns[letters], plain)
    formula = cell.find("{*}f")
    formula_tells = formula is not None and personal_masked(formula.text or "") != (formula.text or "")
    if masked == plain and not formula_tells:
        return False
    space = etree.QName(cell).namespace
    for child in list(cell):
        cell.remove(child)
    cell.set("t", "inlineStr")
    text = etree.SubElement(etree.SubElement(cell, f"{{{space}}}is"), f"{{{space}}}t")
    text.text = masked
    return True
