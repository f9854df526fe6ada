"""The Celery application: queues, the periodic table, metrics of tasks."""

from __future__ import annotations

import os
import time
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import heartbeat_sent, setup_logging, task_postrun, task_prerun, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu import Queue
from prometheus_client import Counter, Histogram

from apps.common.heartbeat import LANES, heartbeat_write

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingshan.settings")

app = Celery("qingshan")
app.config_from_object("django.conf:settings", namespace="CELERY")
# One lane a kind of urgency, each with worker processes of its own: a campaign never delays a reply.
app.conf.task_queues = [Queue(name) for name in LANES]
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_logging(**_kwargs: object) -> None:
    """Leave logging as settings configured it: without a receiver Celery installs handlers of its own."""


TASKS = Counter("celery_tasks", "Tasks that ended, by name and state.", ["task", "state"])
TASK_SECONDS = Histogram("celery_task_seconds", "How long tasks ran.", ["task"])
_began: dict[str, float] = {}


@task_prerun.connect
def _task_began(task_id: str, **_kwargs: object) -> None:
    """Remember when a task began."""
    _began[task_id] = time.monotonic()


@task_postrun.connect
def _task_ended(task_id: str, task: Any, state: str | None = None, **_kwargs: object) -> None:
    """Count a task and how long it ran."""
    TASKS.labels(task.name, state or "unknown").inc()
    TASK_SECONDS.labels(task.name).observe(time.monotonic() - _began.pop(task_id, time.monotonic()))


_served: list[str] = []
_beaten_at = 0.0


@worker_ready.connect
def _lanes_remember(sender: Any, **_kwargs: object) -> None:
    """Learn which lanes this worker serves and say at once that it lives."""
    _served[:] = list(sender.task_consumer.queues and [queue.name for queue in sender.task_consumer.queues])
    heartbeat_write(_served)


@heartbeat_sent.connect
def _heartbeat(**_kwargs: object) -> None:
    """Say every ten seconds that the worker lives (Celery's own beat comes every two)."""
    global _beaten_at
    if _served and time.monotonic() - _beaten_at > 10:
        _beaten_at = time.monotonic()
        heartbeat_write(_served)


def beat_table(*, sweep_s: int) -> dict[str, dict[str, object]]:
    """Return the periodic tasks.  ``sweep_s`` seconds between two sweeps of the outbox, and of pushes."""
    return {
        "notifications.sweep": {
            "task": "notifications.sweep",
            "schedule": sweep_s,
            "options": {"queue": "periodic", "expires": sweep_s},
        },
        "wechat.pushes_sweep": {
            "task": "wechat.pushes_sweep",
            "schedule": sweep_s,
            "options": {"queue": "periodic", "expires": sweep_s},
        },
        "wechat.pushes_purge": {
            "task": "wechat.pushes_purge",
            "schedule": 3600,
            "options": {"queue": "periodic", "expires": 3600},
        },
        "safety.sweep": {
            "task": "safety.sweep",
            "schedule": 60,
            "options": {"queue": "periodic", "expires": 60},
        },
        "safety.media_sweep": {
            "task": "safety.media_sweep",
            "schedule": 600,
            "options": {"queue": "periodic", "expires": 600},
        },
        "notifications.campaigns_tend": {
            "task": "notifications.campaigns_tend",
            "schedule": 15,
            "options": {"queue": "periodic", "expires": 15},
        },
        "notifications.staff_mail": {
            "task": "notifications.staff_mail",
            "schedule": 300,
            "options": {"queue": "bulk", "expires": 300},
        },
        "notifications.templates_sync": {
            "task": "notifications.templates_sync",
            "schedule": crontab(hour=4, minute=20),
            "options": {"queue": "periodic", "expires": 3600},
        },
        "notifications.statistics": {
            "task": "notifications.statistics",
            "schedule": crontab(hour=2, minute=40),
            "options": {"queue": "periodic", "expires": 3600},
        },
        "notifications.retention": {
            "task": "notifications.retention",
            "schedule": crontab(hour=3, minute=20),
            "options": {"queue": "periodic", "expires": 3600},
        },
        "feedback.followers_sweep": {
            "task": "feedback.followers_sweep",
            "schedule": 300,
            "options": {"queue": "periodic", "expires": 300},
        },
        "feedback.clock_sweep": {
            "task": "feedback.clock_sweep",
            "schedule": 600,
            "options": {"queue": "periodic", "expires": 600},
        },
        "feedback.deadlines_recompute": {
            "task": "feedback.deadlines_recompute",
            "schedule": crontab(hour=3, minute=10),
            "options": {"queue": "periodic", "expires": 3600},
        },
        "feedback.suggestion_train": {
            "task": "feedback.suggestion_train",
            "schedule": crontab(hour=3, minute=40),
            "options": {"queue": "periodic", "expires": 3600},
        },
        "reports.figures_refresh": {
            "task": "reports.figures_refresh",
            "schedule": 600,
            "options": {"queue": "periodic", "expires": 600},
        },
        "reports.figures_last_week": {
            "task": "reports.figures_refresh",
            "schedule": crontab(hour=2, minute=30),
            "kwargs": {"days_back": 7},
            "options": {"queue": "periodic", "expires": 3600},
        },
        "common.leftovers_purge": {
            "task": "common.leftovers_purge",
            "schedule": 3600,
            "options": {"queue": "periodic", "expires": 3600},
        },
    }


app.conf.beat_schedule = beat_table(sweep_s=int(os.environ.get("OUTBOX_SWEEP_S", "60")))
