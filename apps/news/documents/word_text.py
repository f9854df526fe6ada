"""Every text of a .docx: body, headers, notes, comments, deletions, fields, properties, and files within it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.news.documents.package import Package, text_plain
from apps.news.documents.places import Piece, Place, PlaceKind, Unread, UnreadReason, piece_of_lines

# A number may be cut over several runs, so the runs of a paragraph are put together; paragraphs and cells are not.
_SEEN = re.compile(rb"<(?:[\w.-]+:)?(?:t|(tab|br|cr))(?:\s[^>]*)?/?>([^<]*)|</(?:[\w.-]+:)?(p|tc)>")
_DELETED = re.compile(rb"<(?:[\w.-]+:)?delText(?:\s[^>]*)?>([^<]*)|(</(?:[\w.-]+:)?p>)")
_FIELD = re.compile(rb"<(?:[\w.-]+:)?(?:instrText|delInstrText)(?:\s[^>]*)?>([^<]*)|(</(?:[\w.-]+:)?p>)")
_ATTRIBUTES = re.compile(
    rb"""\s(?:[\w-]+:)?(?:descr|title|alt|Target|tooltip|text|instr)=(?:"([^"]*)"|'([^']*)')"""
)
_ANY_TEXT = re.compile(rb">([^<>]*\S[^<>]*)<")
_KINDS = (
    ("word/document", PlaceKind.BODY),
    ("word/header", PlaceKind.HEADER),
    ("word/footer", PlaceKind.FOOTER),
    ("word/footnotes", PlaceKind.NOTE),
    ("word/endnotes", PlaceKind.NOTE),
    ("word/comments", PlaceKind.COMMENT),
    ("word/glossary/", PlaceKind.PART),
    ("docProps/", PlaceKind.PROPERTIES),
)
_PICTURES = re.compile(r"/media/[^/]+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|webp|svg)$", re.IGNORECASE)


def kind_of_part(name: str) -> PlaceKind:
    """Return what a part of a .docx is to a reader."""
    return next((kind for begin, kind in _KINDS if name.startswith(begin)), PlaceKind.PART)


def word_pieces(package: Package) -> Iterator[Piece | Unread]:
    """Yield every text of a .docx, and what was not read.  Raises FileRefused: broken, entities."""
    for name in package.names:
        if not name.lower().endswith((".xml", ".rels", ".vml", ".htm", ".html", ".txt", ".mht")):
            if _PICTURES.search(name) is None and "/embeddings/" in name:
                yield Unread(Place(PlaceKind.PART, name), UnreadReason.EMBEDDED)
            continue
        yield from _part(package, name)
    if any(_PICTURES.search(name) for name in package.names):
        yield Unread(Place(PlaceKind.BODY), UnreadReason.PICTURES)


def _part(package: Package, name: str) -> Iterator[Piece]:
    kind = kind_of_part(name)
    if kind is PlaceKind.PART or kind is PlaceKind.PROPERTIES or name.endswith(".rels"):
        yield from part_pieces(package, name, kind)
        return
    line = 1
    for xml in package.slices(name, b"</w:p>"):
        flat = xml.replace(b"\n", b" ").replace(b"\r", b" ")
        seen = b"".join(_shown(hit) for hit in _SEEN.findall(flat))
        if seen.strip():
            yield piece_of_lines(Place(kind, "" if kind is PlaceKind.BODY else name), text_plain(seen), line)
        line += seen.count(b"\n")
        for pattern, other, mark in (
            (_DELETED, PlaceKind.DELETED, b"delText"), (_FIELD, PlaceKind.FIELD, b"nstrText"),
        ):  # fmt: skip
            if mark in flat:
                text = b"".join(hit[0] or (b"\n" if hit[1] else b"") for hit in pattern.findall(flat))
                yield piece_of_lines(Place(other, name), text_plain(text))
        yield from _attributes(flat, name)


def _shown(hit: tuple[bytes, bytes, bytes]) -> bytes:
    gap, text, end = hit
    if end:
        return b"\n" if end == b"p" else b"\t"
    return (b"\t" if gap == b"tab" else b"\n") if gap else text


def part_pieces(package: Package, name: str, kind: PlaceKind) -> Iterator[Piece]:
    """Yield the texts and the telling attributes of a part that follows no rule of its own, a line each."""
    for xml in package.slices(name, b">"):
        text = b"\n".join(_ANY_TEXT.findall(b">" + xml + b"<"))
        if text:
            yield piece_of_lines(Place(kind, name), text_plain(text))
        yield from _attributes(xml, name)


def _attributes(xml: bytes, name: str) -> Iterator[Piece]:
    values = b"\n".join(b"".join(pair) for pair in _ATTRIBUTES.findall(xml))
    if values:
        yield piece_of_lines(Place(PlaceKind.FIELD, name), text_plain(values))
