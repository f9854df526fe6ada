"""Mends the typing of a Chinese text: blanks between characters, widths, doubled marks.  The words stay.  Pure.

Source of the widths: GB/T 15834-2011 (marks), GB/T 15835-2011 (Arabic numerals are half-width).
"""

from __future__ import annotations

import re

from apps.news.documents.draft import EXCERPT, Note, NoteReason, NoteSort

_HAN = "\u3400-\u9fff"
_MARKS = "，。、；：！？（）《》“”‘’"
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc\u00ad]"
)
_BLANK = r"[ \u00a0\u3000]"
# Beside a mark a blank says nothing; between two words (a name and what someone did) it does, unless each character
# stands alone: 青 山 江 滩.
_BLANKS = re.compile(rf"(?<=[{_MARKS}]){_BLANK}+(?=[{_HAN}{_MARKS}])|(?<=[{_HAN}]){_BLANK}+(?=[{_MARKS}])")
_SPACED = re.compile(rf"(?<![{_HAN}])[{_HAN}](?:{_BLANK}+[{_HAN}](?![{_HAN}])){{3,}}")
_WIDE_BLANKS = re.compile(rf"(?<=[{_HAN}])(?:{_BLANK}{{2,}}|[\u00a0\u3000])(?=[{_HAN}])")
_WIDE = re.compile(r"[０-９Ａ-Ｚａ-ｚ％]+")
_NARROW = re.compile(rf"(?<=[{_HAN}）》”])[,;:?!](?=[{_HAN}（《“]|$)")
_DOUBLED = re.compile(r"([，、；：])\1+|(?<!。)。。(?!。)")
_TO_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TO_WIDE = str.maketrans(",;:?!", "，；：？！")
_RULES = (
    (NoteReason.CONTROLS, _CONTROL, lambda _hit: ""),
    (NoteReason.SPACES, _BLANKS, lambda _hit: ""),
    (NoteReason.SPACES, _SPACED, lambda hit: re.sub(_BLANK, "", hit[0])),
    (NoteReason.SPACES, _WIDE_BLANKS, lambda _hit: " "),
    (NoteReason.WIDTH, _WIDE, lambda hit: hit[0].translate(_TO_NARROW)),
    (NoteReason.WIDTH, _NARROW, lambda hit: hit[0].translate(_TO_WIDE)),
    (NoteReason.MARKS, _DOUBLED, lambda hit: hit[0][0]),
)


def text_mended(text: str, place: int) -> tuple[str, list[Note]]:
    """Return a piece of text as it should be typed, with a note for each rule that changed it."""
    notes = []
    for reason, pattern, change in _RULES:
        first = pattern.search(text)
        if first is None:
            continue
        around = text[max(0, first.start() - 10) : first.end() + 10].strip()
        text, count = pattern.subn(change, text)
        notes.append(Note(NoteSort.MEND, reason.value, place, _CONTROL.sub("", around)[:EXCERPT], count))
    return text.replace("\u00a0", " "), notes
