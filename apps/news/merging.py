"""Two people changed the same text: what each changed of the version both began with, block by block.

Pure: three texts in, pieces out.  A change of one side is taken; where both changed the same blocks a person decides.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

import lxml.html

from apps.news.text import html_images, html_text

# Beyond these the comparison, whose time grows with the square, would hold up the page: the whole counts as one piece.
MOST_BLOCKS = 2000
MOST_SENTENCES = 2000
MOST_CHARS = 600
# Sentences that have less in common are shown whole: single characters that happen to agree help nobody.
ALIKE = 0.4


class Side(StrEnum):
    """Who changed a piece, or what was decided for it."""

    SAME = "same"
    MINE = "mine"
    THEIRS = "theirs"
    CONFLICT = "conflict"
    BOTH = "both"  # an answer only: theirs, then mine


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring blocks with one fate; ``base`` is empty where nothing stood or the version is not known any more."""

    side: Side
    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text: ``same``, ``del`` (only in the old one) or ``ins`` (only in the new one)."""

    kind: str
    text: str


def side_of(*, base: object | None, mine: object, theirs: object) -> Side:
    """Return who changed a value; without ``base`` every difference is a conflict."""
    if mine == theirs:
        return Side.SAME
    if base is not None and mine == base:
        return Side.THEIRS
    if base is not None and theirs == base:
        return Side.MINE
    return Side.CONFLICT


def html_blocks(html: str) -> list[str]:
    """Return cleaned ``html`` as its outermost blocks: a paragraph, a whole list, a whole table; loose text is one too."""
    blocks: list[str] = []
    nodes: list[Any] = list(lxml.html.fragments_fromstring(html))  # elements, and a text before the first
    for node in nodes:
        if isinstance(node, str):
            blocks.append(_escaped(node))
            continue
        blocks.append(lxml.html.tostring(node, encoding="unicode", with_tail=False))
        blocks.append(_escaped(node.tail or ""))
    blocks = [block for block in blocks if block]
    return blocks if len(blocks) <= MOST_BLOCKS else ["".join(blocks)]


def _escaped(text: str) -> str:
    return markup.escape(text.strip(), quote=False)


def blocks_merged(*, base: Sequence[str] | None, mine: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """Return the pieces of a three-way merge in order; without ``base`` each difference is a conflict.

    Blocks that both sides left alone are the anchors; between two anchors a change of one side is that side's, the same
    change of both is no conflict, and two different changes are one.
    """
    known = base if base is not None else []
    anchors = _kept_by_all(known, mine, theirs) if base is not None else _kept_by_two(mine, theirs)
    pieces: list[Piece] = []
    at_base = at_mine = at_theirs = 0
    for in_base, in_mine, in_theirs, size in anchors:
        changed = (
            tuple(known[at_base:in_base]),
            tuple(mine[at_mine:in_mine]),
            tuple(theirs[at_theirs:in_theirs]),
        )
        if any(changed):
            before = changed[0] if base is not None else None
            side = side_of(base=before, mine=changed[1], theirs=changed[2])
            pieces.append(Piece(side, *changed))
        at_base = in_base + size if base is not None else 0
        at_mine, at_theirs = in_mine + size, in_theirs + size
        if size:
            kept = tuple(mine[in_mine:at_mine])
            pieces.append(Piece(Side.SAME, kept, kept, kept))
    return pieces


def blocks_joined(*, pieces: Sequence[Piece], answers: Mapping[int, str]) -> str | None:
    """Return the merged HTML, or None while a conflict has no answer.

    ``answers``  what was decided for a piece, by its place: ``mine``, ``theirs`` or ``both``
    """
    parts: list[str] = []
    for place, piece in enumerate(pieces):
        side = answers.get(place) if piece.side is Side.CONFLICT else piece.side.value
        match side:
            case Side.MINE | Side.SAME:
                parts += piece.mine
            case Side.THEIRS:
                parts += piece.theirs
            case Side.BOTH:
                parts += [*piece.theirs, *piece.mine]
            case _:
                return None
    return "".join(parts)


def blocks_text(blocks: Sequence[str]) -> str:
    """Return what a person reads of ``blocks``, a line each; a picture is its alternative text in brackets."""
    lines = []
    for block in blocks:
        pictures = "".join(f"[{alt or upload_id}]" for upload_id, alt in html_images(block))
        lines.append(f"{pictures}{html_text(block)}")
    return "\n".join(lines)


_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’」』）)]*|[^。！？；!?;\n]+")


def text_marked(*, old: str, new: str) -> list[Mark]:
    """Return ``new`` with what was added to ``old`` and what was taken from it, by sentence and in it by character.

    Chinese has no spaces between words, so what is finer than a sentence is a character.
    """
    before, after = _SENTENCE.findall(old), _SENTENCE.findall(new)
    if max(len(before), len(after)) > MOST_SENTENCES:
        before, after = [old], [new]
    marks: list[Mark] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = "".join(before[old_from:old_to]), "".join(after[new_from:new_to])
        marks += [Mark("same", come)] if kind == "equal" else _by_character(gone, come)
    return marks


def _by_character(gone: str, come: str) -> list[Mark]:
    matcher = SequenceMatcher(None, gone, come, autojunk=False)
    if not gone or not come or max(len(gone), len(come)) > MOST_CHARS or matcher.ratio() < ALIKE:
        return [Mark(kind, text) for kind, text in (("del", gone), ("ins", come)) if text]
    marks: list[Mark] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            marks.append(Mark("same", come[new_from:new_to]))
            continue
        marks += [Mark("del", gone[old_from:old_to])] if old_to > old_from else []
        marks += [Mark("ins", come[new_from:new_to])] if new_to > new_from else []
    return marks


Anchor = tuple[int, int, int, int]


def _matches(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    found = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [(match.a, match.b, match.size) for match in found if match.size]


def _kept_by_two(mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Anchor]:
    yield from ((0, in_mine, in_theirs, size) for in_mine, in_theirs, size in _matches(mine, theirs))
    yield 0, len(mine), len(theirs), 0


def _kept_by_all(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Anchor]:
    """Yield ``(in base, in mine, in theirs, length)`` of what stands unchanged in all three, then the three ends."""
    ours, others = _matches(base, mine), _matches(base, theirs)
    i = j = 0
    while i < len(ours) and j < len(others):
        (in_base, in_mine, size), (also, in_theirs, also_size) = ours[i], others[j]
        start, end = max(in_base, also), min(in_base + size, also + also_size)
        if start < end:
            yield start, in_mine + start - in_base, in_theirs + start - also, end - start
        if in_base + size < also + also_size:
            i += 1
        else:
            j += 1
    yield len(base), len(mine), len(theirs), 0
