"""What comes out of reading a file as an article: title, body, pictures, and what was mended, doubted and lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

EXCERPT = 60


class NoteSort(StrEnum):
    """How an editor should take a note."""

    MEND = "mend"  # changed, and how
    DOUBT = "doubt"  # kept; please look
    LOST = "lost"  # not taken over


class NoteReason(StrEnum):
    """What a note is about; those of a printed text are ``JoinReason`` and ``DoubtReason``."""

    WIDTH = "width"  # full-width digits and letters, half-width marks
    SPACES = "spaces"
    CONTROLS = "controls"
    MARKS = "marks"  # ，，
    EMPTY = "empty"
    INSERTIONS = "insertions"  # tracked insertions were accepted
    TEXT_BOX = "text_box"  # put behind its paragraph
    EQUATION = "equation"  # its letters in one line
    HEADING_SHAPE = "heading_shape"
    CAPTION_SHAPE = "caption_shape"
    TITLE_NAME = "title_name"  # the title is the file's name
    TITLE_LONG = "title_long"
    NO_ALT = "no_alt"
    NOTES = "notes"  # footnotes stand at the end
    DELETIONS = "deletions"
    COMMENTS = "comments"
    HIDDEN = "hidden"
    MARGINS = "margins"  # headers and footers
    PICTURE_FORMAT = "picture_format"
    PICTURE_BROKEN = "picture_broken"
    PICTURE_REMOTE = "picture_remote"
    DRAWING = "drawing"  # charts, SmartArt, shapes
    OBJECT = "object"  # embedded files
    MEDIA = "media"  # sound, film, frames
    LINK = "link"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Note:
    """``place``  the block of the draft it is about, from 1; 0 for the whole   ``excerpt``  at most 60 characters"""

    sort: NoteSort
    reason: str
    place: int = 0
    excerpt: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came; ``cid:<number>`` stands for it in the body."""

    number: int
    data: bytes
    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as read from a file; ``missing`` pictures stand as ``⟦n⟧`` in a caption, to be put in by hand."""

    title: str
    body_html: str
    summary: str
    pictures: tuple[Picture, ...]
    notes: tuple[Note, ...]
    format: str
    missing: int = 0


@dataclass(slots=True)
class Source:
    """What a format's reader hands to the reader of HTML."""

    html: str
    title: str = ""
    pictures: list[Picture] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
