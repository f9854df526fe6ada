"""Looking for an answer before a case is written (先查后报), and what came of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.common.geo import Point
from apps.common.redaction import person_masked
from apps.feedback import intake
from apps.feedback.answer_selectors import Answer, answers_of
from apps.feedback.incident_selectors import COMPARED, SHOWN, Alike, alike_of
from apps.feedback.models import Case, Inquiry
from apps.feedback.suggestion_selectors import categories_suggested

KEPT = dt.timedelta(days=180)
PURGED = 5000


class InquiryNotFound(Refused):
    code = "inquiry_not_found"
    message = _("There is no such look for an answer, or it has ended already.")
    status = 404


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is told before the form: the row's id, categories with their scores, live cases alike, pages that may answer."""

    id: UUID
    categories: list[tuple[str, str, float]]
    similar: list[Alike]
    answers: list[Answer]


def suggest(*, text: str, street: str | None, point: Point | None, now: dt.datetime) -> Suggested:
    """Return what ``text`` is probably about, who reported the same, and what may answer it; the look is recorded.

    ``text``  1 to 2,000 characters; kept masked, 200 of them, without who asked.  At most 4 queries while nothing changed.
    Cases alike are only of categories that are public by default, never reports (举报): they say no more than matter and
    street.
    """
    found = categories_suggested(text=text)
    held = intake.tables().categories
    facts = {code: rows[0][1] for code, _score in found if (rows := held.get(code))}
    case = Case(text=text, street_id=street, submitted_at=now)
    if point is not None:
        case.lng, case.lat, case.crs = point.lng, point.lat, point.crs
    case.suggested = [{"code": code, "score": score} for code, score in found]
    alike = alike_of(case=case, now=now, limit=COMPARED)
    similar = [one for one in alike if _offerable(one)][:SHOWN]
    answers = answers_of(text=text, categories=list(facts))
    row = Inquiry.objects.create(
        at=now, text=person_masked(text)[:200], category_id=next(iter(facts), None), answers=len(answers)
    )
    categories = [(code, facts[code].name, score) for code, score in found if code in facts]
    return Suggested(row.id, categories, similar, answers)


def _offerable(one: Alike) -> bool:
    rows = intake.tables().categories.get(one.category or "")
    if not rows or one.request_type == "report":
        return False
    facts = rows[0][1]
    return facts.public_by_default and not facts.sensitive


def inquiry_solved(*, inquiry_id: UUID, kind: str, url: str, now: dt.datetime) -> None:
    """Record that a page answered it: counted as self-served.  1 query.  Raises InquiryNotFound, also for a second time."""
    rows = Inquiry.objects.filter(id=inquiry_id, solved_at=None, case=None)
    if not rows.update(solved_at=now, solved_by=f"{kind} {url}"[:200]):
        raise InquiryNotFound


def inquiry_became(*, inquiry_id: UUID, case_id: UUID) -> None:
    """Record that a case was written all the same.  1 query; an unknown or ended look changes nothing."""
    Inquiry.objects.filter(id=inquiry_id, solved_at=None, case=None).update(case_id=case_id)


def inquiries_purge(*, now: dt.datetime) -> int:
    """Delete the looks older than 180 days, at most 5,000 a call; returns how many.  2 queries."""
    old = Inquiry.objects.filter(at__lt=now - KEPT).order_by("at").values("id")[:PURGED]
    return Inquiry.objects.filter(id__in=list(old.values_list("id", flat=True))).delete()[0]
