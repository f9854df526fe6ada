"""What Word's styles and layout say of a paragraph, written into it as a style that the reader maps to a tag.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TITLE, _FIRST, _SECOND, _CAPTION, _CENTRED, _SMALL, _LARGE = (
    "qsTitle", "qsFirst", "qsSecond", "qsCaption", "qsCentred", "qsSmall", "qsLarge",
)  # fmt: skip
_TAGS = {
    _TITLE: "h1", _FIRST: "h2", _SECOND: "h3", _CAPTION: "p.caption", _CENTRED: "p.center",
    _SMALL: "p.center.small", _LARGE: "p.large",
}  # fmt: skip
_SMALL_HALF_POINTS, _LARGE_HALF_POINTS = 20, 36  # 10 and 18 points; a body is set in 10.5 to 16
_BODY_LEVEL = 9  # outline level of body text


def style_map() -> str:
    """Return the rules for mammoth: our marks to tags, bold and its kin to the tags of the body."""
    lines = [f"p.{mark} => {tag}:fresh" for mark, tag in _TAGS.items()]
    return "\n".join([*lines, "u => u", "strike => s", "b => strong", "i => em"])


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    level: int
    centred: bool
    numbered: bool


class StyleSheet:
    """The paragraph styles of a document by id."""

    def __init__(self, styles: dict[str, _Style]) -> None:
        self._styles = styles

    @classmethod
    def of(cls, root: Any) -> StyleSheet:
        """Read ``styles.xml``, which may be missing."""
        found = {}
        for node in root.iter(f"{W}style") if root is not None else ():
            name, based = node.find(f"{W}name"), node.find(f"{W}basedOn")
            level, align = node.find(f"{W}pPr/{W}outlineLvl"), node.find(f"{W}pPr/{W}jc")
            found[node.get(f"{W}styleId") or ""] = _Style(
                (_value(name) or "").lower(), _value(based) or "", _number(_value(level), _BODY_LEVEL),
                _value(align) == "center", node.find(f"{W}pPr/{W}numPr") is not None,
            )  # fmt: skip
        return cls(found)

    def mark(self, paragraph: Any) -> None:
        """Give ``paragraph`` the style that says what it is; lists keep theirs."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            properties = paragraph.makeelement(f"{W}pPr", {})
            paragraph.insert(0, properties)
        style = properties.find(f"{W}pStyle")
        mark = self._mark(_value(style) or "", properties, paragraph)
        if mark is None:
            return
        if style is None:
            style = properties.makeelement(f"{W}pStyle", {})
            properties.insert(0, style)
        style.set(f"{W}val", mark)
        if mark in (_TITLE, _FIRST, _SECOND) and (numbering := properties.find(f"{W}numPr")) is not None:
            properties.remove(numbering)

    def _mark(self, style_id: str, properties: Any, paragraph: Any) -> str | None:
        chain = self._chain(style_id)
        own = _value(properties.find(f"{W}outlineLvl"))
        level = _number(own, next((one.level for one in chain if one.level < _BODY_LEVEL), _BODY_LEVEL))
        names = {one.name for one in chain}
        if "title" in names:
            return _TITLE
        if level < _BODY_LEVEL:
            return _FIRST if level == 0 else _SECOND
        if "caption" in names:
            return _CAPTION
        if properties.find(f"{W}numPr") is not None or any(one.numbered for one in chain):
            return None
        align = _value(properties.find(f"{W}jc"))
        centred = align == "center" or (align is None and any(one.centred for one in chain))
        size = _size(paragraph)
        if centred:
            return (
                _SMALL
                if 0 < size <= _SMALL_HALF_POINTS
                else _LARGE
                if size >= _LARGE_HALF_POINTS
                else _CENTRED
            )
        return _LARGE if size >= _LARGE_HALF_POINTS else None

    def _chain(self, style_id: str) -> list[_Style]:
        chain: list[_Style] = []
        while style_id in self._styles and len(chain) < 10:  # a style may be based on itself
            chain.append(self._styles[style_id])
            style_id = chain[-1].based_on
        return chain


def _size(paragraph: Any) -> int:
    """Return the size that all runs with text share, in half points, 0 where none or several are given."""
    sizes = {
        _number(_value(run.find(f"{W}rPr/{W}sz")), 0)
        for run in paragraph.iter(f"{W}r")
        if (run.findtext(f"{W}t") or "").strip()
    }
    return sizes.pop() if len(sizes) == 1 else 0


def _value(node: Any) -> str | None:
    return node.get(f"{W}val") if node is not None else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise
