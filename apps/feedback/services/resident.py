"""What a resident does: submit, rate, withdraw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.common import clock
from apps.common.geo import Point
from apps.common.models import Upload
from apps.common.selectors import calendar_load
from apps.common.uploads import uploads_claim
from apps.common.writing import rows_insert
from apps.feedback import clock as deadlines
from apps.feedback import notices, selectors
from apps.feedback.errors import RatedAlready, StreetUnknown
from apps.feedback.models import Case, Rating, TimelineEntry
from apps.feedback.numbers import number_next
from apps.feedback.services.moves import By, case_lock, case_move, move_of, notice_fields
from apps.feedback.states import Actor, CaseState, Identity, Move, RequestType, Verb
from apps.notifications import services as notifications

_RESIDENT = By(Actor.RESIDENT)


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """What a resident hands in; lengths and types were checked at the door."""

    request_type: RequestType
    text: str
    category: str | None = None
    address: str | None = None
    street: str | None = None
    point: Point | None = None
    uploads: Sequence[UUID] = ()
    identity: Identity = Identity.NAMED
    allow_public: bool = False


@dataclass(frozen=True, slots=True)
class Submitted:
    """A fresh case with its first entry and photos, as the answer shows them."""

    case: Case
    entry: TimelineEntry
    uploads: list[Upload]


def case_submit(*, resident_id: UUID, draft: CaseDraft, now: dt.datetime) -> Submitted:
    """Record a case with its promise, its first entry and its receipt.

    Runs in the caller's transaction or its own.  3 queries with photos, without BEGIN and COMMIT;
    one more for each 20th case of a process (its number).
    Raises CategoryUnknown, StreetUnknown, UploadNotFound.
    """
    with transaction.atomic(savepoint=False):
        local = clock.local(now)
        intake = selectors.intake_rules(category=draft.category, street=draft.street, on=local.date())
        if draft.street and not intake.street_known:
            raise StreetUnknown(attr="street")
        due = deadlines.due_of(start=local, term=intake.settle, calendar=calendar_load(start=local.date()))
        case = Case(
            number=number_next(on=local.date()), resident_id=resident_id, request_type=draft.request_type.value,
            category_id=draft.category, text=draft.text, address=draft.address or None, street_id=draft.street,
            lng=draft.point.lng if draft.point else None, lat=draft.point.lat if draft.point else None,
            crs=draft.point.crs if draft.point else "", identity=draft.identity.value,
            allow_public=draft.allow_public, profile_id=intake.profile_id, submitted_at=now, updated_at=now,
            due_at=due.at, due_explained=list(due.explained), due_provisional=due.provisional,
        )  # fmt: skip
        entry = TimelineEntry(
            case=case,
            at=now,
            verb=Verb.SUBMIT.value,
            target=CaseState.SUBMITTED.value,
            actor=Actor.RESIDENT.value,
        )
        rows_insert(case, entry)
        uploads = uploads_claim(
            ids=draft.uploads, owner_id=resident_id, purpose="case", attached_to=entry.id, now=now
        )
        notifications.notice_enqueue(
            kind=notices.SUBMITTED, resident_id=resident_id, fields=notice_fields(case, now),
            dedup_key=f"{notices.SUBMITTED.key}:{entry.id}", now=now,
        )  # fmt: skip
    return Submitted(case, entry, uploads)


def case_rate(
    *, number: str, resident_id: UUID, resolved: bool, satisfaction: int, comment: str, now: dt.datetime
) -> None:
    """Record what the resident says of the reply; a resolved case closes with it.  At most 9 queries.

    ``satisfaction``  1 to 5.  Raises CaseNotFound, MoveRefused, RatedAlready.
    """
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        rate = move_of(case=case, verb=Verb.RATE, by=_RESIDENT)
        reply = case.timeline.filter(verb=Verb.REPLY.value).latest("id")
        try:
            with transaction.atomic():
                Rating.objects.create(
                    case=case,
                    reply=reply,
                    resolved=resolved,
                    satisfaction=satisfaction,
                    comment=comment,
                    at=now,
                )
        except IntegrityError as error:
            raise RatedAlready from error
        case_move(case=case, move=rate, by=_RESIDENT, now=now)
        if resolved:
            system = By(Actor.SYSTEM)
            case_move(case=case, move=move_of(case=case, verb=Verb.CLOSE, by=system), by=system, now=now)


def case_withdraw(*, number: str, resident_id: UUID, reason: str, now: dt.datetime) -> None:
    """Take a case back.  3 queries.  Raises CaseNotFound, MoveRefused."""
    with transaction.atomic():
        case = case_lock(rows=Case.objects.owned_by(resident_id), number=number)
        move: Move = move_of(case=case, verb=Verb.WITHDRAW, by=_RESIDENT)
        case_move(case=case, move=move, by=_RESIDENT, now=now, text=reason)
