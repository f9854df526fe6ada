"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock
from apps.schools import services


@shared_task(name="schools.sweep")
def sweep() -> None:
    """Each five minutes: offers that were not answered, papers that are missing."""
    services.offers_lapse(now=clock.now())
    services.papers_remind(now=clock.now())


@shared_task(name="schools.count")
def count() -> None:
    """Each evening: the public seat counter of the day is kept."""
    services.counts_keep(now=clock.now())
