"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock
from apps.wechat import services


@shared_task(name="wechat.pushes_process")
def pushes_process() -> None:
    """Hand the pushes that wait to their handlers."""
    services.pushes_process(now=clock.now())


@shared_task(name="wechat.pushes_sweep")
def pushes_sweep() -> None:
    """Each minute: find pushes whose wake-up was lost."""
    services.pushes_sweep(now=clock.now())


@shared_task(name="wechat.pushes_purge")
def pushes_purge() -> None:
    """Hourly: delete pushes that are old enough."""
    services.pushes_purge(now=clock.now())
