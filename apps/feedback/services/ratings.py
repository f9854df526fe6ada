"""What is said of a reply: by the resident, or by a clerk who called."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from apps.feedback.contents import Content
from apps.feedback.errors import RatedAlready
from apps.feedback.models import Case, Rating
from apps.feedback.services.contents import content_check
from apps.feedback.services.moves import SYSTEM, By, case_move, move_of
from apps.feedback.states import Verb


def rating_write(
    *, case: Case, by: By, resolved: bool, satisfaction: int, comment: str, now: dt.datetime
) -> None:
    """Rate the last reply of a locked case; a resolved case closes with it.  At most 9 queries.

    Raises MoveRefused, RatedAlready.
    """
    rate = move_of(case=case, verb=Verb.RATE, by=by)
    reply = case.timeline.filter(verb=Verb.REPLY.value).latest("id")
    try:
        with transaction.atomic():
            rating = Rating.objects.create(
                case=case, reply=reply, resolved=resolved, satisfaction=satisfaction, comment=comment, at=now,
                called_by=by.staff,
            )  # fmt: skip
    except IntegrityError as error:
        raise RatedAlready from error
    if by.staff is None:
        content_check(
            content=Content.RATING, subject_id=rating.id, resident_id=case.resident_id, text=comment, now=now
        )
    case_move(
        case=case, move=rate, by=by, now=now, details={"resolved": resolved, "satisfaction": satisfaction}
    )
    if resolved:
        case_move(case=case, move=move_of(case=case, verb=Verb.CLOSE, by=SYSTEM), by=SYSTEM, now=now)
