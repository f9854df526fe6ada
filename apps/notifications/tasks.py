"""Celery doors."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.common import clock
from apps.common.dispatch import Lane
from apps.notifications import services
from apps.notifications.states import Channel


@shared_task(name="notifications.pump")
def pump(of: Lane = "interactive", channel: str = "wechat") -> None:
    """Send what is due in a lane through a channel."""
    services.pump(lane=of, channel=Channel(channel))


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Each minute: find what a crash left behind."""
    services.sweep(now=clock.now())
    services.topics_sweep()


@shared_task(name="notifications.staff_mail")
def staff_mail() -> None:
    """Send notices to staff by e-mail."""
    services.staff_mail_send(now=clock.now())


@shared_task(name="notifications.templates_sync")
def templates_sync() -> None:
    """Each night: compare the templates with WeChat's."""
    services.wechat_templates_sync(now=clock.now())


@shared_task(name="notifications.statistics")
def statistics() -> None:
    """Each night: count the deliveries of the last days."""
    services.statistics_nightly(now=clock.now())


@shared_task(name="notifications.retention")
def retention() -> None:
    """Each night: delete what has been kept long enough."""
    services.retention_run(now=clock.now())


@shared_task(name="notifications.campaign_write")
def campaign_write(campaign_id: str) -> None:
    """Write the next rows of a campaign."""
    services.campaign_write(campaign_id=UUID(campaign_id), now=clock.now())


@shared_task(name="notifications.campaigns_tend")
def campaigns_tend() -> None:
    """Each quarter of a minute: start, count, finish, call back."""
    services.campaigns_tend(now=clock.now())


@shared_task(name="notifications.topics_write")
def topics_write() -> None:
    """Tell the followers of topics."""
    services.topics_write(now=clock.now())
