"""A new case: its promise, what it is probably about, where it goes, and who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction

from apps.common import clock
from apps.common.geo import Point
from apps.common.models import Upload
from apps.common.uploads import uploads_claim
from apps.common.words import lexemes, words_held
from apps.common.writing import rows_insert
from apps.feedback import intake, notices
from apps.feedback.contents import Content
from apps.feedback.errors import ConsentMissing, StreetUnknown
from apps.feedback.incident_selectors import alike_of
from apps.feedback.incidents import cell_of
from apps.feedback.models import Case, OnBehalf, TimelineEntry
from apps.feedback.numbers import number_next
from apps.feedback.routing import Match
from apps.feedback.services.contents import content_check
from apps.feedback.services.deadlines import promise_of
from apps.feedback.services.dispatching import case_send
from apps.feedback.services.inquiries import inquiry_became
from apps.feedback.services.moves import SYSTEM, notice_fields
from apps.feedback.services.routing import route
from apps.feedback.states import Actor, CaseState, Identity, RequestType, Urgency, Verb
from apps.feedback.suggestion_selectors import categories_suggested
from apps.notifications import services as notifications


@dataclass(frozen=True, slots=True)
class Elder:
    """For whom a case is handed in by someone else, and how that person agreed."""

    name: str
    phone: str | None
    relation: str
    consent: str  # in_person, phone, written


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
    on_behalf_of: Elder | None = None
    # The look for an answer that came before (``suggest``), where there was one.
    asked: UUID | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A fresh case with its entries and photos, as the answer shows them."""

    case: Case
    entries: list[TimelineEntry]
    uploads: list[Upload]


def case_submit(*, resident_id: UUID, draft: CaseDraft, now: dt.datetime) -> Submitted:
    """Record a case with its promise, its first entry and its receipt; a live rule sends it on at once.

    Suggests categories and looks for reports of the same event; both are kept on the case for staff.
    Runs in the caller's transaction or its own.  4 queries, 6 with photos, without BEGIN and COMMIT; 7 or 8 more where a
    rule fits; one more for each 20th case of a process (its number).
    Raises CategoryUnknown, StreetUnknown, UploadNotFound, ConsentMissing.
    """
    with transaction.atomic(savepoint=False):
        case = _case_new(resident_id, draft, now)
        found, case.routing = route(case=case)
        if found is not None:
            _rule_apply(case, found, now)
        entry = TimelineEntry(
            case=case, at=now, verb=Verb.SUBMIT.value, target=CaseState.SUBMITTED.value, actor=Actor.RESIDENT.value,
            category_id=case.category_id, due_at=case.due_at,
        )  # fmt: skip
        rows_insert(*_rows(case, entry, draft.on_behalf_of, now))
        uploads = uploads_claim(
            ids=draft.uploads, owner_id=resident_id, purpose="case", attached_to=entry.id, now=now
        )
        content_check(
            content=Content.CASE, subject_id=case.id, resident_id=resident_id, text=draft.text,
            uploads=[upload.id for upload in uploads], published=draft.allow_public, now=now,
        )  # fmt: skip
        notifications.notice_enqueue(
            kind=notices.SUBMITTED, resident_id=resident_id, fields=notice_fields(case, now),
            dedup_key=f"{notices.SUBMITTED.key}:{entry.id}", now=now,
        )  # fmt: skip
        if draft.asked is not None:
            inquiry_became(inquiry_id=draft.asked, case_id=case.id)
        entries = [entry]
        if found is not None:
            entries.append(
                case_send(
                    case=case, verb=Verb.DISPATCH, by=SYSTEM, unit_id=found.unit_id,
                    co_unit_ids=found.rule.co_unit_ids, now=now, details={"rule": found.rule.id},
                )
            )  # fmt: skip
    return Submitted(case, entries, uploads)


def _rows(case: Case, entry: TimelineEntry, elder: Elder | None, now: dt.datetime) -> list[models.Model]:
    if elder is None:
        return [case, entry]
    if elder.consent not in OnBehalf.Consent.values:
        raise ConsentMissing(attr="on_behalf_of")
    person = OnBehalf(
        case=case, name=elder.name, phone=elder.phone, relation=elder.relation, consent=elder.consent,
        consented_at=now,
    )  # fmt: skip
    return [case, entry, person]


def _case_new(resident_id: UUID, draft: CaseDraft, now: dt.datetime) -> Case:
    """Return the case of a draft, not written yet.  1 query, for reports of the same event."""
    local = clock.local(now)
    if draft.street and not intake.street_known(street=draft.street, on=local.date()):
        raise StreetUnknown(attr="street")
    profile = intake.profile_for(
        request_type=draft.request_type.value, category=draft.category, urgency=Urgency.NORMAL.value,
        on=local.date(),
    )  # fmt: skip
    case = Case(
        number=number_next(on=local.date()), resident_id=resident_id, request_type=draft.request_type.value,
        category_id=draft.category, text=draft.text, address=draft.address or None, street_id=draft.street,
        lng=draft.point.lng if draft.point else None, lat=draft.point.lat if draft.point else None,
        crs=draft.point.crs if draft.point else "", cell=cell_of(draft.point), identity=draft.identity.value,
        allow_public=draft.allow_public, submitted_at=now, updated_at=now, clock_from=now,
        search=lexemes(words_held(draft.text)),
    )  # fmt: skip
    case.suggested = [
        {"code": code, "score": round(score, 4)} for code, score in categories_suggested(text=draft.text)
    ]
    case.similar = [one.kept() for one in alike_of(case=case, now=now)]
    _promise_write(case, profile)
    return case


def _promise_write(case: Case, profile: intake.Profile) -> None:
    due = promise_of(start=case.clock_from, profile=profile)
    case.profile_id = profile.id
    case.due_at, case.due_explained, case.due_provisional = due.at, list(due.explained), due.provisional


def _rule_apply(case: Case, found: Match, now: dt.datetime) -> None:
    """Give the case the category and the urgency that the rule goes by, and the promise that follows from them."""
    case.category_id = case.category_id or found.category
    case.urgency = found.rule.urgency or case.urgency
    changed: dict[str, Any] = {"request_type": case.request_type, "urgency": case.urgency}
    _promise_write(case, intake.profile_for(category=case.category_id, on=clock.local(now).date(), **changed))
