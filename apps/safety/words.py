"""Words of a list found in a text: Aho-Corasick over a normalised form, with places in the text as it was written.

Whoever writes 敏*感, 敏 感 or 敏　感 means 敏感: only letters and digits count, in one form of each (NFKC, no case).
A word inside one of its windows (游行 in 上游行业) is not meant.  No Django: the same rules serve every door.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from apps.safety.states import Category, Level

_WEIGHT = {Level.WARN: 0, Level.BLOCK: 1}
# No language stacks more marks on a letter (UAX 15, stream-safe text); who sends more wants to keep us busy.
_MARKS = 30


@dataclass(frozen=True, slots=True)
class WordRule:
    """A word of a list.

    ``suggestion``  what to write instead, may be empty
    ``windows``     longer expressions in which the word means something harmless
    """

    word: str
    level: Level
    category: Category
    suggestion: str = ""
    windows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A word found at ``text[start:end]``."""

    start: int
    end: int
    word: str
    level: Level
    category: Category
    suggestion: str


@dataclass(frozen=True, slots=True)
class Normal:
    """A text as it is compared, and where each of its characters stands in the text as it was written."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def normal_of(text: str) -> Normal:
    """Return the letters and digits of ``text`` in their plain form (NFKC, case folded), with their places.

    One character may become several (㈱ → 株) and several one (e and an accent → é).
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and end - at <= _MARKS and unicodedata.combining(text[end]):
            end += 1
        plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text[at:end]).casefold())
        for char in plain:
            if unicodedata.category(char)[0] in "LN":
                out.append(char)
                starts.append(at)
                ends.append(end)
        at = end
    return Normal("".join(out), tuple(starts), tuple(ends))


class Lexicon:
    """The words of one or more lists, ready to be looked for.  Never changed once made; safe to share by threads."""

    def __init__(self, rules: Iterable[WordRule]) -> None:
        """Take ``rules``; of two with the same normal form the heavier counts, one without letters is left out."""
        self._rules: dict[str, WordRule] = {}
        for rule in rules:
            form = normal_of(rule.word).text
            held = self._rules.get(form)
            if form and (held is None or _WEIGHT[rule.level] > _WEIGHT[held.level]):
                self._rules[form] = rule
        self._windows = {
            form: frozenset(normal_of(window).text for window in rule.windows) - {""}
            for form, rule in self._rules.items()
        }
        self._forms = sorted(set(self._rules).union(*self._windows.values()))
        self._machine = AhoCorasick(self._forms, matchkind=MatchKind.Standard)

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self._rules)

    def find(self, text: str) -> tuple[Finding, ...]:
        """Return the words in ``text`` from left to right, none over another: the leftmost, of these the longest.

        What stands in one of its windows is taken out first, so that it hides no other word.
        """
        if not self._rules or not text:
            return ()
        normal = normal_of(text)
        # The starts of each form, ascending: occurrences of one form come in the order of the text.
        places: dict[str, list[int]] = {}
        for pattern, start, _end in self._machine.find_matches_as_indexes(normal.text, overlapping=True):
            places.setdefault(self._forms[pattern], []).append(start)
        meant = [
            (start, start + len(form), form)
            for form, starts in places.items()
            if form in self._rules
            for start in starts
            if not self._excused(form, start, places)
        ]
        return tuple(self._chosen(meant, normal))

    def _excused(self, form: str, start: int, places: Mapping[str, Sequence[int]]) -> bool:
        """Tell whether the word at ``start`` stands inside of one of its windows."""
        for window in self._windows[form]:
            starts = places.get(window, ())
            first = bisect_left(starts, start + len(form) - len(window))
            if first < len(starts) and starts[first] <= start:
                return True
        return False

    def _chosen(self, meant: list[tuple[int, int, str]], normal: Normal) -> Iterable[Finding]:
        done = 0
        for start, end, form in sorted(meant, key=lambda hit: (hit[0], -hit[1])):
            if start >= done:
                done, rule = end, self._rules[form]
                yield Finding(
                    normal.starts[start], normal.ends[end - 1], rule.word, rule.level, rule.category, rule.suggestion
                )  # fmt: skip


def heaviest(findings: Iterable[Finding]) -> Level | None:
    """Return the heaviest level among ``findings``, None for none."""
    return max((one.level for one in findings), key=_WEIGHT.__getitem__, default=None)
