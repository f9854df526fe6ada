"""The words that network points are found by: Chinese words, pieces of names, pinyin and initials.  No database.

Of a name the index holds the dictionary's words, each character and each pair of neighbours, so that any part of it is
found whatever the cutter makes of it; and its pinyin and initials from each syllable on, to be found by their beginning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.common.words import all_text, lexemes, query_words, words_held

MAX_TERMS, MAX_CHARS = 6, 60
# Pinyin stands apart from words: the beginning "he" of 和 is not the English word.
_SOUND = "py:"
_LATIN = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"\w+")


def pinyin_of(*, text: str) -> str:
    """Return the syllables of ``text`` without tones, one space between two; what is not Chinese stays, in lower case.

    At most 300 characters.
    """
    from pypinyin import lazy_pinyin  # here: its dictionaries take some 20 MiB, and a reader never needs them

    return " ".join(part.strip() for part in lazy_pinyin(_plain(text)) if part.strip())[:300]


def initials_of(*, text: str) -> str:
    """Return the first letters of the syllables of ``text``: ``prydyy``.  At most 80 characters."""
    return "".join(syllable[0] for syllable in pinyin_of(text=text).split())[:80]


@dataclass(frozen=True, slots=True)
class Name:
    """A name or alias; ``pinyin`` is its syllables, one space between two."""

    text: str
    pinyin: str


@dataclass(frozen=True, slots=True)
class Described:
    """What a network point is found by: its names first, then what it is and offers, where it lies, what is said of it."""

    names: Sequence[Name]
    offers: Sequence[str]
    place: Sequence[str]
    about: Sequence[str]


def vector_of(*, described: Described) -> str:
    """Return the text of the ``tsvector`` of a network point: weights A names, B kind and services, C place, D the rest."""
    weighted: dict[str, str] = {}
    parts = (
        ("D", described.about, words_held),
        ("C", described.place, words_held),
        ("B", described.offers, words_held),
        ("A", [name.text for name in described.names], _pieces),
    )
    for weight, texts, cut in parts:
        weighted |= dict.fromkeys((word for text in texts for word in cut(_plain(text))), weight)
    weighted |= dict.fromkeys((sound for name in described.names for sound in _sounds(name.pinyin)), "A")
    return " ".join(f"{lexemes([word])}:1{weight}" for word, weight in sorted(weighted.items()))


def query_of(*, text: str) -> str:
    """Return the text of the ``tsquery`` for what holds every term of ``text``; empty where it holds no word.

    A term is what stands between spaces: Chinese is found by its words or by all its pairs of characters, Latin letters
    and digits by the beginning of a word, of pinyin or of initials.  At most 6 terms and 60 characters are read.
    """
    terms = [_term(term) for term in _plain(text)[:MAX_CHARS].split()]
    return " & ".join([term for term in terms if term][:MAX_TERMS])


def _term(term: str) -> str:
    if _LATIN.fullmatch(term):
        return f"({lexemes([term])}:* | {lexemes([_SOUND + term])}:*)"
    ways = dict.fromkeys(all_text(way) for way in (query_words(term), _pairs(term)) if way)
    return f"({' | '.join(f'({way})' for way in ways)})" if ways else ""


def _plain(text: str) -> str:
    """Return ``text`` with full-width letters and digits as plain ones, in lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def _pairs(text: str) -> list[str]:
    """Return the neighbours in ``text`` two by two, or its only character."""
    runs = _WORD.findall(text)
    pairs = [first + second for run in runs for first, second in pairwise(run)]
    return list(dict.fromkeys(pairs or [run for run in runs if len(run) == 1]))


def _pieces(name: str) -> Iterable[str]:
    runs = _WORD.findall(name)
    return [*words_held(name), *_pairs(name), *(char for run in runs for char in run)]


def _sounds(pinyin: str) -> list[str]:
    """Return pinyin and initials from each syllable on: of ``pu ren yi yuan`` also renyiyuan, ryy, yiyuan, yy …"""
    syllables = _plain(pinyin).split()
    starts = range(len(syllables))
    whole = ["".join(syllables[at:]) for at in starts]
    initials = ["".join(one[0] for one in syllables[at:]) for at in starts]
    return [f"{_SOUND}{sound}" for sound in dict.fromkeys([*whole, *initials])]
