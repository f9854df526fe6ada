"""Chinese words for search: cut on write, cut the same way on read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.utils.html import escape

_WORD = re.compile(r"\w", re.UNICODE)
MAX_CHARS = 100_000


def words_cut(text: str) -> list[str]:
    """Return the search words of ``text``, lower case, in order; long words also give their parts.

    At most ``MAX_CHARS`` characters are read.
    """
    import rjieba  # here: its dictionary takes 33 MiB, and a sender never cuts a word

    return [word.lower() for word in rjieba.cut_for_search(text[:MAX_CHARS]) if _WORD.search(word)]


def words_held(text: str) -> list[str]:
    """Return ``words_cut`` and every further word of the dictionary that ``text`` holds: for columns that are searched.

    Of 路灯不亮 the cutter makes 路|灯不亮; who looks for 路灯 finds it all the same.
    """
    import rjieba  # here: its dictionary takes 33 MiB, and a sender never cuts a word

    words = words_cut(text)
    further = {
        word.lower() for word in rjieba.cut_all(text[:MAX_CHARS]) if len(word) > 1 and _WORD.search(word)
    }
    return [*words, *sorted(further.difference(words))]


def query_words(text: str, *, limit: int = 12) -> list[str]:
    """Return at most ``limit`` different words of a search text.

    Two single characters that make a word of the dictionary are that word: the cutter makes 步|道 of 步道, and a text
    that holds 步道 holds it as a word (``words_held``) and its halves seldom.
    """
    import rjieba  # here: its dictionary takes 33 MiB, and a sender never cuts a word

    known = {word.lower() for word in rjieba.cut_all(text[:200]) if len(word) == 2}
    words: list[str] = []
    for word in words_cut(text[:200]):
        if words and words[-1] + word in known:
            words[-1] += word
        else:
            words.append(word)
    return list(dict.fromkeys(words))[:limit]


def lexemes(words: Iterable[str]) -> str:
    """Return ``words`` as the text of a PostgreSQL ``tsvector``: what a search column is filled with."""
    return " ".join(f"'{_quoted(word)}'" for word in sorted(set(words)))


def all_of(words: Iterable[str]) -> SearchQuery:
    """Return the search for texts that hold every one of ``words`` (at least one)."""
    return SearchQuery(all_text(words), config="simple", search_type="raw")


def all_text(words: Iterable[str]) -> str:
    """Return the text of a ``tsquery`` for what holds every one of ``words``; empty for none."""
    return " & ".join(f"'{_quoted(word)}'" for word in words)


def any_of(words: Iterable[str]) -> SearchQuery:
    """Return the search for texts that hold one of ``words`` (at least one)."""
    return SearchQuery(any_text(words), config="simple", search_type="raw")


def any_text(words: Iterable[str]) -> str:
    """Return the text of a ``tsquery`` for what holds one of ``words``; empty for none."""
    return " | ".join(f"'{_quoted(word)}'" for word in words)


class ConstantQuery(SearchQuery):
    """The search for texts that hold every one of ``words``, as a constant of the statement and not as a parameter.

    For a parameter PostgreSQL goes over to one plan for all words after some calls, and walks a million rows for a word that
    few of them hold: the statistics of the very words are what its choice rests on.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._text = all_text(words)
        super().__init__(self._text, config="simple", search_type="raw")

    def as_sql(self, compiler: Any, connection: Any, *more: Any, **extra: Any) -> Any:
        """Return the constant: quotes doubled, backslashes as they are (standard_conforming_strings), % for the driver."""
        del compiler, connection, more, extra
        literal = self._text.replace("'", "''").replace("%", "%%")
        return f"'{literal}'::tsquery", []


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "''")


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
