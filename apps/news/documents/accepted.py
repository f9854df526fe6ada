"""Which files an article takes as attachments.  Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from apps.news.documents.package import PDF, SUFFIXES, FileRefused, Why, content_told
from apps.news.documents.pdf_text import pdf_open

MAX_BYTES = 10 * 1024 * 1024


def format_told(name: str, raw: bytes) -> str:
    """Return the content type of a file that may be an attachment: PDF, .docx or .xlsx of 1 byte to 10 MiB.

    It is told by content, and the name must end in it too: what a reader saves must open with the right program.
    Raises FileRefused: any of its reasons but ``too_long``.
    """
    if len(raw) > MAX_BYTES:
        raise FileRefused(Why.TOO_BIG)
    content_type = content_told(raw)
    if PurePosixPath(name.lower()).suffix != SUFFIXES[content_type]:
        raise FileRefused(Why.NAME)
    if content_type == PDF:
        pdf_open(raw)
    return content_type
