"""Celery doors."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.common import clock
from apps.sheets import services


@shared_task(name="sheets.batch_run")
def batch_run(batch_id: str) -> None:
    """Do what an import waits for: compare, import or undo."""
    services.batch_run(batch_id=UUID(batch_id), now=clock.now())


@shared_task(name="sheets.sweep")
def sweep() -> None:
    """Each minute: imports whose task was lost or whose worker died."""
    services.batches_sweep(now=clock.now())


@shared_task(name="sheets.retention")
def retention() -> None:
    """Each night: files and lines that were kept long enough."""
    services.retention_run(now=clock.now())
