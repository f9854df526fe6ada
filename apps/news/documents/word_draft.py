"""A .docx into a source of HTML: mammoth reads it, after what it drops silently was put in its way or named.  Pure."""

from __future__ import annotations

import io
from typing import Any

import mammoth
from lxml import etree
from mammoth import images

from apps.news.documents.draft import EXCERPT, Note, NoteReason, NoteSort, Picture, Source
from apps.news.documents.package import DOCX, FileRefused, Package, Why, content_told, package_written
from apps.news.documents.word_styles import StyleSheet, style_map

MOST_UNPACKED = 100 * 1024 * 1024
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WEB = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/gif", "image/bmp", "image/webp", "image/x-ms-bmp"}
)


def word_source(raw: bytes) -> Source:
    """Return what a .docx holds as HTML, its pictures, and what was accepted, moved and lost.

    Raises FileRefused: broken, bomb, entities, macros, encrypted, old_format, unknown.
    """
    if content_told(raw) != DOCX:
        raise FileRefused(Why.UNKNOWN)
    package = Package(raw, most_unpacked=MOST_UNPACKED)
    for name in package.names:
        if name.endswith((".xml", ".rels")):
            package.xml(name)  # no part with a DTD reaches the reader
    main = "word/document.xml"
    if main not in package.infos:
        raise FileRefused(Why.BROKEN)
    source = Source("")
    body = _xml(package.xml(main))
    _Prepared(body, StyleSheet.of(_styles(package)), source.notes).prepare()
    _around(package, source.notes)
    ready = package_written(package, {main: etree.tostring(body, encoding="UTF-8", xml_declaration=True)})
    keeper = _Pictures(source)
    try:
        made = mammoth.convert_to_html(
            io.BytesIO(ready), style_map=style_map(), include_embedded_style_map=False, external_file_access=False,
            convert_image=images.img_element(keeper.kept),
        )  # fmt: skip
    except Exception as error:
        # mammoth raises what it likes of a file that does not keep to the format.
        raise FileRefused(Why.BROKEN) from error
    source.html = made.value
    return source


