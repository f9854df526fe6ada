"""What a resident does with a case: add to it, ask for speed, answer, rate, reopen, withdraw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.states import Role
from apps.common import clock
from apps.common.times import moment_text
from apps.common.uploads import uploads_claim
from apps.feedback import intake
from apps.feedback.contents import Content
from apps.feedback.errors import NudgeTooSoon, QuestionClosed, ReopenedTooOften
from apps.feedback.models import Case, Question, TimelineEntry
from apps.feedback.services.board import board_case_reopened
from apps.feedback.services.contents import content_check
from apps.feedback.services.deadlines import case_profile, promise_of
from apps.feedback.services.incidents import members_release
from apps.feedback.services.moves import (
    RESIDENT,
    SYSTEM,
    case_lock,
    case_move,
    incident_lock,
    move_of,
)
from apps.feedback.services.pauses import pause_end, pauses_close
from apps.feedback.services.ratings import rating_write
from apps.feedback.services.tellings import role_tell, unit_tell
from apps.feedback.states import MAX_REOPENS, RANK_NORMAL, RANK_NUDGED, SETTLED, Move, Verb


def case_supplement(
    *, number: str, resident_id: UUID, text: str, uploads: Sequence[UUID], now: dt.datetime
) -> None:
    """Add information and photos to an unanswered case (补充).  8 queries, 10 with photos.

    ``text``  1 to 2,000 characters   ``uploads``  at most 9 loose photos of the resident
    Raises CaseNotFound, MoveRefused, UploadNotFound.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        entry = case_move(
            case=case,
            move=move_of(case=case, verb=Verb.SUPPLEMENT, by=RESIDENT),
            by=RESIDENT,
            now=now,
            text=text,
        )
        _content_take(entry, resident_id, uploads, now)
        unit_tell(event="supplemented", case=case, key=str(entry.id), now=now)


def _content_take(entry: TimelineEntry, resident_id: UUID, uploads: Sequence[UUID], now: dt.datetime) -> None:
    """Attach the photos of a written entry and have it checked with them.  1 query, 3 with photos."""
    claimed = uploads_claim(ids=uploads, owner_id=resident_id, purpose="case", attached_to=entry.id, now=now)
    content_check(
        content=Content.ENTRY, subject_id=entry.id, resident_id=resident_id, text=entry.text,
        uploads=[upload.id for upload in claimed], now=now,
    )  # fmt: skip


def nudge_next_at(*, case: Case) -> dt.datetime | None:
    """Return when the resident can ask for speed again, None for at once.  Queries as ``intake.tables``."""
    if case.nudged_at is None:
        return None
    return case.nudged_at + intake.profile_by_id(profile_id=case.profile_id).nudge_every


def case_nudge(*, number: str, resident_id: UUID, text: str, now: dt.datetime) -> None:
    """Record that the resident asks for speed (催办) and put the case before others in its queue.  6 queries.

    ``text``  at most 500 characters, may be empty.  Once per period of the profile (``nudge_every_h``), counted from the
    last nudge.  A case under supervision keeps its place, which is before those.
    Raises CaseNotFound, NudgeTooSoon, MoveRefused.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        move = move_of(case=case, verb=Verb.NUDGE, by=RESIDENT)
        next_at = nudge_next_at(case=case)
        if next_at is not None and now < next_at:
            raise NudgeTooSoon(next_at=moment_text(next_at))
        changed = {
            "nudges": case.nudges + 1, "nudged_at": now, "queue_rank": min(case.queue_rank, RANK_NUDGED),
        }  # fmt: skip
        entry = case_move(case=case, move=move, by=RESIDENT, now=now, text=text, changed=changed)
        if case.unit_id is None:
            role_tell(event="nudged", case=case, key=str(entry.id), now=now, role=Role.INTAKE_CLERK)
        else:
            unit_tell(event="nudged", case=case, key=str(entry.id), now=now)


def case_answer(
    *,
    number: str,
    resident_id: UUID,
    question_id: UUID,
    text: str,
    uploads: Sequence[UUID],
    now: dt.datetime,
) -> None:
    """Answer what the unit asked; the clock runs again.  About 12 queries.

    ``text``  1 to 2,000 characters.  The question works once and until it expires.
    Raises CaseNotFound, MoveRefused, QuestionClosed, UploadNotFound.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        question = Question.objects.filter(case=case, id=question_id).select_related("pause").first()
        if question is None or question.answered_at is not None or now > question.expires_at:
            raise QuestionClosed
        move = move_of(case=case, verb=Verb.ANSWER, by=RESIDENT)
        question.answered_at = now
        question.save(update_fields=["answered_at"])
        changed = pause_end(case=case, now=now)
        entry = case_move(case=case, move=move, by=RESIDENT, now=now, text=text, changed=changed)
        _content_take(entry, resident_id, uploads, now)
        unit_tell(event="answered", case=case, key=str(entry.id), now=now)


