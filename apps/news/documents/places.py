"""Where in a file something stands, and what of it was not read.  Pure values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """What part of a file a text stands in."""

    BODY = "body"
    HEADER = "header"
    FOOTER = "footer"
    NOTE = "note"  # footnotes and endnotes
    COMMENT = "comment"
    DELETED = "deleted"  # tracked deletions: gone from sight, not from the file
    FIELD = "field"  # instructions of fields, targets of links, descriptions of pictures
    PROPERTIES = "properties"
    SHEET = "sheet"
    HIDDEN_SHEET = "hidden_sheet"
    NAMES = "names"  # defined names and names of sheets
    CACHE = "cache"  # what a pivot table or a chart keeps of its source
    PART = "part"  # anything else in the package
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Place:
    """``name`` of the sheet or part, ``number`` of the line or page from 1, 0 where there is none."""

    kind: PlaceKind
    name: str = ""
    number: int = 0


class UnreadReason(StrEnum):
    """Why a part of a file was not read: a person must look at it."""

    PICTURE_ONLY = "picture_only"
    FAILED = "failed"
    EMBEDDED = "embedded"  # a file within the file, of a kind that is not read
    TIME = "time"
    PICTURES = "pictures"  # pictures in a text file: what is written in them is not read


@dataclass(frozen=True, slots=True)
class Unread:
    place: Place
    reason: UnreadReason


@dataclass(frozen=True, slots=True)
class Piece:
    """A text with its place; ``locate`` returns the place of an offset in it.  Lines are told apart by line ends."""

    place: Place
    text: str
    locate: Callable[[int], Place]


def piece_of_lines(place: Place, text: str, first: int = 1) -> Piece:
    """Return a piece whose places are its own lines, counted from ``first``."""

    at, line = 0, first

    def locate(offset: int) -> Place:
        nonlocal at, line  # offsets ascend: each goes on where the last one was
        line = (line if offset >= at else first) + text.count("\n", at if offset >= at else 0, offset)
        at = offset
        return Place(place.kind, place.name, line)

    return Piece(place, text, locate)


def piece_whole(place: Place, text: str) -> Piece:
    """Return a piece that has one place."""
    return Piece(place, text, lambda _offset: place)
