"""Articles from files: read, pictures into the media library, a draft, and a report of what was mended and lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.errors import Refused
from apps.news import selectors
from apps.news.documents.draft import Draft, Note, NoteReason, NoteSort, Picture
from apps.news.documents.package import FileRefused
from apps.news.documents.reading import document_read
from apps.news.errors import ColumnForbidden, ColumnUnknown
from apps.news.file_errors import DocumentRefused
from apps.news.file_words import WHY_WORDS
from apps.news.models import Article, IntakeReport
from apps.news.services.articles import article_draft
from apps.news.services.media import media_keep

if TYPE_CHECKING:
    from apps.accounts.models import Staff

MOST_NOTES = 500
TEXT_CHARS = 200


def draft_from_document(
    *, name: str, raw: bytes, column: str, staff: Staff, now: dt.datetime
) -> tuple[Article, IntakeReport]:
    """Make a draft of a file, with its pictures in the media library and a report.  About 15 queries + 5 a picture.

    ``name``    of the file; ends in .docx, .html, .htm or .txt
    ``column``  a slug
    A picture that can not be used is named in the report and left out.
    Raises DocumentRefused, ColumnUnknown, ColumnForbidden; then nothing is kept.
    """
    found = selectors.column_by_slug(slug=column)
    if found is None:
        raise ColumnUnknown(attr="column")
    if not selectors.works_in(staff=staff, column_id=found.pk):
        raise ColumnForbidden(attr="column")
    try:
        draft = document_read(name=name, raw=raw)
    except FileRefused as refused:
        raise DocumentRefused(attr="file", why=str(WHY_WORDS[refused.why])) from refused
    notes = list(draft.notes)
    with transaction.atomic():
        kept = _pictures_keep(draft, staff, now, notes)
        article = article_draft(
            title=draft.title,
            body_html=_body(draft, kept),
            summary=draft.summary,
            column=column,
            staff=staff,
            now=now,
        )
        report = IntakeReport.objects.create(
            article=article, file_name=_plain(name)[-120:], format=draft.format,
            sha256=hashlib.sha256(raw).hexdigest(), notes=_notes_kept(notes), staff=staff, created_at=now,
        )  # fmt: skip
    return article, report


def _pictures_keep(draft: Draft, staff: Staff, now: dt.datetime, notes: list[Note]) -> dict[int, UUID]:
    """Return the uploads of the pictures that could be kept, by number."""
    kept: dict[int, UUID] = {}
    for picture in draft.pictures:
        try:
            with transaction.atomic():
                asset = media_keep(
                    stream=io.BytesIO(picture.data), title=_picture_name(draft, picture)[:120],
                    # The library needs words; the text does not get these, so that the checks ask for real ones.
                    alt=(picture.alt or picture.caption or _picture_name(draft, picture))[:TEXT_CHARS],
                    decorative=False, caption=picture.caption[:TEXT_CHARS], credit="", staff=staff, now=now,
                )  # fmt: skip
        except Refused as refused:
            notes.append(Note(NoteSort.LOST, NoteReason.PICTURE_BROKEN.value, 0, refused.text()[:60]))
            continue
        kept[picture.number] = asset.upload_id
    return kept


def _picture_name(draft: Draft, picture: Picture) -> str:
    return _("Picture %(number)s of “%(title)s”") % {"number": picture.number + 1, "title": draft.title[:60]}


def _body(draft: Draft, kept: dict[int, UUID]) -> str:
    """Return the body with the addresses of its pictures; ``html_clean`` drops those that were not kept."""
    body = draft.body_html
    for number, upload_id in kept.items():
        body = body.replace(f'src="cid:{number}"', f'src="/media/public/{upload_id}"')
    for number in range(1, draft.missing + 1):
        words = _("[Picture %(number)s could not be taken over: please add it from the media library]")
        body = body.replace(f"⟦{number}⟧", words % {"number": number})
    return body


def _notes_kept(notes: list[Note]) -> list[dict[str, Any]]:
    return [asdict(note) | {"sort": note.sort.value} for note in notes[:MOST_NOTES]]


def _plain(name: str) -> str:
    return "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable())
