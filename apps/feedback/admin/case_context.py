"""What the page of a case shows, gathered: history, deadline, routing, reports of the same event, open acts."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.masking import phone_masked
from apps.common.redaction import person_masked
from apps.common.uploads import upload_link
from apps.feedback import labels, selectors, services
from apps.feedback.admin.forms import ACTS, MoveForm
from apps.feedback.admin.marks import due_mark
from apps.feedback.api.shapes import why_label
from apps.feedback.contents import Content
from apps.feedback.incident_selectors import alike_of
from apps.feedback.models import Case
from apps.feedback.parts import actors_of, contact_allowed, reporter_hidden
from apps.feedback.states import JOINABLE, Actor, CaseState, Identity, Urgency, Verb, verbs_open
from apps.notifications import selectors as notifications
from apps.safety import selectors as safety
from apps.safety.labels import STATE_LABELS
from apps.safety.subjects import subject_label

_CLERKS = frozenset({Actor.CLERK, Actor.DESK_HEAD})


def open_verbs(case: Case, staff: Any) -> list[Verb]:
    """Return the acts open to ``staff``: the table's, less those that the case gives no occasion for.  ≤ 1 query."""
    verbs = list(verbs_open(source=CaseState(case.state), actors=actors_of(staff=staff, case=case)))
    if {Verb.EXTEND_GRANT, Verb.EXTEND_ASK} & set(verbs):
        asked = case.extensions.filter(state="asked").exists()
        for verb in (Verb.EXTEND_ASK,) if asked else (Verb.EXTEND_GRANT, Verb.EXTEND_DENY):
            if verb in verbs:
                verbs.remove(verb)
    if case.parent_id is not None:
        verbs = [verb for verb in verbs if verb not in {Verb.SPLIT, Verb.MERGE, Verb.ASK, Verb.RATE}]
    return verbs


def acts_of(case: Case, staff: Any, bound: dict[Verb, MoveForm]) -> list[dict[str, Any]]:
    """Return the forms of the open acts, and those that were just refused."""
    verbs = open_verbs(case, staff)
    known = [verb for verb in ACTS if verb in verbs]
    known += [verb for verb in bound if verb not in known]
    return [
        {
            "verb": verb.value,
            "label": labels.VERB_LABELS[verb],
            "primary": ACTS[verb].primary or verb in bound,
            "form": bound.get(verb) or ACTS[verb].form(case=case, auto_id=f"{verb.value}_%s"),
            "url": reverse("admin:feedback_case_move", args=[case.pk, verb.value]),
            "preview": reverse("admin:feedback_case_preview", args=[case.pk, verb.value])
            if verb in _TELLING
            else "",
            "templates": services.templates_offered(case=case, use=_TEMPLATES[verb])
            if verb in _TEMPLATES
            else [],
            "open": verb in verbs,
        }
        for verb in known
    ]


# Acts that the resident hears of in words that staff type.
_TELLING = frozenset({Verb.REPLY, Verb.REFUSE, Verb.ASK, Verb.SUSPEND})
_TEMPLATES = {Verb.REPLY: "reply", Verb.REFUSE: "refuse", Verb.ASK: "ask"}


def context_of(case: Case, staff: Any) -> dict[str, Any]:
    """Return what the page shows of a case to ``staff``."""
    parts = actors_of(staff=staff, case=case)
    history = selectors.histories_of(cases=[case], internal=True)
    hidden = reporter_hidden(case=case, parts=parts)
    shown = person_masked if hidden else str
    elder = getattr(case, "on_behalf", None)
    return {
        "text": shown(case.text),
        "due": due_mark(case),
        "due_lines": [(line["on"], line["counts"], why_label(line)) for line in case.due_explained],
        "address": case.address,
        "timeline": _timeline(case, history, shown),
        "rating": history.ratings.get(case.id),
        "identity": labels.IDENTITY_LABELS[Identity(case.identity)],
        "urgency": labels.URGENCY_LABELS[Urgency(case.urgency)],
        "content_marks": _content_marks(case, history),
        "board_refusal": _board_refusal(case, parts),
        "contact_allowed": contact_allowed(case=case, parts=parts),
        "elder": (elder.relation, phone_masked(elder.phone)) if elder and not hidden else None,
        "routing": case.routing,
        "suggested": _suggested(case),
        "alike": _alike(case) if parts & _CLERKS else [],
        "members": list(case.members.order_by("id")[:50]) if parts & _CLERKS else [],
        "parts": list(case.parts.select_related("unit").order_by("id")[:20]),
        "co_units": [one.unit for one in case.co_handlings.select_related("unit").order_by("id")],
    }


