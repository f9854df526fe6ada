"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock, services


@shared_task(name="common.leftovers_purge")
def leftovers_purge() -> None:
    """Hourly: delete what was only kept for a day."""
    services.leftovers_purge(now=clock.now())
