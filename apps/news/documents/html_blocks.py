"""HTML of any origin into blocks: paragraphs, headings, captions, lists, tables, pictures, and what was left out.  Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote_to_bytes

from lxml.html import HtmlElement

from apps.news.documents.draft import EXCERPT, Note, NoteReason, NoteSort, Picture
from apps.news.documents.mends import text_mended

_CONTAINERS = frozenset(
    [
        "html",
        "body",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "center",
        "figure",
        "form",
        "fieldset",
        "address",
        "dl",
        "dd",
        "dt",
        "details",
        "summary",
        "nav",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "figcaption",
        "blockquote",
    ]
)
_MARKS = {
    "b": "strong",
    "strong": "strong",
    "em": "em",
    "i": "em",
    "u": "u",
    "ins": "u",
    "s": "s",
    "strike": "s",
    "del": "s",
}
_SILENT = frozenset(
    ["head", "script", "style", "meta", "link", "noscript", "template", "svg", "title", "base"]
)
_MEDIA = frozenset(
    [
        "iframe",
        "video",
        "audio",
        "embed",
        "object",
        "source",
        "mpvoice",
        "mpvideo",
        "mp-common-mpaudio",
        "mp-common-videosnap",
        "qqmusic",
        "mp-miniprogram",
        "mp-common-profile",
        "mp-common-product",
        "canvas",
    ]
)
_FORMS = frozenset(["input", "select", "textarea", "button"])
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)")
_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)(px|pt)")
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)")
_DATA = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp)(;base64)?,", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_LARGE_PX, _SMALL_PX = 18.0, 14.0
_PX_A_PT = 4 / 3


@dataclass(slots=True)
class Block:
    """``kind``  p, h1, h2, h3, caption, list, table, quote, hr, picture, missing   ``html``  what stands in it"""

    kind: str
    html: str
    centred: bool = False
    bold: bool = False
    size: float = 0.0

    @property
    def text(self) -> str:
        """The words, without tags."""
        return _TAG.sub("", self.html).strip()


class BlockReader:
    """Goes over a tree once; ``blocks`` come in its order, ``notes`` say what was mended and lost."""

    def __init__(self, pictures: list[Picture]) -> None:
        self.blocks: list[Block] = []
        self.notes: list[Note] = []
        self.pictures = pictures
        self.missing = 0
        self.empty = 0
        self._line: list[str] = []
        self._plain: list[tuple[int, bool, float]] = []  # characters, bold, size

    def read(self, root: HtmlElement) -> None:
        """Read everything below ``root``."""
        self._walk(root, kind="p", centred=False, bold=False, size=0.0)
        self._flush("p", centred=False)

    def lost(self, reason: NoteReason, excerpt: str = "") -> None:
        """Note what is not taken over."""
        self.notes.append(Note(NoteSort.LOST, reason.value, len(self.blocks) + 1, excerpt.strip()[:EXCERPT]))

    def _walk(self, node: HtmlElement, *, kind: str, centred: bool, bold: bool, size: float) -> None:
        self._text(node.text, bold, size)
        for child in node:
            if isinstance(child.tag, str):
                self._child(child, kind=kind, centred=centred, bold=bold, size=size)
            self._text(child.tail, bold, size)

    def _child(self, node: HtmlElement, *, kind: str, centred: bool, bold: bool, size: float) -> None:
        tag, style = node.tag, node.get("style", "")
        if tag in _SILENT:
            return
        if _HIDDEN.search(style) or node.get("hidden") is not None:
            if (text := node.text_content().strip()) != "":
                self.lost(NoteReason.HIDDEN, text)
            return
        if tag in _MEDIA or tag in _FORMS:
            reason = NoteReason.MEDIA if tag in _MEDIA else NoteReason.FORM
            self.lost(reason, f"{tag} {node.get('name') or node.get('title') or ''}")
            return
        size, bold = (
            _size(node, style, size),
            bold or _BOLD.search(style) is not None or tag in ("b", "strong"),
        )
        if tag in _CONTAINERS:
            self._container(
                node, kind=kind, centred=centred or _is_centred(node, style), bold=bold, size=size
            )
        elif tag in ("img", "ul", "ol", "table", "hr"):
            if not (tag == "img" and self._is_tracker(node)):
                self._flush(kind, centred=centred)
                self._whole(node)
        else:
            self._inline(node, kind=kind, centred=centred, bold=bold, size=size)

    def _container(self, node: HtmlElement, *, kind: str, centred: bool, bold: bool, size: float) -> None:
        self._flush(kind, centred=centred)
        own = {
            "h1": "h1",
            "h2": "h2",
            "h3": "h3",
            "h4": "h3",
            "h5": "h3",
            "h6": "h3",
            "figcaption": "caption",
        }
        inner = "caption" if "caption" in (node.get("class") or "").split() else own.get(str(node.tag), kind)
        if node.tag == "blockquote":
            inner = "quote"
        before = len(self.blocks)
        self._walk(node, kind=inner, centred=centred, bold=bold, size=size)
        self._flush(inner, centred=centred)
        if node.tag == "p" and len(self.blocks) == before:
            self.empty += 1

    def _inline(self, node: HtmlElement, *, kind: str, centred: bool, bold: bool, size: float) -> None:
        if node.tag == "br":
            self._line.append("<br>")
            return
        mark = _MARKS.get(str(node.tag), "strong" if _BOLD.search(node.get("style", "")) else "")
        if node.tag == "a" and (node.get("href") or "").startswith(("http", "mailto:", "tel:")):
            self.lost(NoteReason.LINK, f"{node.text_content().strip()[:20]} {node.get('href')}")
        if mark:
            self._line.append(f"<{mark}>")
        at = len(self.blocks)
        self._walk(node, kind=kind, centred=centred, bold=bold, size=size)
        if mark and len(self.blocks) == at:
            self._line.append(f"</{mark}>")

    def _whole(self, node: HtmlElement) -> None:
        if node.tag == "hr":
            self.blocks.append(Block("hr", "<hr>"))
        elif node.tag == "img":
            self._picture(node)
        elif node.tag == "table":
            self._table(node)
        else:
            self.blocks.append(Block("list", self._list(node)))

    def _text(self, text: str | None, bold: bool, size: float) -> None:
        if not text:
            return
        plain, notes = text_mended(re.sub(r"[ \t\r\n]+", " ", text), len(self.blocks) + 1)
        self.notes += notes
        self._line.append(escape(plain, quote=False))
        self._plain.append((len(plain.strip()), bold, size))

    def _flush(self, kind: str, *, centred: bool) -> None:
        html, plain = _balanced("".join(self._line)), self._plain
        self._line, self._plain = [], []
        if not _TAG.sub("", html).strip():
            return
        total = sum(one[0] for one in plain) or 1
        bold = sum(one[0] for one in plain if one[1]) == total
        size = max((one[2] for one in plain if one[0]), default=0.0)
        self.blocks.append(Block(kind, html, centred, bold, size))

    def _is_tracker(self, node: HtmlElement) -> bool:
        return (node.get("width"), node.get("height")) == ("1", "1")

    def _picture(self, node: HtmlElement) -> None:
        source, alt = node.get("data-src") or node.get("src") or "", (node.get("alt") or "").strip()
        if source.startswith("cid:") and source[4:].isdigit():
            self.blocks.append(Block("picture", source[4:]))
            return
        data = _embedded(source)
        if data is not None:
            number = len(self.pictures)
            self.pictures.append(Picture(number, data, alt[:200]))
            self.blocks.append(Block("picture", str(number)))
            return
        self.missing += 1
        self.lost(NoteReason.PICTURE_REMOTE, source[:EXCERPT])
        self.blocks.append(Block("missing", str(self.missing)))

    def _inside(self, node: HtmlElement) -> str:
        """Return what a cell or an item holds, as lines; pictures in it come behind as blocks of their own."""
        inner = BlockReader(self.pictures)
        inner.missing = self.missing
        inner.blocks = []
        inner.read(node)
        self.missing = inner.missing
        self.notes += [Note(n.sort, n.reason, len(self.blocks) + 1, n.excerpt, n.count) for n in inner.notes]
        lines = []
        for block in inner.blocks:
            if block.kind in ("picture", "missing"):
                lines.append(
                    f'<img src="cid:{block.html}" alt="">' if block.kind == "picture" else f"⟦{block.html}⟧"
                )
            elif block.kind != "hr":
                lines.append(block.html)
        return "<br>".join(lines)

    def _list(self, node: HtmlElement) -> str:
        items = []
        for item in node.iterchildren("li"):
            nested = "".join(self._list(one) for one in item.iterchildren("ul", "ol"))
            for one in list(item.iterchildren("ul", "ol")):
                item.remove(one)
            items.append(f"<li><p>{self._inside(item)}</p>{nested}</li>")
        start = node.get("start", "")
        begin = f' start="{start}"' if node.tag == "ol" and start.isdigit() else ""
        return f"<{node.tag}{begin}>{''.join(items)}</{node.tag}>"

    def _table(self, node: HtmlElement) -> None:
        rows = []
        for row in node.iter("tr"):
            if next(row.iterancestors("table")) is not node:
                continue
            cells = ""
            for cell in row.iterchildren("td", "th"):
                spans = "".join(
                    f' {name}="{cell.get(name)}"'
                    for name in ("colspan", "rowspan")
                    if cell.get(name, "").isdigit() and cell.get(name) != "1"
                )
                cells += f"<{cell.tag}{spans}><p>{self._inside(cell)}</p></{cell.tag}>"
            rows.append(f"<tr>{cells}</tr>")
        if (
            len(rows) == 1 and rows[0].count("<td") == 1
        ):  # a frame around a text, as web pages and letters have it
            cell = next(node.iter("td"))
            self._walk(cell, kind="p", centred=False, bold=False, size=0.0)
            self._flush("p", centred=False)
        elif rows:
            self.blocks.append(Block("table", f"<table><tbody>{''.join(rows)}</tbody></table>"))


def _is_centred(node: HtmlElement, style: str) -> bool:
    named = node.get("align", "").lower() == "center" or node.tag == "center"
    return (
        named
        or "center" in (node.get("class") or "").split()
        or re.search(r"text-align\s*:\s*center", style) is not None
    )


def _size(node: HtmlElement, style: str, size: float) -> float:
    """Return the size of a node in pixels, 0 for the usual one; the reader of Word says it in classes."""
    named = (node.get("class") or "").split()
    if "large" in named or "small" in named:
        return _LARGE_PX if "large" in named else _SMALL_PX
    hit = _SIZE.search(style)
    return float(hit[1]) * (_PX_A_PT if hit[2] == "pt" else 1) if hit else size


def _balanced(html: str) -> str:
    """Return a line with its marks closed and none of them empty: a picture in a bold word cuts it in two."""
    opened: list[str] = []
    out: list[str] = []
    for piece in re.split(r"(<[^>]+>)", html):
        name = piece.strip("</>")
        if piece.startswith("</"):
            if name not in opened:
                continue
            opened.remove(name)
        elif piece.startswith("<") and name != "br":
            if name in opened:
                continue
            opened.append(name)
        out.append(piece)
    whole = "".join(out) + "".join(f"</{name}>" for name in reversed(opened))
    whole = re.sub(r"<(strong|em|u|s)>(\s*)</\1>", r"\2", whole)
    # Blanks and breaks at both ends say nothing, outside of a mark or just within it.
    whole = re.sub(r"^((?:<(?:strong|em|u|s)>)*)(?:\s|<br>)+", r"\1", whole)
    return re.sub(r"(?:\s|<br>)+((?:</(?:strong|em|u|s)>)*)$", r"\1", whole)


def is_large(block: Block) -> bool:
    """Return whether a block is set larger than a body is."""
    return block.size >= _LARGE_PX


def is_small(block: Block) -> bool:
    """Return whether a block is set smaller than a body is."""
    return 0 < block.size <= _SMALL_PX


def _embedded(source: str) -> bytes | None:
    hit = _DATA.match(source)
    if hit is None:
        return None
    try:
        rest = source[hit.end() :]
        return base64.b64decode(rest, validate=False) if hit[1] else unquote_to_bytes(rest)
    except (binascii.Error, ValueError):
        return None
