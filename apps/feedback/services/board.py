"""Publishing what was answered: propose, change, publish, reject, take down.

Every text that these write holds nothing that ``redaction`` finds, whoever typed it; a person confirms each publication.
The case is locked before its entry, here as in the services that reopen it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from apps.common.changes import announce
from apps.common.redaction import findings_of, kinds_counted, redacted
from apps.common.words import words_held
from apps.feedback import board_labels as labels
from apps.feedback import board_states as states
from apps.feedback.board_errors import (
    BoardEntryChanged,
    BoardEntryNotFound,
    BoardMoveRefused,
    BoardReasonMissing,
    BoardRefused,
    BoardTextMissing,
    NotRedacted,
)
from apps.feedback.board_places import place_shown
from apps.feedback.board_states import BoardMove, BoardState, BoardVerb
from apps.feedback.contents import Content
from apps.feedback.errors import CaseNotFound
from apps.feedback.models import BoardEntry, BoardEvent, Case, TimelineEntry
from apps.feedback.states import CaseState, RequestType, Verb
from apps.safety import selectors as safety
from apps.safety.states import CheckState

if TYPE_CHECKING:
    from apps.accounts.models import Staff

TITLE_CHARS, TEXT_CHARS, NOTE_CHARS, REASON_CHARS = 60, 2000, 500, 300
# A proposed title is the beginning of the text: a line of a phone's list.
_TITLE_PROPOSED_CHARS = 24
_ENDS = "。！？；\n"


@dataclass(frozen=True, slots=True)
class BoardTexts:
    """What the public is to read; lengths as in ``BoardEntry``, the note may be empty."""

    title: str
    text: str
    reply_text: str
    note: str = ""


def board_refusal(*, case: Case, answered: bool) -> Any:
    """Return why ``case`` (with its category) may not stand on the board, or None.  No query.

    ``answered``  whether an answer was given that still stands
    Source: PIPL 25 (the resident agreed), the rules of the category tree (nothing sensitive).
    """
    if not case.allow_public:
        return _("the resident did not agree to its publication.")
    if RequestType(case.request_type) in states.NEVER_SHOWN:
        return _("reports of wrongdoing are never published.")
    if case.category is None:
        return _("it has no category.")
    if case.category.sensitive:
        return _("its category is sensitive.")
    if case.parent_id is not None:
        return _("it is a part of another case.")
    if CaseState(case.state) not in states.PUBLISHABLE or not answered:
        return _("it was not answered yet, or was taken up again.")
    return None


def board_propose(*, case_id: UUID, staff: Staff, now: dt.datetime) -> BoardEntry:
    """Make an entry of an answered case, its texts redacted; a rejected or taken down one is made anew.  6 queries.

    Raises CaseNotFound, BoardRefused, BoardMoveRefused (it is proposed or published already).
    """
    with transaction.atomic():
        case = _case_lock(Case.objects.visible_to(staff), case_id)
        reply = _reply_of(case)
        entry: BoardEntry | None = (
            BoardEntry.objects.select_for_update(of=("self",)).filter(case_id=case.id).first()
        )
        if entry is not None:
            _move_of(entry, BoardVerb.PROPOSE, staff)
        elif not _roles(staff) & states.MODERATORS:
            raise CaseNotFound
        _eligible(case, reply)
        entry = _proposal(entry or BoardEntry(case=case, version=0), case, reply, staff, now)
        entry.version += 1
        entry.save()
        _event(entry, BoardVerb.PROPOSE, staff, "", now)
    return entry


def board_save(
    *, entry_id: UUID, staff: Staff, version: int | None, texts: BoardTexts, now: dt.datetime
) -> BoardEntry:
    """Change the texts of a proposed or published entry; what is published shows at once.  4 or 5 queries.

    ``version``  that was on the screen; None: whatever stands
    Raises BoardEntryNotFound, BoardEntryChanged, BoardMoveRefused, BoardTextMissing, NotRedacted.
    """
    with transaction.atomic():
        entry = _entry_lock(entry_id, staff, version)
        move = _move_of(entry, BoardVerb.SAVE, staff)
        _texts_write(entry, texts, now)
        _move_write(entry, move, staff, "", now)
    return entry


def board_publish(
    *, entry_id: UUID, staff: Staff, version: int | None, texts: BoardTexts, now: dt.datetime
) -> BoardEntry:
    """Publish a proposed entry with the texts as they were read last.  8 queries.

    Raises as ``board_save``, and BoardRefused when the case may no longer be shown (reopened, category now sensitive) or
    its text or a photo has not passed the content check.
    """
    with transaction.atomic():
        case_id = (
            BoardEntry.objects.visible_to(staff).filter(id=entry_id).values_list("case_id", flat=True).first()
        )
        if case_id is None:
            raise BoardEntryNotFound
        case = _case_lock(Case.objects.all(), case_id)
        entry = _entry_lock(entry_id, staff, version)
        move = _move_of(entry, BoardVerb.PUBLISH, staff)
        _eligible(case, _reply_of(case))
        _content_clear(case)
        _texts_write(entry, texts, now)
        entry.confirmed_by, entry.published_at = staff, now
        _move_write(entry, move, staff, "", now)
    return entry


def board_reject(
    *, entry_id: UUID, staff: Staff, version: int | None, reason: str, now: dt.datetime
) -> BoardEntry:
    """Decide that a proposed entry is not published.  4 queries.

    ``reason``  1 to 300 characters
    Raises BoardEntryNotFound, BoardEntryChanged, BoardMoveRefused, BoardReasonMissing.
    """
    return _ended(entry_id, staff, version, BoardVerb.REJECT, reason, now)


def board_take_down(
    *, entry_id: UUID, staff: Staff, version: int | None, reason: str, now: dt.datetime
) -> BoardEntry:
    """Take a published entry off the board; the public misses it with the next request.  Raises as ``board_reject``."""
    return _ended(entry_id, staff, version, BoardVerb.TAKE_DOWN, reason, now)


def board_case_reopened(*, case: Case, now: dt.datetime) -> None:
    """Take the entry of a case off the board that is taken up again: its answer no longer stands.  1 to 3 queries.

    Call it in the transaction that reopens the case, with the case locked.
    """
    entry: BoardEntry | None = (
        BoardEntry.objects.select_for_update(of=("self",))
        .filter(case_id=case.id, state__in=[BoardState.PROPOSED.value, BoardState.PUBLISHED.value])
        .first()
    )
    if entry is not None:
        verb = BoardVerb.TAKE_DOWN if entry.state == BoardState.PUBLISHED.value else BoardVerb.REJECT
        _move_write(entry, _move_of(entry, verb, None), None, str(_("The case was reopened.")), now)


def _ended(
    entry_id: UUID, staff: Staff, version: int | None, verb: BoardVerb, reason: str, now: dt.datetime
) -> BoardEntry:
    reason = reason.strip()
    with transaction.atomic():
        entry = _entry_lock(entry_id, staff, version)
        move = _move_of(entry, verb, staff)
        if not 1 <= len(reason) <= REASON_CHARS:
            raise BoardReasonMissing(attr="reason")
        _move_write(entry, move, staff, reason, now)
    return entry


def _case_lock(rows: Any, case_id: UUID) -> Case:
    found: Case | None = (
        rows.select_related("category")
        .select_for_update(of=("self",), no_key=True)
        .filter(id=case_id)
        .first()
    )
    if found is None:
        raise CaseNotFound
    return found


def _entry_lock(entry_id: UUID, staff: Staff, version: int | None) -> BoardEntry:
    entry: BoardEntry | None = (
        BoardEntry.objects.visible_to(staff).select_for_update(of=("self",)).filter(id=entry_id).first()
    )
    if entry is None:
        raise BoardEntryNotFound
    if version is not None and entry.version != version:
        raise BoardEntryChanged(version=entry.version)
    return entry


def _roles(staff: Staff) -> frozenset[Any]:
    return states.MODERATORS if staff.is_superuser else staff.roles


def _move_of(entry: BoardEntry, verb: BoardVerb, staff: Staff | None) -> BoardMove:
    try:
        return states.board_move_find(
            verb=verb, source=BoardState(entry.state), roles=None if staff is None else _roles(staff)
        )
    except states.BoardMoveNotAllowed as error:
        raise BoardMoveRefused(state=entry.state, state_label=entry.state_label) from error


def _reply_of(case: Case) -> TimelineEntry | None:
    return case.timeline.filter(verb=Verb.REPLY.value).order_by("-id").first()


def _eligible(case: Case, reply: TimelineEntry | None) -> None:
    why = board_refusal(case=case, answered=reply is not None)
    if why is not None:
        raise BoardRefused(why=str(why))


_NOT_CLEAR = {
    CheckState.PENDING: _(
        "the content check of its text or photos is not finished. Please try again in a minute."
    ),
    CheckState.ASKED: _("the content check of its photos is not finished: it takes up to half an hour."),
    CheckState.REVIEW: _("its text or a photo waits for a person under “Content safety”."),
    CheckState.RISKY: _(
        "its text or a photo was judged risky and waits for a person under “Content safety”."
    ),
    CheckState.CONFIRMED: _("a person has decided that its text or a photo may not be shown."),
}


def _content_clear(case: Case) -> None:
    """Refuse what the content check has not let pass.  1 query.  Raises BoardRefused."""
    held = safety.safety_open(subject_kind=Content.CASE.value, ids=[case.id]).get(str(case.id))
    if held is not None:
        raise BoardRefused(why=str(_NOT_CLEAR[held]))


def _proposal(
    entry: BoardEntry, case: Case, reply: TimelineEntry | None, staff: Staff, now: dt.datetime
) -> BoardEntry:
    """Return ``entry`` filled from the case."""
    if reply is None or case.category is None:  # ``_eligible`` has refused these
        raise BoardRefused(why="")
    found = (*findings_of(case.text), *findings_of(reply.text))
    entry.state, entry.findings = BoardState.PROPOSED.value, kinds_counted(found)
    entry.text, entry.reply_text = _redacted(case.text, TEXT_CHARS), _redacted(reply.text, TEXT_CHARS)
    entry.title = _title_of(entry.text)
    entry.note, entry.noted_at = "", None
    entry.category, entry.street_id = case.category, case.street_id
    place = states.place_of(group=case.category.parent_id, has_point=case.point is not None)
    shown = place_shown(point=case.point, place=place) if case.point else None
    entry.place = place.value
    entry.lng, entry.lat = (shown.lng, shown.lat) if shown else (None, None)
    entry.crs = shown.crs if shown else ""
    entry.submitted_at, entry.replied_at = case.submitted_at, reply.at
    entry.proposed_by, entry.proposed_at, entry.updated_at = staff, now, now
    entry.confirmed_by, entry.published_at = None, None
    entry.taken_down_at, entry.taken_down_reason = None, ""
    return entry


def _redacted(text: str, most: int) -> str:
    """Return ``text`` redacted and at most ``most`` long: masks can be longer than what they hide."""
    shown = redacted(text, findings_of(text)).strip()
    return shown if len(shown) <= most else _redacted(shown[: most - 20], most)


def _title_of(text: str) -> str:
    """Return the first sentence, or the beginning of it."""
    first = min((place for place in map(text.find, _ENDS) if place > 0), default=len(text))
    title = (
        _redacted(text[:first], TITLE_CHARS)
        if first <= _TITLE_PROPOSED_CHARS
        else text[:_TITLE_PROPOSED_CHARS]
    )
    return _redacted(title, TITLE_CHARS)


def _texts_write(entry: BoardEntry, texts: BoardTexts, now: dt.datetime) -> None:
    """Put checked texts into ``entry``.  Raises BoardTextMissing, NotRedacted."""
    note_before = entry.note
    for name, most, least in (
        ("title", TITLE_CHARS, 1),
        ("text", TEXT_CHARS, 1),
        ("reply_text", TEXT_CHARS, 1),
        ("note", NOTE_CHARS, 0),
    ):
        text = getattr(texts, name).strip()
        if not least <= len(text) <= most:
            raise BoardTextMissing(attr=name, field_label=str(labels.FIELD_LABELS[name]), most=most)
        found = findings_of(text)
        if found:
            raise NotRedacted(
                attr=name, field_label=str(labels.FIELD_LABELS[name]), kind=found[0].kind.value,
                kind_label=str(labels.KIND_LABELS[found[0].kind]),
            )  # fmt: skip
        setattr(entry, name, text)
    if entry.note != note_before:
        entry.noted_at = now if entry.note else None


def _move_write(
    entry: BoardEntry, move: BoardMove, staff: Staff | None, reason: str, now: dt.datetime
) -> None:
    shown_before = entry.state == BoardState.PUBLISHED.value
    entry.state, entry.updated_at = move.target.value, now
    entry.version += 1
    if move.target is BoardState.TAKEN_DOWN:
        entry.taken_down_at, entry.taken_down_reason = now, reason
    entry.save()
    if move.target is BoardState.PUBLISHED:
        _search_write(entry)
    _event(entry, move.verb, staff, reason, now)
    if shown_before or move.target is BoardState.PUBLISHED:
        announce("board")


def _event(entry: BoardEntry, verb: BoardVerb, staff: Staff | None, reason: str, now: dt.datetime) -> None:
    BoardEvent.objects.create(
        entry=entry, at=now, verb=verb.value, staff=staff, reason=reason, title=entry.title, text=entry.text,
        reply_text=entry.reply_text, note=entry.note, version=entry.version,
    )  # fmt: skip


def _search_write(entry: BoardEntry) -> None:
    """Write the search words: title before text before answer and note."""

    def part(text: str, weight: str) -> Any:
        return SearchVector(Value(" ".join(words_held(text))), weight=weight, config="simple")

    vector = part(entry.title, "A") + part(entry.text, "B") + part(f"{entry.reply_text} {entry.note}", "C")
    BoardEntry.objects.filter(pk=entry.pk).update(search=vector)
