"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock
from apps.common.dispatch import Lane
from apps.notifications import services


@shared_task(name="notifications.pump")
def pump(lane: Lane = "interactive") -> None:
    """Send what is due in a lane."""
    services.pump(lane=lane)


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Each minute: find what a crash left behind."""
    services.sweep(now=clock.now())
