"""Celery doors."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.clinics import services
from apps.common import clock


@shared_task(name="clinics.rebook")
def rebook(session_id: str) -> None:
    """After a suspension: keep another time for each patient."""
    services.suspension_rebook(session_id=UUID(session_id), now=clock.now())


@shared_task(name="clinics.sweep")
def sweep() -> None:
    """Each minute: reminders, holds that ended, other times after a suspension, referrals that are late."""
    services.reminders_tell(now=clock.now())
    services.holds_sweep(now=clock.now())
    services.suspensions_sweep(now=clock.now())
    services.referrals_remind(now=clock.now())


@shared_task(name="clinics.noshow")
def noshow() -> None:
    """Each quarter of an hour: who did not come to a session that is over."""
    services.noshow_sweep(now=clock.now())


@shared_task(name="clinics.sessions")
def sessions() -> None:
    """Each night: the sessions of the next weeks."""
    services.sessions_generate(now=clock.now())
