"""What comes out of reading a printed article: blocks, joins and doubts, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """What a piece of an article is."""

    TITLE = "title"  # 标题
    HEADING = "heading"  # 小标题
    PARAGRAPH = "paragraph"  # 正文
    CAPTION = "caption"  # 图片说明


class JoinReason(StrEnum):
    """Why two lines were put together."""

    CHARACTER_DOUBLED = "character_doubled"  # the print repeats the character at the break; one was removed
    HYPHEN = "hyphen"  # a Latin word divided by a hyphen
    INTERRUPTED = "interrupted"  # a caption or page number stood between the halves
    WORD_BROKEN = "word_broken"  # the break runs through a word
    SENTENCE_BROKEN = "sentence_broken"  # the first half does not end as a sentence
    WRAPPED = "wrapped"  # an ordinary line end of a text of fixed width


class DoubtReason(StrEnum):
    """What an editor should look at."""

    CONTROL_REMOVED = "control_removed"  # characters that can't be shown were taken out
    UNREADABLE = "unreadable"  # U+FFFD or an empty box stands in the text
    MISPRINT = "misprint"  # looks like a misread character; left as printed
    PAGE_NUMBER = "page_number"  # a number alone on a line; kept
    WEAK_JOIN = "weak_join"  # joined only because the sentence had not ended
    NO_FINAL_MARK = "no_final_mark"  # a paragraph without 。！？…； at its end; not joined
    DOUBLED_DROPPED = "doubled_dropped"  # a doubled character removed without support elsewhere in the text
    DOUBLED_KEPT = "doubled_kept"  # a doubled character left standing: it may be meant
    HYPHEN_DROPPED = "hyphen_dropped"  # the hyphen may belong to the word
    DIGITS_JOINED = "digits_joined"  # a number may run over the break
    LATIN_JOINED = "latin_joined"  # a space was put between two Latin words
    CAPTION_OR_PARAGRAPH = "caption_or_paragraph"
    HEADING_OR_CAPTION = "heading_or_caption"
    UNBALANCED_MARKS = "unbalanced_marks"  # opening and closing quotes or brackets differ in number


class RefusalReason(StrEnum):
    """Why a text was not read at all."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"


class IntakeRefused(Exception):
    """The text was not read; ``reason`` says why: ``"empty"`` or ``"too_large"``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = RefusalReason(reason)


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the article.  ``lines`` are the 1-based input lines it was made from, in order."""

    kind: BlockKind
    text: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Two lines made one.

    ``line``     1-based input line of the second half
    ``left``     up to 8 characters before the break, ``right`` up to 8 after it, both as printed
    ``dropped``  the characters removed at the break, mostly empty
    """

    line: int
    left: str
    right: str
    reason: JoinReason
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something an editor should look at; the text was left as printed unless the reason says otherwise.

    ``line``     1-based input line
    ``excerpt``  the place in question, at most 40 characters
    """

    line: int
    excerpt: str
    reason: DoubtReason


@dataclass(frozen=True, slots=True)
class Intake:
    """A draft read from print: the title, the blocks (the first is the title), and what was done and doubted."""

    title: str
    blocks: tuple[Block, ...]
    joins: tuple[Join, ...]
    doubts: tuple[Doubt, ...]
