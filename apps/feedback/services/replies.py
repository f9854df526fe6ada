"""The answer (答复): to the resident, and through an incident to everyone who reported the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from apps.common.uploads import staff_uploads_claim
from apps.feedback import intake, labels, states
from apps.feedback.errors import EvidenceMissing, PartsOpen
from apps.feedback.models import Case
from apps.feedback.services.moves import SYSTEM, By, case_move, incident_lock, move_of
from apps.feedback.services.templates import filled_check
from apps.feedback.states import SETTLED, Actor, CaseState, Evidence, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def evidence_missing(*, case: Case, given: frozenset[Evidence]) -> list[Evidence]:
    """Return what the closing checklist of the case's category still asks for.  No query beside ``intake.tables``.

    A contact that was recorded before counts.
    """
    facts = intake.category_of(case)
    asked = [Evidence(code) for code in facts.evidence] if facts else []
    have = set(given) | ({Evidence.CONTACT} if case.contacted_at else set())
    return [one for one in asked if one not in have]


def case_reply(
    *,
    number: str,
    staff: Staff,
    version: int | None,
    text: str,
    now: dt.datetime,
    contact: str = "",
    document: str = "",
    photos_before: Sequence[UUID] = (),
    photos_after: Sequence[UUID] = (),
    template: Mapping[str, Any] | None = None,
) -> None:
    """Answer the resident (答复).  About 10 queries, and 3 for each case merged into it; the notices leave after commit.

    ``text``      1 to 2,000 characters, shown to the resident as coming from the unit
    ``contact``   how the resident was contacted, ``document``  number of a decision or work record: at most 200 characters
    ``photos_…``  loose photos that staff uploaded; those after the work are shown to the resident with the answer
    ``template``  ``{"id", "version"}`` of the text it started from
    Everyone whose case was merged into this one gets the same answer under their own number, and rates it themselves.
    Raises CaseNotFound, CaseChanged, MoveRefused, EvidenceMissing, PartsOpen, UploadNotFound, TemplateUnfilled.
    """
    filled_check(text=text)
    by = By(Actor.HANDLER, staff)
    with transaction.atomic():
        rows = Case.objects.filter(unit_id__in=staff.department_ids)
        case, members = incident_lock(rows=rows, number=number, version=version)
        move = move_of(case=case, verb=Verb.REPLY, by=by)
        given = {
            Evidence.CONTACT: bool(contact), Evidence.DOCUMENT: bool(document),
            Evidence.PHOTO_BEFORE: bool(photos_before), Evidence.PHOTO_AFTER: bool(photos_after),
        }  # fmt: skip
        _closing_check(case, frozenset(one for one, there in given.items() if there))
        details: dict[str, Any] = {
            "contact": contact, "document": document, "photos_before": [str(one) for one in photos_before],
            "photos_after": [str(one) for one in photos_after], "template": dict(template or {}),
            "on_time": case.due_at is None or now <= case.due_at,
        }  # fmt: skip
        unit = case.unit
        told = {"unit": unit.short if unit else "", "reply": text}
        changed = {} if case.contacted_at or not contact else {"contacted_at": now}
        entry = case_move(
            case=case, move=move, by=by, now=now, text=text, unit=unit, notice=told, changed=changed,
            details=details,
        )  # fmt: skip
        staff_uploads_claim(
            ids=[*photos_before, *photos_after], purpose="case", attached_to=entry.id, now=now
        )
        for member in members:
            _member_reply(member, case, text, told, now)


def _closing_check(case: Case, given: frozenset[Evidence]) -> None:
    """Refuse an answer without its evidence, and one to a whole whose parts are open.  1 query."""
    missing = evidence_missing(case=case, given=given)
    if missing:
        words = "、".join(str(labels.EVIDENCE_LABELS[one]) for one in missing)
        raise EvidenceMissing(attr=missing[0].value, missing=words)
    waiting = case.parts.exclude(state__in=[state.value for state in SETTLED]).count()
    if waiting:
        raise PartsOpen(open=waiting)


def _member_reply(member: Case, master: Case, text: str, told: Mapping[str, str], now: dt.datetime) -> None:
    move = states.move_find(verb=Verb.REPLY, source=CaseState.MERGED, actor=Actor.SYSTEM)
    case_move(
        case=member, move=move, by=SYSTEM, now=now, text=text, unit=master.unit, notice=told,
        changed={"unit_id": master.unit_id},
        details={"master": master.number, "on_time": member.due_at is None or now <= member.due_at},
    )  # fmt: skip
