"""The seam between two lines: does the second go on where the first stopped, and what was printed twice there.

Evidence comes from the marks at the break, from the words of jieba's dictionary, and from the rest of the same text:
a place name that is broken in one paragraph mostly stands whole in another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.news.print_lines import CLOSERS, NON_STARTERS, OPENERS, PAIRS, ends_sentence, starts_item

TAIL = 8  # characters either side of a break that are looked at
_OVERLAP_MAX = 4
_SINGLE_MARKS = "，、；：。"  # printed twice is always a misprint; …… and —— are meant
# Parts of place names that stand alone after a name (青山 + 区): no sign of a cut word.
_NAME_ENDS = "省市区县镇乡村街路里桥站港湾湖山江河园馆院所局处厂"
_WANTS_MORE = re.compile(
    r"(?:[的在和与及或为将对于以从向把被是至由按据就因如并且更最第让使给跟]|[，、：—“‘（《「『【〔-])$"
)
_GOES_ON = re.compile(r"[的了着过地得和与及等并而也就都又们性化率型者之或以]")
_FRAGMENT = re.compile(r"[一-鿿]{1,2}[，。；]")  # 山，投资建设…: a clause of one or two characters
_STARTS_AFRESH = re.compile(
    r"[“「]?(?:(?:19|20)\d{2}年|\d{1,2}月|[去今前明近]年|年初|年底|近日|日前|目前|如今|当前|眼下|昨[日天]|今[日天]|当[日天年]|前不久|与此同时|"
    r"同时|此外|另外|其中|接下来|下一步|未来|据[悉了介统]|记者|首先|其次|最后|为了|随着|截至|截止|聚焦|该[项工区]|这[是一里些]|作为)"
)


@dataclass(frozen=True, slots=True)
class Seam:
    """What speaks for reading two lines as one.

    ``weight``      above 0: join; the higher, the surer (1 rests on the missing final mark alone)
    ``word``        the break runs through a word
    ``overlap``     number of characters that end the first and begin the second line
    """

    weight: int
    word: bool
    overlap: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """What becomes of characters that stand on both sides of a break: how many are dropped, and whether surely."""

    dropped: int
    sure: bool


class Phrases:
    """The groups of three and four characters of one text: do the words met at a break stand together elsewhere?"""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        for text in texts:
            self._counts.update(text[at : at + 3] for at in range(len(text) - 2))
            self._counts.update(text[at : at + 4] for at in range(len(text) - 3))

    def count(self, phrase: str) -> int:
        """Return how often the three or four characters stand together on one line; 0 for another length."""
        return self._counts[phrase] if len(phrase) in (3, 4) else 0


def seam_weigh(*, left: str, right: str, phrases: Phrases) -> Seam:
    """Weigh whether ``right`` goes on from ``left``; only the ``TAIL`` characters next to the break are read.

    A finished sentence on the left leaves only one way: a right side that can't begin a line.
    """
    left, head = left[-TAIL:], right[:TAIL]
    if not left or not head:
        return Seam(-9, False, 0)
    if head[0] in NON_STARTERS and head[:2] not in ("……", "··"):
        return Seam(4, False, _overlap(left, head))
    if ends_sentence(left):
        return Seam(-9, False, 0)
    overlap = _overlap(left, head)
    word = _word_crosses(left, head, phrases)
    weight = 0 if left[-1] in "：:" else 1
    if left[-1] in "，、,—-" or left[-1] in OPENERS:
        weight += 3
    elif _WANTS_MORE.search(left) or (_ascii_word(left[-1]) and _ascii_word(head[0])):
        weight += 1
    weight += 2 * (overlap > 0) + 2 * word
    weight += 1 if _GOES_ON.match(head) or _FRAGMENT.match(head) else 0
    weight += _inside_marks(left, head)
    weight -= 2 if starts_afresh(right) else 0
    if left[-1] in "：:" and head[0] in OPENERS:
        weight += 2
    if starts_item(right[:12]) and not right.startswith("——"):
        weight -= 3
    return Seam(weight, word, overlap)


def starts_afresh(text: str) -> bool:
    """Whether the line begins as paragraphs begin (2026年…, 近年来, 与此同时, 聚焦…)."""
    return _STARTS_AFRESH.match(text[:12]) is not None


def overlap_settle(*, left: str, right: str, overlap: int, phrases: Phrases, rare: bool) -> Overlap:
    """Decide how many of the ``overlap`` characters that stand on both sides of the break are dropped.

    ``rare``  the break is an ordinary line end, where the same character twice is mostly meant (天|天)
    Order of evidence: the same words elsewhere in the text, then a doubled word of the dictionary, then which
    reading leaves fewer and longer words.
    """
    if overlap == 0:
        return Overlap(0, True)
    twice = right[:overlap]
    if twice in _SINGLE_MARKS:
        return Overlap(overlap, True)
    before, after = left[: len(left) - overlap][-TAIL:], right[overlap:][:TAIL]
    dropped = phrases.count((before + twice)[-2:] + after[:1]) if overlap == 1 else 0
    if overlap > 1:
        dropped = min(phrases.count(before[-1:] + twice[:2]), phrases.count(twice[-2:] + after[:1]))
    kept = phrases.count((before + twice)[-2:] + twice[0]) + phrases.count(twice[-1] + right[:2])
    if dropped != kept and 0 in (dropped, kept):
        return Overlap(overlap if dropped else 0, True)
    whole = before + twice + twice + after
    middle = len(before) + overlap
    fewer = _cost(before + twice + after) - _cost(whole)
    if fewer >= 0 and any(start < middle < end for start, end in _words(whole)):
        return Overlap(0, True)  # 天天, 一座座: a word that is doubled by itself
    if fewer < 0:
        return Overlap(0 if rare and overlap == 1 and fewer > -2 else overlap, False)
    return Overlap(0 if rare or fewer > 0 else overlap, False)


def _inside_marks(left: str, head: str) -> int:
    # A quote or bracket that is open at the break, and one that closes behind it without being opened there.
    opened = any(left.rfind(opening) > left.rfind(closing) for opening, closing in PAIRS)
    closed = any(0 <= head.find(closing) < (head + opening).find(opening) for opening, closing in PAIRS)
    return opened + closed


def _overlap(left: str, head: str) -> int:
    for size in range(min(_OVERLAP_MAX, len(left), len(head)), 0, -1):
        piece = head[:size]
        if left.endswith(piece) and (all("一" <= char <= "鿿" for char in piece) or piece in _SINGLE_MARKS):
            return size
    return 0


def _word_crosses(left: str, head: str, phrases: Phrases) -> bool:
    # Either the dictionary sees one word over the break, or the text has the same characters elsewhere.  Two before
    # and one after prove little (武汉|工人 against 武汉工业), unless the one ends a name (青山|区).
    if left[-1] in CLOSERS or not ("一" <= left[-1] <= "鿿" and "一" <= head[0] <= "鿿"):
        return False
    named = head[0] in _NAME_ENDS and phrases.count(left[-2:] + head[0])
    if named or phrases.count(left[-1] + head[:2]) or phrases.count(left[-2:] + head[:2]):
        return True
    return any(start < len(left) < end for start, end in _words(left + head))


def _words(text: str) -> Sequence[tuple[int, int]]:
    import rjieba  # here: its dictionary takes 33 MiB, and only the import of an article needs it

    # The hidden Markov model is off: it invents words, and an invented word over a break proves nothing.
    return [(start, end) for _word, start, end in rjieba.tokenize(text, "default", False)]


def _cost(text: str) -> int:
    # Words, and lone characters once more: a cut word leaves lone characters behind.
    lone = sum(end - start == 1 and _is_cut_off(text[start]) for start, end in _words(text))
    return len(_words(text)) + lone


def _is_cut_off(char: str) -> bool:
    return "一" <= char <= "鿿" and char not in _NAME_ENDS


def _ascii_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
