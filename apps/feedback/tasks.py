"""Celery doors."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.common import clock
from apps.feedback import services


@shared_task(name="feedback.clock_sweep")
def clock_sweep() -> None:
    """Each ten minutes: end pauses that ran out, remind, escalate, forget old looks for an answer."""
    services.pauses_expire(now=clock.now())
    services.reminders_send(now=clock.now())
    services.inquiries_purge(now=clock.now())


@shared_task(name="feedback.deadlines_recompute")
def deadlines_recompute() -> None:
    """After a change of the calendar, and nightly: the open deadlines as they are now."""
    services.deadlines_recompute(now=clock.now())


@shared_task(name="feedback.followers_tell")
def followers_tell(entry_id: str) -> None:
    """Tell those who follow a case of one step of it."""
    services.followers_tell(entry_id=UUID(entry_id), now=clock.now())


@shared_task(name="feedback.followers_sweep")
def followers_sweep() -> None:
    """Each five minutes: the steps whose followers were not told, because the broker lost the task."""
    services.followers_sweep(now=clock.now())


@shared_task(name="feedback.suggestion_train")
def suggestion_train() -> None:
    """Nightly: learn from the cases that were closed."""
    services.suggestion_train(now=clock.now())
