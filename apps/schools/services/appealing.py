"""Appeals against a rejection or a result; another person than the reviewers decides."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.common.errors import constraint_of
from apps.schools import notices
from apps.schools.errors import (
    AppealOtherPerson,
    AppealRefused,
    ApplicationAlready,
    ApplicationUnknown,
    ReasonMissing,
)
from apps.schools.models import Appeal, Intake
from apps.schools.services.applying import By, own
from apps.schools.services.journal import application_move
from apps.schools.services.offering import place_give
from apps.schools.states import Actor, ApplicationState, ApplicationVerb, RoundState, move_of

_AFTER = (ApplicationState.ALLOCATED, ApplicationState.UNALLOCATED)


def appeal_make(*, application_id: UUID, resident_id: UUID, text: str, now: dt.datetime) -> Appeal:
    """Appeal against a rejection while papers are looked at, or against a published result.  About 4 queries.

    ``text``  10 to 1,000 characters, encrypted.  Raises ApplicationUnknown, ReasonMissing, AppealRefused.
    """
    words = text.strip()
    if not 10 <= len(words) <= 1000:
        raise ReasonMissing(attr="text")
    with transaction.atomic():
        row = own(application_id=application_id, by=By(resident_id=resident_id))
        before = row.state == ApplicationState.REJECTED and row.round.state in (
            RoundState.OPEN,
            RoundState.VERIFYING,
        )
        after = row.state in _AFTER and row.round.state == RoundState.PUBLISHED
        if not before and not after:
            raise AppealRefused
        try:
            with transaction.atomic():
                return Appeal.objects.create(application=row, text=words, made_at=now, made_by_id=resident_id)
        except IntegrityError as error:
            if constraint_of(error) == "school_appeal_one_open":
                raise AppealRefused from None
            raise


def appeal_decide(
    *,
    appeal_id: UUID,
    granted: bool,
    decision: str,
    staff: Any,
    now: dt.datetime,
    intake_id: UUID | None = None,
    extra: bool = False,
) -> Appeal:
    """Decide an appeal: a rejected application is looked at anew by two people, or a place is given at ``intake_id``.

    ``decision``  what the family reads, 1 to 300 characters    ``extra``  make a place at the intake where none is left
    About 12 queries.  Raises ApplicationUnknown, ReasonMissing, AppealRefused, AppealOtherPerson, ApplicationAlready,
    NoPlaceLeft.
    """
    if not decision.strip():
        raise ReasonMissing(attr="decision")
    with transaction.atomic():
        found = Appeal.objects.filter(pk=appeal_id).values_list("application_id", flat=True).first()
        if found is None:
            raise ApplicationUnknown
        row = own(application_id=found, by=By(staff=staff))
        appeal = Appeal.objects.select_for_update().get(pk=appeal_id)
        if appeal.state != Appeal.State.OPEN:
            raise AppealRefused
        appeal.application = row
        appeal.state = Appeal.State.UPHELD if granted else Appeal.State.DISMISSED
        appeal.decided_at, appeal.decided_by, appeal.decision = now, staff, decision.strip()[:300]
        try:
            with transaction.atomic():
                appeal.save()
        except IntegrityError as error:
            if constraint_of(error) == "school_appeal_other_person":
                raise AppealOtherPerson from None
            raise
        if granted:
            _grant(appeal, intake_id, staff, now, extra)
        notices.appeal_told(appeal=appeal, now=now)
        return appeal


def _grant(appeal: Appeal, intake_id: UUID | None, staff: Any, now: dt.datetime, extra: bool) -> None:
    row = appeal.application
    if row.state == ApplicationState.REJECTED:
        move = move_of(state=ApplicationState.REJECTED, verb=ApplicationVerb.REOPEN, actor=Actor.REVIEWER)
        if move is None or row.round.state not in (RoundState.OPEN, RoundState.VERIFYING):
            raise AppealRefused
        row.pass_number += 1
        try:
            with transaction.atomic():
                application_move(row, move, now, by=By(staff=staff), note="appeal")
        except IntegrityError as error:
            if constraint_of(error) == "application_once_per_round":
                raise ApplicationAlready from None
            raise
        return
    if intake_id is None:
        return
    intake = Intake.objects.select_related("school").filter(pk=intake_id, round_id=row.round_id).first()
    if intake is None or row.round.state != RoundState.PUBLISHED:
        raise AppealRefused(attr="intake")
    appeal.intake = intake
    appeal.save(update_fields=["intake"])
    place_give(row=row, intake=intake, by=By(staff=staff), now=now, extra=extra)
