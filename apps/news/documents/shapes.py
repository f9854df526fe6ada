"""Tells headings and captions by their shape, where no style says what they are.  Pure."""

from __future__ import annotations

import re

_ENDS = "。！？；，、：…”"
_FIRST = re.compile(r"^(?:[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,3}[章节部分篇])")
_SECOND = re.compile(r"^[（(][一二三四五六七八九十]{1,3}[)）]")
_CAPTION = re.compile(
    r"^(?:[▲△↑←→■●]|图[一二三四五六七八九十\d]{0,2}\s*[:：、 ]|图\d|图为|[(（]?(?:资料图|效果图|示意图))|(?:摄|供图|摄影|图源[:：].{1,20}|摄影[:：/].{1,20})[)）]?$"
)
HEADING_CHARS, CAPTION_CHARS = 30, 60


def heading_level(text: str, *, bold: bool, large: bool) -> int:
    """Return 2 or 3 for a paragraph that is a heading by its shape, 0 for any other.

    ``bold`` and ``large`` of the whole paragraph; “一、” and “（一）” make a heading of a short line without a final mark.
    """
    if not text or len(text) > HEADING_CHARS or text[-1] in _ENDS or is_caption(text):
        return 0
    if _FIRST.match(text):
        return 2
    if _SECOND.match(text):
        return 3
    return 2 if (bold or large) and len(text) >= 2 else 0


def is_caption(text: str) -> bool:
    """Return whether a line says of itself that it goes with a picture: 图1 …, ▲…, …（张某 摄）."""
    return len(text) <= CAPTION_CHARS and _CAPTION.search(text) is not None


def caption_below(text: str, *, centred: bool, small: bool) -> bool:
    """Return whether a line right below a picture is its caption."""
    return is_caption(text) or (0 < len(text) <= CAPTION_CHARS and (centred or small))
