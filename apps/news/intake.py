"""Reads the plain text of a newspaper article, with the defects of print, into a draft (稿件导入).

Print breaks sentences and words over paragraphs, sometimes repeats the character at the break, sets captions between
the halves of a sentence, and leaves headings without any mark.  The words themselves are never changed: what looks
wrong is reported as a doubt.  Nothing is lost: every character that is not space, a control or reported in
``Join.dropped`` is in some block, in the order of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from apps.news.intake_values import (
    Block,
    BlockKind,
    Doubt,
    DoubtReason,
    Intake,
    IntakeRefused,
    Join,
    JoinReason,
    RefusalReason,
)
from apps.news.misprints import misprints_find
from apps.news.print_lines import (
    CLOSERS,
    Layout,
    Line,
    ends_sentence,
    is_balanced,
    is_bare_item,
    is_byline,
    is_caption_shaped,
    is_heading_shaped,
    is_labelled_caption,
    is_page_number,
    is_strong_heading,
    layout_measure,
    lines_read,
    names_a_thing,
    starts_item,
)
from apps.news.print_seams import TAIL, Phrases, Seam, overlap_settle, seam_weigh, starts_afresh

__all__ = [
    "MAX_BYTES",
    "Block",
    "BlockKind",
    "Doubt",
    "DoubtReason",
    "Intake",
    "IntakeRefused",
    "Join",
    "JoinReason",
    "RefusalReason",
    "article_parse",
    "blocks_to_html",
    "summary_of",
    "text_decode",
]

MAX_BYTES = 2 * 1024 * 1024  # a newspaper page has some 10 kB; two megabytes are a book
_EXCERPT = 40
_SHORT_NAME = (
    12  # full-width characters; the names under pictures are mostly shorter than the rest of a sentence
)
_LOOK_AHEAD = 8  # captions and page numbers that may stand between two halves of a sentence
_SENTENCE = re.compile(rf"[^。！？!?]*[。！？!?]+[{re.escape(CLOSERS)}]*")
_HYPHENATED = re.compile(r"[A-Za-z]+-[A-Za-z]+")


def text_decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 (with or without a mark at its start), else GB18030.

    Raises ValueError for anything else (UTF-16, pictures, archives).
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB18030")


def article_parse(*, text: str) -> Intake:
    """Read ``text`` as one article; this function will return its title, blocks, joins and doubts.

    text  at most ``MAX_BYTES`` as UTF-8; any line ends; blank lines and indents as printed
    The first line that is not blank is the title, and ``blocks[0]``.  Line numbers are 1-based.
    Raises IntakeRefused("empty") and IntakeRefused("too_large").
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise IntakeRefused(RefusalReason.TOO_LARGE)
    lines, removed = lines_read(text=text)
    if not lines:
        raise IntakeRefused(RefusalReason.EMPTY)
    reader = _Reader(lines)
    for number, chars in removed:
        codes = " ".join(f"U+{ord(char):04X}" for char in dict.fromkeys(chars))
        reader.doubt(number, codes, DoubtReason.CONTROL_REMOVED)
    reader.read()
    doubts = tuple(sorted(reader.doubts, key=lambda doubt: doubt.line))
    return Intake(lines[0].text, tuple(reader.blocks), tuple(reader.joins), doubts)


def blocks_to_html(*, blocks: Iterable[Block]) -> str:
    """Return the body as HTML, one element a line: ``h2``, ``p``, ``p.caption``; the title is left out."""
    shapes = {
        BlockKind.HEADING: "<h2>{}</h2>",
        BlockKind.PARAGRAPH: "<p>{}</p>",
        BlockKind.CAPTION: '<p class="caption">{}</p>',
    }
    return "\n".join(
        shapes[block.kind].format(escape(block.text)) for block in blocks if block.kind in shapes
    )


