"""The registry of what is checked: an upper app says how its texts are read, so that this app need not know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """What a reviewer needs to see of a subject.

    ``text``   what the resident wrote; never kept here, never logged
    ``title``  by what staff know it, at most 40 characters: the number of a case
    ``path``   its page in the admin
    """

    text: str
    title: str
    path: str


Reader = Callable[[Sequence[str]], Mapping[str, Piece]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of content: its name for staff, and how it is read."""

    label: Any
    pieces_of: Reader


_subjects: dict[str, Subject] = {}


def subject_register(*, kind: str, label: Any, pieces_of: Reader) -> None:
    """Have content of ``kind`` (``<app>.<thing>``) read by ``pieces_of``: ids in, what is there of them out, 1 query.

    Call it when the app is ready.  Raises ValueError for a kind that another reader has.
    """
    held = _subjects.get(kind)
    if held is not None and held.pieces_of != pieces_of:
        raise ValueError(f"{kind} has a reader already")
    _subjects[kind] = Subject(label, pieces_of)


def subject_label(*, kind: str) -> Any:
    """Return what ``kind`` is called, the kind itself when its app is gone."""
    held = _subjects.get(kind)
    return held.label if held else kind


def subjects_labels() -> dict[str, Any]:
    """Return the registered kinds with what they are called."""
    return {kind: subject.label for kind, subject in _subjects.items()}


def pieces_read(*, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Piece]:
    """Return the pieces of (kind, id) pairs; what can no longer be read is left out.  1 query for each kind."""
    by_kind: dict[str, list[str]] = {}
    for kind, subject_id in wanted:
        if kind in _subjects:
            by_kind.setdefault(kind, []).append(subject_id)
    return {
        (kind, subject_id): piece
        for kind, ids in by_kind.items()
        for subject_id, piece in _subjects[kind].pieces_of(ids).items()
    }
