"""Correction reports (纠错): residents say what is wrong, staff answer, and put it right with the answer where they can."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from apps.accounts import services as accounts
from apps.facilities import notices
from apps.facilities.contents import CORRECTION
from apps.facilities.errors import (
    CorrectionHandled,
    CorrectionNotFound,
    CorrectionValueWrong,
    FacilityNotFound,
    ReplyMissing,
    TooManyCorrections,
)
from apps.facilities.models import CorrectionReport, Facility
from apps.facilities.services.acts import act_record, facility_lock
from apps.facilities.services.places import facility_write
from apps.facilities.states import CorrectionState, CorrectionVerb, Verb, move_of
from apps.notifications import services as notifications
from apps.safety import services as safety
from apps.safety.states import Scene

if TYPE_CHECKING:
    from apps.accounts.models import Staff

MOST_OPEN, REPLY_CHARS = 5, 300
# What can be put right in one go with the answer: a report of one of these, and what the entry may hold.
VALUES = {"name": 80, "address": 120, "phone": 40}


def correction_submit(
    *, resident_id: UUID, facility_id: UUID, field: str, text: str, now: dt.datetime
) -> CorrectionReport:
    """Record that a resident says an entry is wrong.  About 7 queries.

    ``field``  one of ``CorrectionReport.Field``   ``text``  1 to 500 characters; content safety looks at it
    At most 5 open reports of a resident about one place; two at once follow each other.
    Raises FacilityNotFound, TooManyCorrections.
    """
    with transaction.atomic():
        accounts.resident_lock(resident_id=resident_id)
        facility = Facility.objects.public().filter(id=facility_id).first()
        if facility is None:
            raise FacilityNotFound
        report = CorrectionReport(
            facility=facility, resident_id=resident_id, field=field, text=text, created_at=now
        )
        waiting = CorrectionReport.objects.filter(
            facility=facility, resident_id=resident_id, state=CorrectionState.RECEIVED.value
        )
        if waiting.count() >= MOST_OPEN:
            raise TooManyCorrections(most=MOST_OPEN)
        report.save(force_insert=True)
        safety.text_check_open(
            subject_kind=CORRECTION, subject_id=report.id, resident_id=resident_id, text=text, scene=Scene.COMMENT,
            now=now,
        )  # fmt: skip
    return report


def correction_decide(
    *, correction_id: UUID, staff: Staff, verb: CorrectionVerb, reply: str, now: dt.datetime, value: str = ""
) -> CorrectionReport:
    """Answer a report and tell the resident; ``value`` puts the entry right in the same transaction.  At most 20 queries.

    ``reply``  1 to 300 characters, the resident reads it
    ``value``  the new name, address or telephone where the accepted report is about one of them; empty: nothing is written
    Raises CorrectionNotFound, CorrectionHandled, ReplyMissing, CorrectionValueWrong.
    """
    words, entry = reply.strip(), value.strip()
    if not 1 <= len(words) <= REPLY_CHARS:
        raise ReplyMissing(attr="reply")
    with transaction.atomic():
        owner = (
            CorrectionReport.objects.filter(id=correction_id).values_list("facility_id", flat=True).first()
        )
        if owner is None:
            raise CorrectionNotFound
        facility = facility_lock(facility_id=owner)
        report = CorrectionReport.objects.select_for_update(of=("self",)).get(id=correction_id)
        move = move_of(state=report.state, verb=verb)
        if move is None:
            raise CorrectionHandled
        if entry:
            if verb is not CorrectionVerb.ACCEPT or len(entry) > VALUES.get(report.field, 0):
                raise CorrectionValueWrong(attr="value")
            facility_write(
                facility_id=facility.id, values={report.field: entry}, staff=staff, version=None, now=now
            )
            facility.refresh_from_db(fields=["version", "name"])
        report.state, report.reply, report.handled_by, report.handled_at = (
            move.target.value,
            words,
            staff,
            now,
        )
        report.save(update_fields=["state", "reply", "handled_by", "handled_at"])
        act_record(
            facility=facility, verb=Verb.CORRECT, staff=staff, now=now,
            changed={"correction": [str(report.get_field_display()), str(report.get_state_display())]},
        )  # fmt: skip
        notifications.notice_enqueue(
            kind=notices.CORRECTED, resident_id=report.resident_id, dedup_key=f"{notices.CORRECTED.key}:{report.id}",
            fields={"id": str(facility.id), "name": facility.name, "reply": words}, now=now,
        )  # fmt: skip
    return report