def _content_marks(case: Case, history: selectors.History) -> list[dict[str, Any]]:
    """Return what the content checks keep from the public, with the check's page.  1 query."""
    rating = history.ratings.get(case.id)
    subjects = [(Content.CASE.value, str(case.id))]
    subjects += [(Content.ENTRY.value, str(entry.id)) for entry in history.entries[case.id]]
    subjects += [(Content.RATING.value, str(rating.id))] if rating else []
    return [
        {
            "of": subject_label(kind=mark.subject[0]),
            "state": STATE_LABELS[mark.state],
            "url": reverse(f"admin:safety_{mark.content}check_change", args=[mark.check_id]),
        }
        for mark in safety.marks_of(subjects=subjects)
    ]


def _board_refusal(case: Case, parts: frozenset[Actor]) -> Any:
    """Return why an answered case can not stand on the public board, "" where it can, None where nobody asks."""
    if not parts & _CLERKS or CaseState(case.state) not in _ANSWERED or getattr(case, "board_entry", None):
        return None
    return services.board_refusal(case=case, answered=True) or ""


_ANSWERED = frozenset({CaseState.REPLIED, CaseState.RATED, CaseState.CLOSED})


def _suggested(case: Case) -> list[tuple[str, int]]:
    names = {
        code: words
        for _group, rows in selectors.choices_at(on=clock.today()).categories
        for code, words in rows
    }
    found = [(names.get(one["code"], one["code"]), round(one["score"] * 100)) for one in case.suggested]
    return [(name, percent) for name, percent in found if percent]


def _alike(case: Case) -> list[dict[str, Any]]:
    """Return the live cases that may be the same event, with links.  2 queries, none for a case at rest."""
    if CaseState(case.state) not in JOINABLE:
        return []
    found = alike_of(case=case, now=clock.now())
    return [
        {
            "number": one.number, "state": labels.STATE_LABELS[CaseState(one.state)], "score": round(one.score * 100),
            "distance_m": one.distance_m, "url": reverse("admin:feedback_case_change", args=[one.id]),
        }
        for one in found
    ]  # fmt: skip


def _timeline(case: Case, history: selectors.History, shown: Any) -> list[dict[str, Any]]:
    entries = history.entries[case.id]
    keys = {entry.id: f"feedback.{_event(entry.verb)}:{entry.id}" for entry in entries}
    told = notifications.told_of_keys(dedup_keys=list(keys.values()))
    return [
        {
            "at": entry.at,
            "label": labels.VERB_LABELS[Verb(entry.verb)],
            "who": entry.staff
            or entry.unit
            or (_("resident") if entry.actor == Actor.RESIDENT.value else _("by the system")),
            "text": shown(entry.text) if entry.verb != Verb.SUBMIT.value else "",
            "internal": not entry.public,
            "photos": [
                (upload_link(upload), upload_link(upload, thumb=True))
                for upload in history.uploads.get(entry.id, [])
            ],
            "told": told.get(keys[entry.id], []),
        }
        for entry in entries
    ]


_EVENTS = {
    "submit": "submitted", "refuse": "not_accepted", "dispatch": "dispatched", "arbitrate": "dispatched",
    "reply": "replied", "ask": "asked", "suspend": "suspended", "resume": "resumed", "extend_grant": "extended",
    "merge": "merged", "unmerge": "unmerged", "accept": "accepted", "close": "closed", "reclock": "reclocked",
}  # fmt: skip


def _event(verb: str) -> str:
    return _EVENTS.get(verb, verb)