def _xml(raw: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise FileRefused(Why.BROKEN) from error


def _styles(package: Package) -> Any:
    name = "word/styles.xml"
    return _xml(package.xml(name)) if name in package.infos else None


def _text(node: Any) -> str:
    return "".join(one.text or "" for one in node.iter(f"{W}t", f"{W}delText"))


def _around(package: Package, notes: list[Note]) -> None:
    """Name what stands outside of the body."""
    for name in package.names:
        if name.startswith(("word/header", "word/footer")) and name.endswith(".xml"):
            if text := _text(_xml(package.xml(name))).strip():
                notes.append(Note(NoteSort.LOST, NoteReason.MARGINS.value, 0, text[:EXCERPT]))
        elif name == "word/comments.xml":
            notes += [
                Note(NoteSort.LOST, NoteReason.COMMENTS.value, 0, _text(comment)[:EXCERPT])
                for comment in _xml(package.xml(name)).iter(f"{W}comment")
            ]
        elif name in ("word/footnotes.xml", "word/endnotes.xml"):
            kinds = ("separator", "continuationSeparator", "continuationNotice")
            tags = (f"{W}footnote", f"{W}endnote")
            count = sum(one.get(f"{W}type") not in kinds for one in _xml(package.xml(name)).iter(*tags))
            if count:
                notes.append(Note(NoteSort.MEND, NoteReason.NOTES.value, 0, "", count))


class _Prepared:
    """The body, changed so that mammoth keeps what it would drop."""

    def __init__(self, body: Any, styles: StyleSheet, notes: list[Note]) -> None:
        self._body, self._styles, self._notes = body, styles, notes

    def prepare(self) -> None:
        """Do all of it, in this order: what is hidden or deleted must not be classified."""
        self._tracked()
        self._hidden()
        self._text_boxes()
        self._drawings()
        for paragraph in self._body.iter(f"{W}p"):
            self._styles.mark(paragraph)

    def _note(self, sort: NoteSort, reason: NoteReason, excerpt: str, count: int = 1) -> None:
        self._notes.append(Note(sort, reason.value, 0, excerpt.strip()[:EXCERPT], count))

    def _tracked(self) -> None:
        inserted = [n for n in self._body.iter(f"{W}ins", f"{W}moveTo") if _text(n)]
        if inserted:
            self._note(NoteSort.MEND, NoteReason.INSERTIONS, _text(inserted[0]), len(inserted))
        for node in list(self._body.iter(f"{W}del", f"{W}moveFrom")):
            if text := _text(node):
                self._note(NoteSort.LOST, NoteReason.DELETIONS, text)
            if node.getparent().tag not in (
                f"{W}rPr",
                f"{W}trPr",
            ):  # these mark a paragraph or a row: mammoth knows
                _removed(node)

    def _hidden(self) -> None:
        for mark in list(self._body.iter(f"{W}vanish")):
            run = mark.getparent().getparent()
            if run.tag == f"{W}r" and mark.get(f"{W}val") not in ("0", "false"):
                if text := _text(run):
                    self._note(NoteSort.LOST, NoteReason.HIDDEN, text)
                _removed(run)

    def _text_boxes(self) -> None:
        for content in list(self._body.iter(f"{W}txbxContent")):
            if any(one.tag == f"{_MC}Fallback" for one in content.iterancestors()):
                continue  # the same text once more, for older readers
            holder = next((one for one in content.iterancestors(f"{W}p")), None)
            frame = next(
                (one for one in content.iterancestors(f"{_MC}AlternateContent", f"{W}drawing", f"{W}pict")),
                None,
            )
            if holder is None or frame is None:
                continue
            frame = next(content.iterancestors(f"{_MC}AlternateContent"), frame)
            self._note(NoteSort.MEND, NoteReason.TEXT_BOX, _text(content))
            for block in reversed(list(content)):
                holder.addnext(block)
            _removed(frame)

    def _drawings(self) -> None:
        for formula in list(self._body.iter(f"{_MATH}oMath")):
            text = "".join(one.text or "" for one in formula.iter(f"{_MATH}t"))
            self._note(NoteSort.MEND, NoteReason.EQUATION, text)
            run = etree.Element(f"{W}r")
            etree.SubElement(run, f"{W}t").text = text
            run.tail = formula.tail
            formula.getparent().replace(formula, run)
        for drawing in list(self._body.iter(f"{W}drawing")):
            if next(drawing.iter(f"{_A}blip"), None) is None:
                named = next((one.get("name") or "" for one in drawing.iter("{*}docPr")), "")
                self._note(NoteSort.LOST, NoteReason.DRAWING, named)
        for thing in self._body.iter(f"{W}object"):
            kind = next((one.get("ProgID") or "" for one in thing.iter("{*}OLEObject")), "")
            self._note(NoteSort.LOST, NoteReason.OBJECT, kind)


def _removed(node: Any) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


class _Pictures:
    """Takes the pictures out as mammoth meets them."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def kept(self, image: Any) -> dict[str, str]:
        """Keep one picture and return what stands for it."""
        kind = (image.content_type or "").lower()
        if kind not in _WEB:
            # EMF and WMF are programs of drawing commands, TIFF and SVG nothing that a phone shows.
            self._lost(NoteReason.PICTURE_FORMAT, kind.rpartition("/")[2])
            return {"src": "", "width": "1", "height": "1"}
        try:
            with image.open() as file:
                data = file.read()
        except Exception:
            # A picture that is linked, or not in the package.
            self._lost(NoteReason.PICTURE_BROKEN, image.alt_text or "")
            return {"src": "", "width": "1", "height": "1"}
        number = len(self._source.pictures)
        self._source.pictures.append(Picture(number, data, (image.alt_text or "").strip()[:200]))
        return {"src": f"cid:{number}"}

    def _lost(self, reason: NoteReason, excerpt: str) -> None:
        self._source.notes.append(Note(NoteSort.LOST, reason.value, 0, excerpt[:EXCERPT]))