def summary_of(*, blocks: Iterable[Block], limit: int = 120) -> str:
    """Return the first full sentences of the first paragraph, at most ``limit`` (≥ 2) characters.

    A first sentence that is longer is cut after its last clause that fits, with … at the end; no paragraph gives "".
    """
    body = next((block.text for block in blocks if block.kind is BlockKind.PARAGRAPH), "")
    if len(body) <= limit:
        return body
    fits = 0
    for sentence in _SENTENCE.finditer(body):
        if sentence.end() > limit:
            break
        fits = sentence.end()
    if fits:
        return body[:fits]
    piece = body[: limit - 1]
    clause = max(piece.rfind(mark) for mark in "，；：、…")
    return (piece[:clause] if clause >= limit // 3 else piece).rstrip("，；：、…") + "…"


class _Reader:
    """Goes over the lines once.  ``_open`` is the paragraph that may go on; ``_asides`` came after its last line."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.blocks: list[Block] = []
        self.joins: list[Join] = []
        self.doubts: list[Doubt] = []
        self._lines = lines
        self._layout: Layout = layout_measure(lines=lines)
        self._phrases = Phrases(line.text for line in lines)
        self._hyphenated = {word.lower() for line in lines for word in _HYPHENATED.findall(line.text)}
        self._open: list[Line] = []
        self._parts: list[str] = []
        self._tail = ""
        self._asides: list[Block] = []

    def doubt(self, line: int, excerpt: str, reason: DoubtReason) -> None:
        self.doubts.append(Doubt(line, excerpt[:_EXCERPT], reason))

    def read(self) -> None:
        title = self._lines[0]
        self.blocks.append(Block(BlockKind.TITLE, title.text, (title.number,)))
        self._report(title)
        for at, line in enumerate(self._lines[1:], start=1):
            self._report(line)
            self._take(line, at)
        self._close(last=True)

    def _report(self, line: Line) -> None:
        for excerpt in misprints_find(text=line.text):
            self.doubt(line.number, excerpt, DoubtReason.MISPRINT)
        for box in "\ufffd□":
            place = line.text.find(box)
            if place >= 0:
                self.doubt(line.number, line.text[max(0, place - 6) : place + 7], DoubtReason.UNREADABLE)
        if is_page_number(line.text):
            self.doubt(line.number, line.text, DoubtReason.PAGE_NUMBER)

    def _take(self, line: Line, at: int) -> None:
        if is_page_number(line.text):
            self._aside(line, BlockKind.PARAGRAPH)
            return
        seam = self._seam(self._open[-1], line) if self._open else None
        if self._is_caption(line, at, seam):
            self._aside(line, BlockKind.CAPTION)
        elif seam is not None and self._goes_on(line, seam):
            self._join(line, seam)
        elif is_heading_shaped(line.text) and self._stands_as_heading(line, at):
            self._close()
            self.blocks.append(Block(BlockKind.HEADING, line.text, (line.number,)))
        else:
            self._close()
            self._start(line)

    def _seam(self, before: Line, line: Line) -> Seam:
        """Weigh the break between the open paragraph, which ends with the line ``before``, and ``line``."""
        seam = seam_weigh(left=self._tail, right=line.text, phrases=self._phrases)
        layout = self._layout
        if is_byline(before.text) and len(self._open) == 1:
            return Seam(-9, False, 0)
        weight = seam.weight
        if is_bare_item(before.text) and len(self._open) == 1 and not seam.word:
            weight -= 2  # a short item of a list needs no final mark
        if layout.indent_counts:
            weight += -3 if line.indent >= 2 else 1
        if self._wraps(before, line) and layout.is_full(before):
            sure = (
                not ends_sentence(self._tail)
                or layout.indent_counts
                or layout.paragraph_gap > layout.usual_gap
            )
            if sure or not starts_afresh(line.text):
                weight = max(weight, 2 if sure else 1)
        return Seam(weight, seam.word, seam.overlap)

    def _wraps(self, before: Line, line: Line) -> bool:
        """Whether the break is an ordinary line end of a text of fixed width."""
        layout = self._layout
        if layout.wrap_width is None or line.gap != layout.usual_gap or line.number == before.number:
            return False
        return not (layout.indent_counts and line.indent >= 2) and not self._asides

    def _goes_on(self, line: Line, seam: Seam) -> bool:
        if seam.weight <= 0:
            return False
        wraps = self._wraps(self._open[-1], line) and not ends_sentence(self._tail)
        if is_strong_heading(line.text) and not wraps:
            return seam.word and seam.weight > 3  # a heading is sooner set apart than a sentence broken there
        return not is_byline(line.text)

    def _is_caption(self, line: Line, at: int, seam: Seam | None) -> bool:
        if is_labelled_caption(line.text) and not (seam and seam.word):
            return True
        if not is_caption_shaped(line.text) or is_byline(line.text) or starts_item(line.text):
            return False
        if self._layout.wrap_width is not None and line.gap <= self._layout.usual_gap:
            return False  # in wrapped print a short line is the end of its paragraph
        if self._runs_on(line, at):
            return False
        thing = names_a_thing(line.text)
        apart = self._layout.stands_apart(line)
        if seam is not None and not ends_sentence(self._tail):
            return self._interrupts(line, at, seam, likely=apart or (thing and line.width <= _SHORT_NAME))
        if not line.text.endswith("。"):
            if apart and thing and not is_strong_heading(line.text):
                self.doubt(line.number, line.text, DoubtReason.HEADING_OR_CAPTION)
            return False
        if apart or (thing and line.width <= 17):
            if not (apart and thing):
                self.doubt(line.number, line.text, DoubtReason.CAPTION_OR_PARAGRAPH)
            return True
        return False

    def _interrupts(self, line: Line, at: int, seam: Seam, *, likely: bool) -> bool:
        """Whether the open sentence goes on *after* this short line, which is then a caption between its halves."""
        after = self._next_text(at)
        if after is None or is_strong_heading(line.text):
            return False
        beyond = self._seam(self._open[-1], after)
        # The short line itself may be the end of the sentence (…这里是|青山江滩。).  Where neither fits better, a name
        # or a line set apart is a caption.
        lead = _strength(beyond) - _strength(seam)
        if beyond.weight <= 0 or lead < (0 if likely else 2):
            return False
        if not self._layout.stands_apart(line):
            self.doubt(line.number, line.text, DoubtReason.CAPTION_OR_PARAGRAPH)
        return True

    def _runs_on(self, line: Line, at: int) -> bool:
        """Whether a full line of wrapped print stands right above another one of the same paragraph."""
        layout = self._layout
        if at + 1 >= len(self._lines) or not layout.is_full(line):
            return False
        after = self._lines[at + 1]
        return after.gap == layout.usual_gap and not (layout.indent_counts and after.indent >= 2)

    def _next_text(self, at: int) -> Line | None:
        for line in self._lines[at + 1 : at + 1 + _LOOK_AHEAD]:
            if is_strong_heading(line.text):
                return None
            if is_page_number(line.text) or is_labelled_caption(line.text):
                continue
            if is_caption_shaped(line.text) and names_a_thing(line.text) and line.text.endswith("。"):
                continue
            return line
        return None

    def _stands_as_heading(self, line: Line, at: int) -> bool:
        # A heading has something below it that does not go on from it, and a single short line after an open
        # sentence is not one.
        if at + 1 >= len(self._lines):
            return False
        if is_strong_heading(line.text):
            return True
        below = self._next_text(at)
        goes_on = (
            below is not None
            and seam_weigh(left=line.text, right=below.text, phrases=self._phrases).weight > 1
        )
        if goes_on or self._runs_on(line, at):
            return False
        return not self._open or ends_sentence(self._tail) or is_byline(self._open[-1].text)

    def _aside(self, line: Line, kind: BlockKind) -> None:
        self._asides.append(Block(kind, line.text, (line.number,)))
        if not self._open:
            self._flush_asides()

    def _start(self, line: Line) -> None:
        self._open, self._parts, self._tail = [line], [line.text], line.text[-2 * TAIL :]

    def _join(self, line: Line, seam: Seam) -> None:
        before = self._open[-1]
        rare = self._wraps(before, line)
        settled = overlap_settle(
            left=self._tail, right=line.text, overlap=seam.overlap, phrases=self._phrases, rare=rare
        )
        dropped, glue = line.text[: settled.dropped], ""
        cut_left, cut_right = self._tail, line.text[settled.dropped :]
        hyphen = (
            re.search(r"[A-Za-z]-$", self._tail) is not None and re.match(r"[a-z]", line.text) is not None
        )
        if hyphen:
            dropped, cut_left = self._hyphen(line)
        elif re.search(r"[A-Za-z,.;:]$", cut_left) and re.match(r"[A-Za-z]", cut_right):
            glue = " "
        reason = self._reason(seam, dropped=dropped, hyphen=hyphen, rare=rare)
        self.joins.append(Join(line.number, self._tail[-TAIL:], line.text[:TAIL], reason, dropped))
        self._doubt_join(line, seam, reason, settled_surely=settled.sure, dropped=dropped, glue=glue)
        if hyphen and dropped:
            self._parts[-1] = self._parts[-1][:-1]
        self._parts.append(glue + cut_right)
        self._open.append(line)
        self._tail = (cut_left + glue + cut_right)[-2 * TAIL :]

    def _hyphen(self, line: Line) -> tuple[str, str]:
        """Return what is dropped ("-" or nothing) and the left side without it."""
        first = re.search(r"[A-Za-z]+-$", self._tail)
        second = re.match(r"[a-z]+", line.text)
        word = (first.group() if first else "") + (second.group() if second else "")
        if word.lower() in self._hyphenated:
            return "", self._tail  # the text writes the word with its hyphen elsewhere
        self.doubt(line.number, word, DoubtReason.HYPHEN_DROPPED)
        return "-", self._tail[:-1]

    def _reason(self, seam: Seam, *, dropped: str, hyphen: bool, rare: bool) -> JoinReason:
        if hyphen:
            return JoinReason.HYPHEN
        if dropped:
            return JoinReason.CHARACTER_DOUBLED
        if self._asides:
            return JoinReason.INTERRUPTED
        if rare:
            return JoinReason.WRAPPED
        return JoinReason.WORD_BROKEN if seam.word else JoinReason.SENTENCE_BROKEN

    def _doubt_join(
        self, line: Line, seam: Seam, reason: JoinReason, *, settled_surely: bool, dropped: str, glue: str
    ) -> None:
        excerpt = f"{self._tail[-TAIL:]}|{line.text[:TAIL]}"
        if not settled_surely:
            self.doubt(
                line.number, excerpt, DoubtReason.DOUBLED_DROPPED if dropped else DoubtReason.DOUBLED_KEPT
            )
        if reason is JoinReason.WRAPPED and not ends_sentence(self._tail):
            return
        if glue:
            self.doubt(line.number, excerpt, DoubtReason.LATIN_JOINED)
        elif self._tail[-1:].isdigit() and line.text[:1].isdigit():
            self.doubt(line.number, excerpt, DoubtReason.DIGITS_JOINED)
        if seam.weight <= 1 and reason is not JoinReason.HYPHEN:
            self.doubt(line.number, excerpt, DoubtReason.WEAK_JOIN)

    def _close(self, *, last: bool = False) -> None:
        """Finish the open paragraph, and put the captions that came after its last line behind it."""
        if self._open:
            text = "".join(self._parts)
            numbers = tuple(line.number for line in self._open)
            self.blocks.append(Block(BlockKind.PARAGRAPH, text, numbers))
            finished = (
                ends_sentence(self._tail) or is_byline(text) or starts_item(text) or self._tail[-1] in "：:"
            )
            if not finished:
                self.doubt(numbers[-1], text[-2 * TAIL :], DoubtReason.NO_FINAL_MARK)
            if not is_balanced(text):
                self.doubt(numbers[0], text, DoubtReason.UNBALANCED_MARKS)
        self._open, self._parts, self._tail = [], [], ""
        self._flush_asides()

    def _flush_asides(self) -> None:
        self.blocks.extend(self._asides)
        self._asides = []


def _strength(seam: Seam) -> int:
    return seam.weight + (2 if seam.word else 0)
