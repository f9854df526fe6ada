"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock
from apps.reports import services


@shared_task(name="reports.figures_refresh")
def figures_refresh(days_back: int = 0) -> None:
    """Count what happened since the last run, and the last days again."""
    services.figures_refresh(now=clock.now(), days_back=days_back)
