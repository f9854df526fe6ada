"""Reads of attachments and intake reports."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.news.models import Article, Attachment, IntakeReport, Publication


def attachment_public(*, attachment_id: UUID, now: dt.datetime) -> Attachment | None:
    """Return a file that stands in a version which the public reads at ``now``, or None.  2 queries."""
    row = Attachment.objects.filter(id=attachment_id).first()
    if row is None:
        return None
    shown = Publication.objects.visible(now=now).filter(
        article_id=row.article_id, revision__attachments__contains=[{"id": str(attachment_id)}]
    )
    return row if shown.exists() else None


def attachment_seen(*, attachment_id: UUID, staff: Any) -> Attachment | None:
    """Return a file of an article that ``staff`` may see, removed ones too, or None.  1 query."""
    article = Article.objects.visible_to(staff).filter(pk=OuterRef("article_id"))
    return Attachment.objects.filter(Exists(article), id=attachment_id).select_related("article").first()


def attachments_at_desk(*, article_id: UUID) -> QuerySet[Attachment]:
    """Return the files of the working copy, oldest first.  1 query when read."""
    rows = Attachment.objects.filter(article_id=article_id, removed_at=None)
    return rows.select_related("uploaded_by").order_by("id")


def intake_report_of(*, article_id: UUID) -> IntakeReport | None:
    """Return what was noted when the article was read from a file, or None.  1 query."""
    return IntakeReport.objects.filter(article_id=article_id).select_related("staff").first()
