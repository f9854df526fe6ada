"""The text of a PDF, page by page.  Pages without text are pictures: a person must look at them.  Pure."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from apps.news.documents.package import FileRefused, Why
from apps.news.documents.places import Piece, Place, PlaceKind, Unread, UnreadReason, piece_whole

MAX_SECONDS = 60  # some PDFs take seconds a page
# What pypdf raises of files that do not keep to the format.
_WRONG = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError, AssertionError, NotImplementedError, ZeroDivisionError)  # fmt: skip


def pdf_open(raw: bytes) -> PdfReader:
    """Return a reader of ``raw``.  Raises FileRefused: broken, encrypted, active."""
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            raise FileRefused(Why.ENCRYPTED)
        root: Any = reader.root_object
        names = root.get("/Names")
        names = names.get_object() if names is not None else {}
        action = root.get("/OpenAction")
        action = action.get_object() if action is not None else None
        active = "/JavaScript" in names or (
            isinstance(action, dict) and action.get("/S") in ("/JavaScript", "/Launch")
        )
        if not len(reader.pages):
            raise FileRefused(Why.BROKEN)
    except _WRONG as error:
        raise FileRefused(Why.BROKEN) from error
    if active:
        raise FileRefused(Why.ACTIVE)
    return reader


def pdf_pieces(raw: bytes, *, most_seconds: float = MAX_SECONDS) -> Iterator[Piece | Unread]:
    """Yield the text of each page, the properties and notes, and what was not read.  Raises as ``pdf_open`` does."""
    reader, until = pdf_open(raw), time.monotonic() + most_seconds
    for number, page in enumerate(reader.pages, start=1):
        place = Place(PlaceKind.PAGE, "", number)
        if time.monotonic() > until:
            yield Unread(place, UnreadReason.TIME)
            return
        try:
            text = page.extract_text()
            notes = "\n".join(_notes(page))
        except _WRONG:
            yield Unread(place, UnreadReason.FAILED)
            continue
        if text.strip():
            yield piece_whole(place, text)
        else:
            yield Unread(place, UnreadReason.PICTURE_ONLY)
        if notes:
            yield piece_whole(Place(PlaceKind.COMMENT, "", number), notes)
    try:
        properties = "\n".join(str(value) for value in (reader.metadata or {}).values())
        embedded = bool(reader.attachments)
    except _WRONG:
        yield Unread(Place(PlaceKind.PROPERTIES), UnreadReason.FAILED)
        return
    if properties:
        yield piece_whole(Place(PlaceKind.PROPERTIES), properties)
    if embedded:
        yield Unread(Place(PlaceKind.PART), UnreadReason.EMBEDDED)


def _notes(page: Any) -> Iterator[str]:
    """Yield what notes, form fields and links of a page say."""
    for reference in page.get("/Annots") or []:
        note = reference.get_object()
        for key in ("/Contents", "/V", "/T"):
            value = note.get(key)
            if isinstance(value, str):
                yield value
        action = note.get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if isinstance(target, str):
            yield target
