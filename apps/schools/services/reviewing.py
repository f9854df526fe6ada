"""The office's side of an application: two people look, ask, decide; objections; twins; reminders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.common.errors import constraint_of
from apps.schools import notices
from apps.schools.errors import (
    ApplicationMoveRefused,
    ChangedMeanwhile,
    ObjectionOpen,
    ObjectionRefused,
    ReasonMissing,
    ReviewRefused,
    TwinsInvalid,
)
from apps.schools.models import Application, Review, TwinBlock
from apps.schools.reasons import REASONS
from apps.schools.services.applying import By, own
from apps.schools.services.journal import application_move
from apps.schools.states import POINTS_DESK, Actor, ApplicationState, ApplicationVerb, RoundState, move_of

MOST_POINTS = 100_000
_STAGE = {ApplicationState.SUBMITTED: 1, ApplicationState.FIRST_REVIEW: 2}
_EVENT = {
    ApplicationVerb.ASK: "needs_fix", ApplicationVerb.REJECT: "rejected",
}  # fmt: skip


def application_review(
    *,
    application_id: UUID,
    staff: Any,
    verdict: str,
    now: dt.datetime,
    reasons: Sequence[str] = (),
    note: str = "",
    version: int | None = None,
) -> Application:
    """Decide on a hand-in as its first or second reviewer; this function will let nobody decide twice or on what they entered.

    ``verdict``  agree, ask (papers are missing; the family is told which) or reject, both with coded reasons
    ``note``     for the family, at most 300 characters
    About 9 queries.  Raises ApplicationUnknown, ApplicationMoveRefused, ReviewRefused, ReasonMissing, ObjectionOpen,
    ChangedMeanwhile.
    """
    verb = ApplicationVerb(verdict)
    with transaction.atomic():
        row = own(application_id=application_id, by=By(staff=staff))
        if version is not None and version != row.version:
            raise ChangedMeanwhile
        stage = _STAGE.get(ApplicationState(row.state))
        move = move_of(state=ApplicationState(row.state), verb=verb, actor=Actor.REVIEWER)
        if move is None or stage is None or row.round.state not in (RoundState.OPEN, RoundState.VERIFYING):
            raise ApplicationMoveRefused
        if verb != ApplicationVerb.AGREE and (not reasons or set(reasons) - set(REASONS)):
            raise ReasonMissing(attr="reasons")
        if move.target == ApplicationState.VERIFIED and row.objected_at and row.objection_settled_at is None:
            raise ObjectionOpen
        try:
            with transaction.atomic():
                Review.objects.create(
                    application=row, pass_number=row.pass_number, stage=stage, reviewer=staff, verdict=verb,
                    reasons=list(reasons) if verb != ApplicationVerb.AGREE else [], note=note[:300], at=now,
                )  # fmt: skip
        except IntegrityError as error:
            if constraint_of(error).startswith("school_review"):
                raise ReviewRefused from None
            raise
        application_move(row, move, now, by=By(staff=staff), note=note)
        event = "verified" if move.target == ApplicationState.VERIFIED else _EVENT.get(verb)
        if event is not None:
            notices.application_told(row=row, event=event, now=now, note=note, reasons=reasons)
        return row


def points_set(*, application_id: UUID, points: int, note: str, staff: Any, now: dt.datetime) -> Application:
    """Enter an application's points before the roster is frozen.  5 queries.

    ``points``  0 to 100,000, more is better    ``note``  what they come from, 1 to 300 characters
    Raises ApplicationUnknown, ApplicationMoveRefused, ReasonMissing.
    """
    if not 0 <= points <= MOST_POINTS:
        raise ReasonMissing(attr="points")
    if not note.strip():
        raise ReasonMissing(attr="note")
    with transaction.atomic():
        row = own(application_id=application_id, by=By(staff=staff))
        # What a reviewer has agreed to is changed by a file alone, which a second person approves.
        if row.state not in POINTS_DESK:
            raise ApplicationMoveRefused
        before, row.points = row.points, points
        row.version += 1
        row.save(update_fields=["points", "version"])
        row.events.create(
            verb="points", source=row.state, target=row.state, staff=staff, at=now,
            note=f"{before} → {points} {note.strip()}"[:300],
        )  # fmt: skip
        return row


def objection_settle(*, application_id: UUID, staff: Any, note: str, now: dt.datetime) -> Application:
    """Record how the guardians' disagreement was settled: a joint paper, a court's decision.  About 5 queries.

    ``note``  what it was settled by, 1 to 300 characters
    Raises ApplicationUnknown, ObjectionRefused, ReasonMissing.
    """
    if not note.strip():
        raise ReasonMissing(attr="note")
    with transaction.atomic():
        row = own(application_id=application_id, by=By(staff=staff))
        if row.objected_at is None or row.objection_settled_at is not None:
            raise ObjectionRefused
        row.objection_settled_at = now
        row.version += 1
        row.save(update_fields=["objection_settled_at", "version"])
        row.events.create(
            verb="settle", source=row.state, target=row.state, staff=staff, note=note[:300], at=now
        )
        return row


def twins_bind(*, application_ids: Sequence[UUID], by: By, now: dt.datetime) -> TwinBlock:
    """Bind the applications of twins so that they get places at one school or none; undone by binding each anew.

    Born on one day (or the day after), with the same home, class of applicants, points and choices in the same order.
    About 4 queries for each and 2.  Raises ApplicationUnknown, ApplicationMoveRefused, TwinsInvalid.
    """
    with transaction.atomic():
        rows = [own(application_id=pk, by=by) for pk in sorted(set(application_ids))]
        if any(row.round.state not in (RoundState.OPEN, RoundState.VERIFYING) for row in rows):
            raise ApplicationMoveRefused
        if not 2 <= len(rows) <= 4 or len({twin_shape(row=row) for row in rows}) != 1 or not _one_birth(rows):
            raise TwinsInvalid
        block = TwinBlock.objects.create(round=rows[0].round, created_at=now)
        Application.objects.filter(pk__in=[row.pk for row in rows]).update(block=block)
        return block


def twin_shape(*, row: Application) -> tuple[Any, ...]:
    """Return what applications of twins must have in common.  1 query."""
    choices = tuple(row.preferences.order_by("position").values_list("intake_id", flat=True))
    return row.round_id, row.category_id, row.points, row.address_hash, choices


def _one_birth(rows: Sequence[Application]) -> bool:
    born = [row.child.birth_on for row in rows]
    return len({row.child_id for row in rows}) == len(rows) and (max(born) - min(born)).days <= 1


def papers_remind(*, now: dt.datetime, limit: int = 500) -> int:
    """Remind families whose papers are missing, once, within the last 48 hours before it is too late; returns how many.

    1 query, 4 for each family.
    """
    soon = now + dt.timedelta(hours=48)
    with transaction.atomic():
        rows = (
            Application.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(
                state=ApplicationState.NEEDS_FIX, reminded_at=None, round__fix_until__gt=now, round__fix_until__lte=soon,
                round__state__in=[RoundState.OPEN, RoundState.VERIFYING],
            )
            .select_related("round", "child")
            .order_by("id")[:limit]
        )  # fmt: skip
        due = list(rows)
        for row in due:
            notices.application_told(row=row, event="papers_soon", now=now)
        Application.objects.filter(pk__in=[row.pk for row in due]).update(reminded_at=now)
        return len(due)
