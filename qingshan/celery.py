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


# Mail servers and long files are slow: beside campaigns that harms nobody.
_OTHER_LANES = {"notifications.staff_mail": "bulk", "news.attachments_sweep": "bulk"}


def _night(hour: int, minute: int) -> crontab:
    return crontab(hour=hour, minute=minute)


def beat_table(*, sweep_s: int) -> dict[str, dict[str, object]]:
    """Return the periodic tasks.  ``sweep_s`` seconds between two sweeps of the outbox, and of pushes.

    Each goes to the lane ``periodic`` unless it says otherwise.  One that is still waiting when the next is due, or an
    hour after its time at night, is dropped.
    """
    rows: tuple[tuple[str, int | crontab], ...] = (
        ("notifications.sweep", sweep_s),
        ("wechat.pushes_sweep", sweep_s),
        ("wechat.pushes_purge", 3600),
        ("news.attachments_sweep", 60),
        ("news.publications_tell", 60),
        ("news.hits_flush", 60),
        ("news.rechecks", 60),
        ("news.writing_purge", 3600),
        ("safety.sweep", 60),
        ("safety.media_sweep", 600),
        ("notifications.campaigns_tend", 15),
        ("sheets.sweep", 60),
        ("sheets.retention", _night(3, 50)),
        ("notifications.staff_mail", 300),
        ("notifications.statistics", _night(2, 40)),
        ("notifications.retention", _night(3, 20)),
        ("notifications.templates_sync", _night(4, 20)),
        ("capacity.sweep", 60),
        ("capacity.reconcile", _night(3, 30)),
        ("clinics.sweep", 60),
        ("clinics.noshow", 900),
        ("clinics.sessions", _night(1, 30)),
        ("schools.sweep", 300),
        ("schools.count", _night(23, 50)),
        ("feedback.followers_sweep", 300),
        ("feedback.clock_sweep", 600),
        ("feedback.deadlines_recompute", _night(3, 10)),
        ("feedback.suggestion_train", _night(3, 40)),
        ("reports.figures_refresh", 600),
        ("common.leftovers_purge", 3600),
    )
    table: dict[str, dict[str, object]] = {
        task: {
            "task": task,
            "schedule": schedule,
            "options": {
                "queue": _OTHER_LANES.get(task, "periodic"),
                "expires": schedule if isinstance(schedule, int) else 3600,
            },
        }
        for task, schedule in rows
    }
    # The same task once more, further back.
    table["reports.figures_last_week"] = {
        **table["reports.figures_refresh"],
        "schedule": _night(2, 30),
        "kwargs": {"days_back": 7},
        "options": {"queue": "periodic", "expires": 3600},
    }
    return table


app.conf.beat_schedule = beat_table(sweep_s=int(os.environ.get("OUTBOX_SWEEP_S", "60")))
