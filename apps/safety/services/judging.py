"""How a check gets its state: one place for texts and pictures, machines and persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from apps.safety.metrics import VERDICTS
from apps.safety.models import MediaCheck, TextCheck
from apps.safety.states import Actor, CheckState, Reason, Source, Verb, move_target

# What a verdict changes of a check; a batch is written in one statement.
JUDGED = ("state", "source", "reason", "label", "due_at")


def check_judge(
    *,
    check: TextCheck | MediaCheck,
    verb: Verb,
    source: Source,
    now: dt.datetime,
    reason: Reason | None = None,
    label: int = 0,
    actor: Actor = Actor.MACHINE,
) -> None:
    """Set on a locked row what a verdict sets; the caller writes it.  No query.  Raises MoveNotAllowed.

    ``label``  WeChat's number for what it found, 0 for none
    """
    check.state = move_target(source=CheckState(check.state), verb=verb, actor=actor).value
    check.source, check.due_at = source.value, now
    if actor is Actor.MACHINE:
        check.reason, check.label = reason.value if reason else "", label


def verdicts_count(*, checks: Iterable[Any]) -> None:
    """Count checks that were judged, for ``/metrics``.  Call it when they are written."""
    for check in checks:
        content = "text" if isinstance(check, TextCheck) else "media"
        VERDICTS.labels(content, check.source, check.state).inc()
