"""Writes of attachments: taking them in, scanning them, proposing a masked copy."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from apps.common import clock
from apps.common.dispatch import send_after_commit
from apps.common.ids import uuid7
from apps.news.documents.accepted import MAX_BYTES, format_told
from apps.news.documents.masking import MaskRefused, document_masked
from apps.news.documents.package import SUFFIXES, FileRefused
from apps.news.documents.places import Place
from apps.news.documents.scan import Scan, document_scan, document_texts
from apps.news.errors import ArticleMoveRefused
from apps.news.file_errors import (
    AttachmentNotFound,
    AttachmentRefused,
    AttachmentsTooMany,
    AttachmentThere,
    MaskedCopyRefused,
)
from apps.news.file_words import NO_COPY_WORDS, WHY_WORDS
from apps.news.models import Article, Attachment, AttachmentEvent
from apps.news.models.attachments import ScanState
from apps.news.services.articles import article_lock, attachments_changed, may_write

log = structlog.get_logger(__name__)
if TYPE_CHECKING:
    from apps.accounts.models import Staff

MOST_AN_ARTICLE = 20
NAME_CHARS = 120
STALE = dt.timedelta(minutes=1)
SWEEP_BATCH = 20


def attachment_add(
    *, article_id: UUID, name: str, stream: IO[bytes], staff: Staff, now: dt.datetime
) -> Attachment:
    """Keep a file with an article and have it scanned; whoever adds it counts as an author.  At most 20 queries.

    ``stream``  1 byte to 10 MiB of PDF, .docx or .xlsx, told by content; 20 files an article
    In review it makes a new revision and voids the signatures, as a change of the text does.
    Raises AttachmentRefused, AttachmentThere (the same bytes), AttachmentsTooMany,
    ArticleNotFound, ArticleMoveRefused; nothing is kept then.
    """
    raw = stream.read(MAX_BYTES + 1)
    content_type = _told(name, raw)
    kept = _name_kept(name)
    with transaction.atomic():
        article = _lock(article_id, staff)
        if Attachment.objects.filter(article=article, removed_at=None).count() >= MOST_AN_ARTICLE:
            raise AttachmentsTooMany(attr="file", most=MOST_AN_ARTICLE)
        attachment = Attachment(
            id=uuid7(), article=article, name=kept, content_type=content_type, size_bytes=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(), uploaded_by=staff, created_at=now,
        )  # fmt: skip
        path = f"attachments/{clock.local(now):%Y/%m}/{attachment.id}{SUFFIXES[content_type]}"
        attachment.path = path
        try:
            with transaction.atomic():
                attachment.save(force_insert=True)
        except IntegrityError as error:
            raise AttachmentThere(attr="file") from error
        # Under the row: a refusal above leaves no file, and a row that is rolled back leaves one nobody points to.
        default_storage.save(path, ContentFile(raw))
        _event(attachment, AttachmentEvent.Act.ADDED, staff, now)
        attachments_changed(article=article, staff=staff, now=now)
        send_after_commit("news.attachment_scan", lane="bulk", attachment_id=str(attachment.id))
    return attachment


def attachment_remove(*, attachment_id: UUID, staff: Staff, now: dt.datetime) -> Attachment:
    """Take a file from the working copy; versions that hold it keep it.  At most 18 queries.

    Raises AttachmentNotFound, ArticleNotFound, ArticleMoveRefused.
    """
    with transaction.atomic():
        found = Attachment.objects.filter(id=attachment_id, removed_at=None).first()
        if found is None:
            raise AttachmentNotFound
        article = _lock(found.article_id, staff)
        if not Attachment.objects.filter(id=attachment_id, removed_at=None).update(removed_at=now):
            raise AttachmentNotFound  # someone else was faster
        found.removed_at = now
        _event(found, AttachmentEvent.Act.REMOVED, staff, now)
        attachments_changed(article=article, staff=staff, now=now)
    return found


def attachment_scan(*, attachment_id: UUID, now: dt.datetime) -> bool:
    """Scan a file that waits for it and write down what was found; returns whether it did.  2 queries.

    The file is read outside of a transaction; of two workers that scan the same file the first writes.
    """
    row = Attachment.objects.filter(id=attachment_id, scan_state=ScanState.PENDING).first()
    if row is None:
        return False
    try:
        raw = _raw(row)
    except FileNotFoundError:
        raw = b""  # which no reader takes; a disk that does not answer is another matter and is tried again
    try:
        scan = document_scan(raw, row.content_type)
    except Exception as error:
        # Whatever the readers raise of somebody else's file: nobody knows what stands in it, so the checks take it for
        # something that blocks.  Left pending it would be tried each minute, before all that came after it.
        log.warning("attachment_not_scanned", attachment=str(attachment_id), error=type(error).__name__)
        values: dict[str, Any] = {"scan_state": ScanState.FAILED, "scan": {}}
    else:
        state = ScanState.FOUND if scan.total or scan.unread else ScanState.CLEAN
        values = {"scan_state": state, "scan": scan_kept(scan)}
    waiting = Attachment.objects.filter(id=attachment_id, scan_state=ScanState.PENDING)
    return bool(waiting.update(scanned_at=now, **values))


def attachments_sweep(*, now: dt.datetime) -> int:
    """Scan what the broker lost: at most 20 files that wait for a minute.  Returns how many.  1 + 2 queries each."""
    waiting = Attachment.objects.filter(
        scan_state=ScanState.PENDING, removed_at=None, created_at__lte=now - STALE
    ).order_by("created_at")
    ids = list(waiting.values_list("id", flat=True)[:SWEEP_BATCH])
    return sum(attachment_scan(attachment_id=one, now=now) for one in ids)


def attachment_masked(*, attachment_id: UUID, staff: Staff, now: dt.datetime) -> tuple[Attachment, bytes]:
    """Return a file and its masked copy, made now and kept nowhere; that it was fetched is written down.  3 queries.

    Raises AttachmentNotFound, ArticleNotFound, ArticleMoveRefused for who may not write the article now,
    MaskedCopyRefused with the reason.
    """
    row = Attachment.objects.filter(id=attachment_id).select_related("article").first()
    if row is None:
        raise AttachmentNotFound
    if not Article.objects.visible_to(staff).filter(pk=row.article_id).exists():
        raise AttachmentNotFound
    if not may_write(article=row.article, staff=staff):
        raise ArticleMoveRefused(state=row.article.state, state_label=row.article.state_label, verb="")
    try:
        copy = document_masked(_raw(row), row.content_type)
    except MaskRefused as refused:
        raise MaskedCopyRefused(why=str(NO_COPY_WORDS[refused.why])) from refused
    except FileRefused as refused:
        raise MaskedCopyRefused(why=str(WHY_WORDS[refused.why])) from refused
    _event(row, AttachmentEvent.Act.MASKED, staff, now)
    return row, copy


def attachment_texts(*, attachment: Attachment) -> list[tuple[Place, str]]:
    """Return the texts of a file for the word lists, 2,000,000 characters; nothing of one that can't be read.  0 queries."""
    try:
        return document_texts(_raw(attachment), attachment.content_type)
    except (FileRefused, FileNotFoundError):
        return []


