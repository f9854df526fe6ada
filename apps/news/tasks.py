"""Celery doors."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.common import clock
from apps.news import hits, services
from apps.news.services import attachments
from apps.news.services.attachment_words import attachment_words_sweep, attachment_words_write
from apps.news.services.checks import rechecks_run
from apps.news.services.writing import writing_purge as purge


@shared_task(name="news.attachment_scan")
def attachment_scan(attachment_id: str) -> None:
    """Scan an attachment that was just added."""
    attachments.attachment_scan(attachment_id=UUID(attachment_id), now=clock.now())
    attachment_words_write(attachment_id=UUID(attachment_id), now=clock.now())


@shared_task(name="news.attachments_sweep")
def attachments_sweep() -> None:
    """Each minute: scan the attachments whose task the broker lost."""
    attachments.attachments_sweep(now=clock.now())
    attachment_words_sweep(now=clock.now())


@shared_task(name="news.publications_tell")
def publications_tell() -> None:
    """Each minute: tell the followers of what went public by the clock."""
    services.publications_due_tell(now=clock.now())


@shared_task(name="news.hits_flush")
def hits_flush() -> None:
    """Each minute: add to the publications how often they were read."""
    hits.hits_flush(now=clock.now())


@shared_task(name="news.rechecks")
def rechecks() -> None:
    """Each minute: check again what was checked with older word lists."""
    rechecks_run(now=clock.now())


@shared_task(name="news.writing_purge")
def writing_purge() -> None:
    """Hourly: delete unsaved texts and preview links that are 7 days old."""
    purge(now=clock.now())
