"""Celery doors."""

from __future__ import annotations

from celery import shared_task

from apps.common import clock
from apps.safety import services


@shared_task(name="safety.text_check")
def text_check() -> None:
    """Ask WeChat about the texts that wait."""
    services.text_checks_run()


@shared_task(name="safety.media_check")
def media_check() -> None:
    """Ask WeChat about the pictures that wait."""
    services.media_checks_run()


@shared_task(name="safety.sweep")
def sweep() -> None:
    """Each minute: the texts whose task was lost or whose worker died."""
    services.text_checks_run()


@shared_task(name="safety.media_sweep")
def media_sweep() -> None:
    """Each ten minutes: the pictures that WeChat did not tell of in time, and those whose task was lost."""
    services.media_sweep(now=clock.now())
