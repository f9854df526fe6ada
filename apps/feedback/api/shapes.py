"""What a case looks like to its resident.

Built by hand: a page of a hundred cases with their histories costs a third of what nested serializers take, and the
schema test compares each key with ``CaseOutput``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from apps.common.api.serializers import upload_shape
from apps.common.models import Upload
from apps.common.times import iso_text
from apps.feedback import labels
from apps.feedback.models import Case, Question, Rating, TimelineEntry
from apps.feedback.selectors import History
from apps.feedback.services import nudge_next_at
from apps.feedback.states import MAX_REOPENS, TEXT_SHOWN, Actor, CaseState, Verb, verbs_open

_RESIDENT = frozenset({Actor.RESIDENT})


def case_shape(*, case: Case, history: History, now: dt.datetime) -> dict[str, Any]:
    """Return the JSON object of a case.  No query."""
    entries, question = history.entries[case.id], history.questions.get(case.id)
    reply = next((e for e in reversed(entries) if e.verb == Verb.REPLY.value), None)
    point = case.point
    return {
        "number": case.number,
        "request_type": case.request_type,
        "category": case.category_id,
        "text": case.text,
        "address": case.address,
        "street": case.street_id,
        "point": {"lng": point.lng, "lat": point.lat, "crs": point.crs} if point else None,
        "identity": case.identity,
        "state": case.state,
        "state_label": case.state_label,
        "unit": case.unit.short if case.unit else None,
        "submitted_at": iso_text(case.submitted_at),
        "due_at": iso_text(case.due_at),
        "due_provisional": case.due_provisional,
        "due_explained": [_due_line(line) for line in case.due_explained],
        "overdue": case.overdue(now),
        "can": can_of(case=case, question=question, now=now),
        "timeline": [_entry(case, entry, history.uploads.get(entry.id, [])) for entry in entries],
        "reply": _reply(reply),
        "rating": _rating(history.ratings.get(case.id)),
        # A case that was just written is not on the board and knows no such mark.
        "public_number": case.public_number if getattr(case, "published", False) else None,
        "urgency": case.urgency,
        "stages": {name: iso_text(getattr(case, name)) for name in _STAGES},
        "question": _question(question),
        "nudge_next_at": iso_text(nudge_next_at(case=case)),
        "joined": case.state == CaseState.MERGED,
    }


_STAGES = ("sign_due_at", "signed_at", "contact_due_at", "contacted_at")


def can_of(*, case: Case, question: Question | None, now: dt.datetime) -> list[str]:
    """Return what the resident can do with the case at ``now``: the table's verbs whose conditions hold."""
    verbs = set(verbs_open(source=CaseState(case.state), actors=_RESIDENT))
    if question is None or now > question.expires_at:
        verbs.discard(Verb.ANSWER)
    if case.reopens >= MAX_REOPENS:
        verbs.discard(Verb.REOPEN)
    next_at = nudge_next_at(case=case)
    if next_at is not None and now < next_at:
        verbs.discard(Verb.NUDGE)
    return [verb.value for verb in Verb if verb in verbs]


def _question(question: Question | None) -> dict[str, Any] | None:
    if question is None:
        return None
    return {"id": str(question.id), "text": question.text, "expires_at": iso_text(question.expires_at)}


def _entry(case: Case, entry: TimelineEntry, uploads: list[Upload]) -> dict[str, Any]:
    verb = Verb(entry.verb)
    text = case.text if verb is Verb.SUBMIT else entry.text
    return {
        "at": iso_text(entry.at),
        "verb": entry.verb,
        "label": str(labels.VERB_LABELS[verb]),
        "text": text if verb in TEXT_SHOWN else "",
        "unit": entry.unit.short if entry.unit else None,
        "uploads": [upload_shape(upload) for upload in uploads],
    }


def _reply(entry: TimelineEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"at": iso_text(entry.at), "unit": entry.unit.short if entry.unit else None, "text": entry.text}


def _rating(rating: Rating | None) -> dict[str, Any] | None:
    if rating is None:
        return None
    return {
        "at": iso_text(rating.at),
        "resolved": rating.resolved,
        "satisfaction": rating.satisfaction,
        "comment": rating.comment,
    }


def _due_line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "on": line["on"],
        "counts": line["counts"],
        "why": line["why"],
        "label": why_label(line),
        "provisional": line["provisional"],
    }


def why_label(line: dict[str, Any]) -> str:
    """Return the words for one day of a deadline's explanation."""
    why = line["why"]
    if why == "hours":
        return _("%(hours)s hours on the clock") % {"hours": line["hours"]}
    if why == "start":
        return _("counted from this day")
    if why == "weekday":
        return _("working day")
    if why == "weekend":
        return _("weekend")
    if why == "paused":
        if "hours" in line:
            return _("paused for %(hours)s hours") % {"hours": line["hours"]}
        return _("working day, but the clock stood")
    return f"{why}（{_('adjusted workday') if line['counts'] else _('day off')}）"
