"""The rows of a word list as somebody typed them: what each must be, and what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.safety.models.words import SUGGESTION_CHARS, WINDOW_CHARS, WINDOWS_MOST, WORD_CHARS
from apps.safety.states import Category, Level
from apps.safety.words import WordRule, normal_of

ROWS_MOST = 20_000
_LEVELS, _CATEGORIES = {x.value for x in Level}, {x.value for x in Category}


@dataclass(frozen=True, slots=True)
class WordRow:
    """A line of a table, as text.

    ``level``, ``category``  codes of ``states``
    ``windows``              harmless expressions that hold the word
    """

    line: int
    word: str
    level: str
    category: str
    suggestion: str = ""
    windows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line; line 0 stands for the whole table."""

    line: int
    why: Any


def rows_check(*, rows: Sequence[WordRow]) -> tuple[list[WordRule], list[Problem]]:
    """Return the rules of ``rows`` and what is wrong with the others.  No query.

    Two words that read the same once signs and case are taken away are one word, and the second is a problem.
    """
    if not rows:
        return [], [Problem(0, _("there is no word in it"))]
    if len(rows) > ROWS_MOST:
        return [], [Problem(0, _("it has more than %(most)s lines") % {"most": ROWS_MOST})]
    rules: list[WordRule] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row in rows:
        form = normal_of(row.word).text
        why = _wrong(row, form)
        if why is None and form in seen:
            why = _("the same word as in line %(line)s") % {"line": seen[form]}
        if why is not None:
            problems.append(Problem(row.line, why))
            continue
        seen[form] = row.line
        rules.append(
            WordRule(row.word, Level(row.level), Category(row.category), row.suggestion, row.windows)
        )
    return rules, problems


def _wrong(row: WordRow, form: str) -> Any:
    """Return what is wrong with a line taken alone, None for nothing."""
    if not form or len(row.word) > WORD_CHARS:
        return _("a word has 1 to %(most)s characters, letters or digits among them") % {"most": WORD_CHARS}
    if row.level not in _LEVELS:
        return _("the weight is none that is known")
    if row.category not in _CATEGORIES:
        return _("the kind of word is none that is known")
    if len(row.suggestion) > SUGGESTION_CHARS:
        return _("what to write instead has at most %(most)s characters") % {"most": SUGGESTION_CHARS}
    if len(row.windows) > WINDOWS_MOST or any(len(window) > WINDOW_CHARS for window in row.windows):
        return _("at most %(most)s harmless expressions of at most %(chars)s characters") % {
            "most": WINDOWS_MOST, "chars": WINDOW_CHARS,
        }  # fmt: skip
    forms = [normal_of(window).text for window in row.windows]
    if any(form not in window or form == window for window in forms):
        return _("a harmless expression must hold the word and more")
    return None


def rules_sha256(*, rules: Iterable[WordRule]) -> str:
    """Return the checksum of what a list holds, whatever the order of its lines."""
    lines = sorted(
        [rule.word, rule.level.value, rule.category.value, rule.suggestion, *sorted(rule.windows)]
        for rule in rules
    )
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False).encode()).hexdigest()
