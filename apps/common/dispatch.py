"""Queueing work by name, after commit."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
Lane = Literal["interactive", "bulk", "periodic"]


def send_after_commit(name: str, *, lane: Lane, countdown_s: float | None = None, **kwargs: Any) -> None:
    """Queue the task ``name`` in ``lane`` once the transaction has committed; nothing on rollback.

    By name, because services may not import tasks (a guard test checks that the name exists and the arguments bind).
    ``countdown_s``  at most 60: not before; Redis hands longer ones out twice, so they wait as rows instead
    A broker that is down is logged, not raised: the row is the record and a sweep finds it.
    """
    transaction.on_commit(partial(_send, name, lane, countdown_s, kwargs), robust=True)


def _send(name: str, lane: Lane, countdown_s: float | None, kwargs: dict[str, Any]) -> None:
    try:
        current_app.send_task(
            name, kwargs=kwargs, queue=lane, countdown=countdown_s, retry=False, ignore_result=True
        )
    except (OperationalError, ConnectionError, TimeoutError) as error:
        log.warning("broker_unavailable", task=name, lane=lane, error=type(error).__name__)
