"""Revisions, frozen with their fingerprint, and the rounds of review that they go through."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from apps.news.fingerprint import content_sha256, content_text
from apps.news.models import Article, Attachment, ReviewRound, Revision
from apps.news.services.media import media_uses_write

if TYPE_CHECKING:
    from apps.accounts.models import Staff

_COPIED = ("title", "summary", "body_html", "source", "author", "audio_url")


@dataclass(frozen=True, slots=True)
class Content:
    """What the public would read of a working copy, and its fingerprint."""

    fields: dict[str, Any]
    sha256: str


def content_of(*, article: Article) -> Content:
    """Return what would be submitted of the working copy now.  At most 3 queries."""
    asset = article.cover_asset
    fields: dict[str, Any] = {name: getattr(article, name) for name in _COPIED} | {
        "cover_upload_id": asset.upload_id if asset else None,
        "cover_sha256": asset.upload.sha256 if asset else "",
        "cover_alt": asset.alt if asset else "",
        "attachments": attachments_of(article=article),
        "column_slug": article.column.slug,
    }
    return Content(fields, content_sha256(fields | {"article": article.pk}))


def attachments_of(*, article: Article) -> list[dict[str, Any]]:
    """Return the attachments that stand with the working copy, oldest first.  1 query."""
    names = ("id", "name", "sha256", "size_bytes", "content_type")
    rows = Attachment.objects.filter(article=article, removed_at=None).order_by("id").values(*names)
    return [{**row, "id": str(row["id"])} for row in rows]


def revision_make(*, article: Article, staff: Staff | None, now: dt.datetime) -> Revision:
    """Freeze the working copy of a locked article.  At most 7 queries."""
    content = content_of(article=article)
    last = Revision.objects.filter(article=article).aggregate(last=Max("number"))["last"] or 0
    writers = sorted({*article.writers, *([staff.pk] if staff else [])})
    revision = Revision.objects.create(
        article=article, number=last + 1, sha256=content.sha256, column_id=article.column_id, writers=writers,
        created_by=staff, created_at=now, **content.fields,
    )  # fmt: skip
    media_uses_write(
        article_id=article.pk,
        html=article.body_html,
        cover_asset_id=article.cover_asset_id,
        revision_id=revision.pk,
    )
    return revision


def revision_text(*, revision: Revision) -> str:
    """Return the text that the fingerprint of a revision is taken of, made anew from what is stored.  0 queries."""
    names = (*_COPIED, "column_slug", "cover_sha256", "cover_alt", "attachments")
    return content_text({name: getattr(revision, name) for name in names} | {"article": revision.article_id})


def revision_sha256(*, revision: Revision) -> str:
    """Return the fingerprint of a revision, reckoned anew: the review sheet shows whether it still fits.  0 queries."""
    return hashlib.sha256(revision_text(revision=revision).encode("utf-8", "surrogatepass")).hexdigest()


def round_open(*, article: Article, revision: Revision, staff: Staff | None, now: dt.datetime) -> ReviewRound:
    """Open a round with the reviews and proof passes that the column of a locked article asks for.  2 queries."""
    last = ReviewRound.objects.filter(article=article).aggregate(last=Max("number"))["last"] or 0
    return ReviewRound.objects.create(
        article=article, number=last + 1, revision=revision, levels=article.column.levels,
        proofs=article.column.proofs, opened_by=staff, opened_at=now,
    )  # fmt: skip


def round_end(*, review_round: ReviewRound, outcome: str, now: dt.datetime) -> None:
    """End a locked round; its signatures are void.  2 queries."""
    signatures_void(review_round=review_round, now=now)
    review_round.closed_at, review_round.outcome = now, outcome
    review_round.save(update_fields=["closed_at", "outcome"])


def signatures_void(*, review_round: ReviewRound, now: dt.datetime) -> int:
    """Void the signatures of a locked round; returns how many.  1 query."""
    return review_round.steps.filter(voided_at=None).update(voided_at=now)
