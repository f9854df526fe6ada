"""What a person says of content that a machine doubted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from apps.safety import labels, selectors
from apps.safety.errors import CheckNotFound, CheckSettled, DecisionRefused, NoteMissing
from apps.safety.models import MediaCheck, TextCheck
from apps.safety.selectors import REVIEWERS
from apps.safety.services.judging import check_judge, verdicts_count
from apps.safety.states import Actor, CheckState, MoveNotAllowed, Source, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff

NOTE_CHARS = 300


def text_check_decide(*, check_id: UUID, staff: Staff, verb: Verb, note: str, now: dt.datetime) -> TextCheck:
    """Clear a text for the public or keep it back, for good.  2 queries.

    ``verb``  clear or confirm   ``note``  the grounds, 1 to 300 characters
    Raises DecisionRefused, CheckNotFound, CheckSettled, NoteMissing.
    """
    decided: TextCheck = _decide(selectors.texts_at_desk(staff=staff), check_id, staff, verb, note, now)
    return decided


def media_check_decide(
    *, check_id: UUID, staff: Staff, verb: Verb, note: str, now: dt.datetime
) -> MediaCheck:
    """Clear a picture for the public or keep it back, for good.  As ``text_check_decide``."""
    decided: MediaCheck = _decide(selectors.pictures_at_desk(staff=staff), check_id, staff, verb, note, now)
    return decided


def _decide(rows: Any, check_id: UUID, staff: Staff, verb: Verb, note: str, now: dt.datetime) -> Any:
    if not (staff.is_superuser or staff.roles & REVIEWERS):
        raise DecisionRefused
    note = note.strip()
    if not 1 <= len(note) <= NOTE_CHARS:
        raise NoteMissing(attr="note", most=NOTE_CHARS)
    with transaction.atomic():
        check = rows.select_for_update(of=("self",)).filter(id=check_id).first()
        if check is None:
            raise CheckNotFound
        try:
            check_judge(check=check, verb=verb, source=Source.HUMAN, now=now, actor=Actor.PERSON)
        except MoveNotAllowed as error:
            label = labels.STATE_LABELS[CheckState(check.state)]
            raise CheckSettled(state=check.state, state_label=str(label)) from error
        check.decided_by, check.decided_at, check.decision_note = staff, now, note
        check.save(update_fields=["state", "source", "due_at", "decided_by", "decided_at", "decision_note"])
    verdicts_count(checks=[check])
    return check