def scan_kept(scan: Scan) -> dict[str, Any]:
    """Return a scan as ``Attachment.scan`` keeps it: nothing of it is personal data."""
    return {
        "total": scan.total, "blocking": scan.blocking, "counted_all": scan.counted_all,
        "counts": [[kind, level.value, number] for (kind, level), number in sorted(scan.counts.items())],
        "findings": [
            {"kind": one.kind, "level": one.level.value, "where": _where(one.place), "excerpt": one.excerpt}
            for one in scan.kept
        ],
        "unread": [{"where": _where(one.place), "reason": one.reason.value} for one in scan.unread[:100]],
    }  # fmt: skip


def _where(place: Place) -> dict[str, Any]:
    return {"kind": place.kind.value, "name": place.name[:120], "number": place.number}


def _told(name: str, raw: bytes) -> str:
    """Return the format, which the name must end in as well."""
    try:
        return format_told(name, raw)
    except FileRefused as refused:
        raise AttachmentRefused(attr="file", why=str(WHY_WORDS[refused.why])) from refused


def _name_kept(name: str) -> str:
    """Return the last part of a name without control characters, its ending kept when it is too long."""
    plain = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable()).strip()
    stem, _dot, suffix = plain.rpartition(".")
    return f"{stem[: NAME_CHARS - len(suffix) - 1]}.{suffix}"


def _lock(article_id: UUID, staff: Staff) -> Article:
    article = article_lock(article_id=article_id, staff=staff)
    if not may_write(article=article, staff=staff):
        raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
    return article


def _event(attachment: Attachment, act: str, staff: Staff, now: dt.datetime) -> None:
    AttachmentEvent.objects.create(attachment=attachment, at=now, act=act, staff=staff)


def _raw(attachment: Attachment) -> bytes:
    with default_storage.open(attachment.path) as file:
        raw: bytes = file.read()
    return raw
