"""Listed words in attachments: looked for by a worker when a file comes and when a list changes."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.db.models import Q

from apps.news.checks import words_found
from apps.news.documents.scan import document_texts
from apps.news.file_words import place_said
from apps.news.models import Attachment, AttachmentWords
from apps.safety.selectors import Held, lexicon_held
from apps.safety.states import Purpose

log = structlog.get_logger(__name__)
MOST_WORDS = 100
SWEEP_BATCH = 20


def attachment_words_write(*, attachment_id: UUID, now: dt.datetime) -> bool:
    """Look for the words in force in a file and write down what is found; returns whether the file was there.  3 queries.

    Up to 2 s for 10 MB, so never in a request.  A file that can not be read has no words: its scan says that it blocks.
    """
    row = Attachment.objects.filter(id=attachment_id).first()
    if row is None:
        return False
    held = lexicon_held(purpose=Purpose.NEWS)
    AttachmentWords.objects.update_or_create(
        attachment=row,
        defaults={"versions": list(held.version_ids), "found": _found(row, held), "checked_at": now},
    )
    return True


def _found(row: Attachment, held: Held) -> list[dict[str, Any]]:
    try:
        with default_storage.open(row.path) as file:
            raw = file.read()
    except FileNotFoundError:
        return []
    try:
        texts = document_texts(raw, row.content_type)
    except Exception as error:
        # As in the scan: a file that no reader can read is not tried again and again.
        log.warning("attachment_words_not_read", attachment=str(row.pk), error=type(error).__name__)
        return []
    words: dict[str, dict[str, Any]] = {}
    for place, text in texts:
        for one in words_found(place=row.name, text=text, lexicon=held.lexicon):
            known = words.get(one.what)
            if known is not None:
                known["count"] += 1
            elif len(words) < MOST_WORDS:
                where = place_said(kind=place.kind.value, name=place.name, number=place.number)
                words[one.what] = {
                    "word": one.what, "level": one.level.value, "suggestion": one.suggestion, "where": where, "count": 1,
                }  # fmt: skip
    return list(words.values())


def attachment_words_sweep(*, now: dt.datetime) -> int:
    """Look again at files of working copies that were not looked at with the lists in force, at most 20; returns how many."""
    versions = list(lexicon_held(purpose=Purpose.NEWS).version_ids)
    behind = Attachment.objects.filter(Q(words=None) | ~Q(words__versions=versions), removed_at=None)
    ids = list(behind.order_by("created_at").values_list("id", flat=True)[:SWEEP_BATCH])
    return sum(attachment_words_write(attachment_id=one, now=now) for one in ids)
