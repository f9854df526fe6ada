"""Chinese words for search: cut on write, cut the same way on read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import rjieba
from django.utils.html import escape

_WORD = re.compile(r"\w", re.UNICODE)
MAX_CHARS = 100_000


def words_cut(text: str) -> list[str]:
    """Return the search words of ``text``, lower case, in order; long words also give their parts.

    At most ``MAX_CHARS`` characters are read.
    """
    return [word.lower() for word in rjieba.cut_for_search(text[:MAX_CHARS]) if _WORD.search(word)]


def query_words(text: str, *, limit: int = 12) -> list[str]:
    """Return at most ``limit`` different words of a search text."""
    return list(dict.fromkeys(words_cut(text[:200])))[:limit]


def highlight(text: str, *, words: Iterable[str], around: int = 30) -> str:
    """Return about ``2 × around`` characters of ``text`` around its first hit.

    Hits are wrapped in ``<em>``; everything else is HTML-escaped.
    """
    found = sorted({word for word in words if word}, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(word) for word in found), re.IGNORECASE) if found else None
    first = pattern.search(text) if pattern else None
    start = max(0, (first.start() if first else 0) - around)
    piece = text[start : start + 2 * around]
    if pattern is None:
        return str(escape(piece))
    out, at = [], 0
    for hit in pattern.finditer(piece):
        out += [escape(piece[at : hit.start()]), "<em>", escape(hit.group()), "</em>"]
        at = hit.end()
    return "".join([*out, escape(piece[at:])])
