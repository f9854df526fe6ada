"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.capacity import services
from apps.common import clock


@shared_task(name="capacity.sweep")
def sweep() -> None:
    """Each minute: end what expired and hand it to those who wait."""
    services.expired_sweep(now=clock.now())


@shared_task(name="capacity.reconcile")
def reconcile() -> None:
    """Each night: count claims against counters."""
    services.reconcile(now=clock.now())