def case_rate(
    *, number: str, resident_id: UUID, resolved: bool, satisfaction: int, comment: str, now: dt.datetime
) -> None:
    """Record what the resident says of the reply; a resolved case closes with it.  At most 10 queries.

    ``satisfaction``  1 to 5.  Raises CaseNotFound, MoveRefused, RatedAlready.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        rating_write(
            case=case, by=RESIDENT, resolved=resolved, satisfaction=satisfaction, comment=comment, now=now
        )


def case_reopen(*, number: str, resident_id: UUID, text: str, now: dt.datetime) -> None:
    """Have an answered case worked again (重办), at most twice; its clock begins anew.  About 10 queries.

    ``text``  1 to 2,000 characters: what is still wrong.  Raises CaseNotFound, MoveRefused, ReopenedTooOften.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        move = move_of(case=case, verb=Verb.REOPEN, by=RESIDENT)
        if case.reopens >= MAX_REOPENS:
            raise ReopenedTooOften(most=MAX_REOPENS)
        profile = case_profile(case=case, on=clock.local(now).date())
        due = promise_of(start=now, profile=profile)
        changed = {
            "reopens": case.reopens + 1, "clock_from": now, "profile_id": profile.id, "due_at": due.at,
            "due_explained": list(due.explained), "due_provisional": due.provisional, "extension_workdays": 0,
            "queue_rank": RANK_NORMAL, "nudged_at": None, "hops": 0, "ruled_at": None, "master_id": None,
        }  # fmt: skip
        entry = case_move(case=case, move=move, by=RESIDENT, now=now, text=text, changed=changed)
        _content_take(entry, resident_id, (), now)
        board_case_reopened(case=case, now=now)
        role_tell(event="reopened", case=case, key=str(entry.id), now=now, role=Role.INTAKE_CLERK)
        unit_tell(event="reopened", case=case, key=str(entry.id), now=now)


def case_withdraw(*, number: str, resident_id: UUID, reason: str, now: dt.datetime) -> None:
    """Take a case back (撤回).  At most 8 queries, and 3 for each case that was merged into it: those live on.

    Raises CaseNotFound, MoveRefused.
    """
    with transaction.atomic():
        case, members = incident_lock(rows=Case.objects.owned_by(resident_id), number=number)
        move: Move = move_of(case=case, verb=Verb.WITHDRAW, by=RESIDENT)
        pauses_close(case=case, now=now)
        entry = case_move(
            case=case, move=move, by=RESIDENT, now=now, text=reason, changed={"master_id": None}
        )
        members_release(members=members, now=now)
        parts_withdraw(case=case, now=now)
        unit_tell(event="withdrawn", case=case, key=str(entry.id), now=now)


def parts_withdraw(*, case: Case, now: dt.datetime) -> None:
    """End the unanswered parts of a case that its resident took back.  1 query, 4 for each part."""
    parts = case.parts.select_for_update(of=("self",)).exclude(state__in=[state.value for state in SETTLED])
    for part in parts.order_by("id"):
        pauses_close(case=part, now=now)
        case_move(
            case=part, move=move_of(case=part, verb=Verb.WITHDRAW, by=SYSTEM), by=SYSTEM, now=now,
            text=_("the whole case was withdrawn"),
        )  # fmt: skip
