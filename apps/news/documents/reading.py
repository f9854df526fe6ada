"""The one door for files that become articles: tells the format, reads, returns a draft.  Pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from apps.news.documents.draft import Draft, Note, NoteReason, NoteSort
from apps.news.documents.html_draft import MOST_CHARACTERS, draft_of, html_source
from apps.news.documents.package import DOCX, FileRefused, Why, content_told
from apps.news.documents.word_draft import word_source
from apps.news.intake import article_parse, blocks_to_html, summary_of, text_decode
from apps.news.intake_values import BlockKind, DoubtReason, Intake, IntakeRefused, RefusalReason

MAX_BYTES = 20 * 1024 * 1024
FORMATS = {".docx": "docx", ".html": "html", ".htm": "html", ".txt": "txt"}


def document_read(*, name: str, raw: bytes) -> Draft:
    """Read a file as an article; this function will return its title, body, pictures and what was mended, doubted, lost.

    ``name``  ends in .docx, .html, .htm or .txt; a .txt that is HTML is read as HTML, since that is what is pasted
    ``raw``   at most 20 MB, 100 MB unpacked, 200,000 characters, 50 pictures
    The body holds the tags of ``text.TAGS`` and pictures as ``cid:N``; it still goes through ``html_clean``.
    Raises FileRefused.
    """
    if not raw.strip():
        raise FileRefused(Why.EMPTY)
    if len(raw) > MAX_BYTES:
        raise FileRefused(Why.TOO_BIG)
    told = FORMATS.get(PurePosixPath(name.lower()).suffix)
    if raw.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        if content_told(raw) != DOCX:
            raise FileRefused(Why.UNKNOWN)
        if told != "docx":
            raise FileRefused(Why.NAME)
        return draft_of(word_source(raw), name=name, format="docx")
    if told == "docx":
        raise FileRefused(Why.BROKEN)
    if told is None:
        raise FileRefused(Why.OLD_FORMAT if name.lower().endswith(".doc") else Why.UNKNOWN)
    try:
        text = text_decode(raw)
    except ValueError as error:
        raise FileRefused(Why.UNKNOWN) from error
    if told == "html" or _is_html(text):
        return draft_of(html_source(text), name=name, format="html")
    return _printed(text)


def _is_html(text: str) -> bool:
    begin = text[:2000].lstrip().lower()
    return begin.startswith("<") and any(
        f"<{tag}" in begin
        for tag in ("p", "div", "section", "html", "!doctype", "span", "meta", "table", "h1")
    )


def _printed(text: str) -> Draft:
    if len(text) > MOST_CHARACTERS:
        raise FileRefused(Why.TOO_LONG)
    try:
        intake = article_parse(text=text)
    except IntakeRefused as refused:
        raise FileRefused(Why.EMPTY if refused.reason is RefusalReason.EMPTY else Why.TOO_LONG) from refused
    body = [block for block in intake.blocks if block.kind is not BlockKind.TITLE]
    notes = tuple(intake_notes(intake))
    if len(intake.title) > 120:
        notes = (*notes, Note(NoteSort.DOUBT, NoteReason.TITLE_LONG.value, 0, intake.title[100:160]))
    return Draft(intake.title[:120], blocks_to_html(blocks=body), summary_of(blocks=body), (), notes, "txt")


def intake_notes(intake: Intake) -> list[Note]:
    """Return the joins of a printed text as mends and its doubts as doubts; ``place`` is the line of the file."""
    joins = [
        Note(
            NoteSort.MEND,
            one.reason.value,
            one.line,
            f"{one.left}|{one.right}" + (f" −{one.dropped}" if one.dropped else ""),
        )
        for one in intake.joins
    ]
    doubts = [Note(_sort_of(one.reason), one.reason.value, one.line, one.excerpt) for one in intake.doubts]
    return sorted([*joins, *doubts], key=lambda note: note.place)


def _sort_of(reason: DoubtReason) -> NoteSort:
    return NoteSort.MEND if reason is DoubtReason.CONTROL_REMOVED else NoteSort.DOUBT
