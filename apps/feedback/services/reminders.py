"""Reminders at 50 % and 80 % of a stage's time, and the way up when it is late (升级): handler, head of the unit, chief.

Each is a row with a unique key, written in the transaction of the notice it stands for: two sweeps at once, or one that
is killed, neither double nor lose one.  A deadline that moves is reminded of anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.common.times import moment_text
from apps.feedback import clock as deadlines
from apps.feedback.models import Case
from apps.feedback.services.tellings import told_of
from apps.notifications import services as notifications
from apps.notifications.services import StaffTold

BATCH = 500


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the clock: the columns between which it runs, and when it runs at all."""

    code: str
    label: Any
    start: str
    due: str
    while_: str


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder: when, as SQL over the stage's ``{start}`` and ``{due}`` and the profile ``p``; and who is told."""

    code: str
    when: str
    roles: frozenset[Role]
    above: bool = False

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self.code.startswith("late")


_UNDER_WAY = "c.state IN ('dispatched', 'signed', 'in_progress')"
STAGES = (
    Stage("sign", _("Signing"), "c.dispatched_at", "c.sign_due_at", "c.state = 'dispatched'"),
    Stage(
        "contact", _("First contact"), "c.dispatched_at", "c.contact_due_at", f"{_UNDER_WAY} AND c.contacted_at IS NULL",
    ),
    Stage("reply", _("The answer"), "c.clock_from", "c.due_at", f"{_UNDER_WAY} AND c.unit_id IS NOT NULL"),
)  # fmt: skip
_HANDLERS, _HEADS = frozenset({Role.HANDLER}), frozenset({Role.SUPERVISOR})
STEPS = (
    Step(
        "half",
        f"{{start}} + ({{due}} - {{start}}) * {deadlines.HALF} <= %(now)s::timestamptz AND {{due}} > %(now)s::timestamptz",
        _HANDLERS,
    ),
    Step(
        "most",
        f"{{start}} + ({{due}} - {{start}}) * {deadlines.MOST} <= %(now)s::timestamptz AND {{due}} > %(now)s::timestamptz",
        _HANDLERS,
    ),
    Step("late_1", "{due} <= %(now)s::timestamptz", _HANDLERS),
    Step("late_2", "{due} + make_interval(hours => p.head_after_h) <= %(now)s::timestamptz", _HEADS),
    Step(
        "late_3",
        "{due} + make_interval(hours => p.chief_after_h) <= %(now)s::timestamptz",
        _HEADS,
        above=True,
    ),
)
# The names come from the tables above, every value is a parameter.
_CLAIM = """
INSERT INTO feedback_reminder (id, case_id, stage, step, due_at, at)
SELECT gen_random_uuid(), c.id, %(stage)s::varchar, %(step)s::varchar, {due}, %(now)s::timestamptz
FROM feedback_case c JOIN feedback_deadlineprofile p ON p.id = c.profile_id
WHERE {while_} AND {due} IS NOT NULL AND {when}
  AND NOT EXISTS (
    SELECT 1 FROM feedback_reminder r
    WHERE r.case_id = c.id AND r.stage = %(stage)s::varchar AND r.step = %(step)s::varchar AND r.due_at = {due}
  )
ORDER BY {due} LIMIT %(limit)s
ON CONFLICT (case_id, stage, step, due_at) DO NOTHING
RETURNING case_id
"""


def reminders_send(*, now: dt.datetime) -> int:
    """Remind and escalate what is due at ``now``; returns how many reminders were written.

    15 statements, and 5 more for each step that found something; at most 500 cases a step and call, the rest with the
    next.  After a standstill a case that is late is not also reminded that it soon will be.
    """
    written = 0
    for stage in STAGES:
        seen: set[UUID] = set()
        for step in reversed(STEPS):
            with transaction.atomic():
                found = _claim(stage, step, now)
                written += len(found)
                _tell([one for one in found if step.late or one not in seen], stage, step, now)
            seen.update(found)
    return written


def _claim(stage: Stage, step: Step, now: dt.datetime) -> list[UUID]:
    when = step.when.format(start=stage.start, due=stage.due)
    statement = _CLAIM.format(due=stage.due, while_=stage.while_, when=when)
    values: dict[str, Any] = {"stage": stage.code, "step": step.code, "now": now, "limit": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _tell(case_ids: Iterable[UUID], stage: Stage, step: Step, now: dt.datetime) -> None:
    """Write the notices of one step.  At most 4 queries, none without cases."""
    cases = list(Case.objects.filter(id__in=list(case_ids)))
    if not cases:
        return
    units = {case.unit_id for case in cases if case.unit_id is not None}
    parents = accounts.parents_of(unit_ids=units) if step.above else {}
    asked = units | {parent for parent in parents.values() if parent is not None}
    found = accounts.staff_to_tell(unit_ids=asked, roles=step.roles)
    heads = accounts.staff_of_role(role=Role.DESK_HEAD) if step.above else frozenset()
    told = [
        one for case in cases for one in [_told(case, stage, step, found, parents, heads)] if one.staff_ids
    ]
    notifications.staff_tell(told=told, now=now)


def _told(
    case: Case,
    stage: Stage,
    step: Step,
    found: dict[tuple[int, Role], frozenset[int]],
    parents: dict[int, int | None],
    heads: frozenset[int],
) -> StaffTold:
    """Return what to tell of one case: above the unit its parent's chief, the desk's head where there is none."""
    unit_id = parents.get(case.unit_id or 0) if step.above else case.unit_id
    staff_ids: frozenset[int] = frozenset().union(
        *(found.get((unit_id or 0, role), frozenset()) for role in step.roles)
    )
    if step.above and not staff_ids:
        staff_ids = heads
    due = {"sign": case.sign_due_at, "contact": case.contact_due_at, "reply": case.due_at}[stage.code]
    return told_of(
        event="late" if step.late else "reminded", case=case, staff_ids=staff_ids,
        key=f"{stage.code}:{step.code}:{case.id}:{due:%Y%m%d%H%M}" if due else "", stage=str(stage.label),
        due=moment_text(due) if due else "",
    )  # fmt: skip
