"""Entries of the board, made through the services."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Staff
from apps.common import clock
from apps.feedback import services
from apps.feedback.contents import Content
from apps.feedback.models import BoardEntry, Case
from apps.feedback.services import BoardTexts
from apps.feedback.states import CaseState
from apps.safety import selectors as safety_read
from apps.safety import services as safety
from apps.safety.states import Verb
from tests.factories.cases import case_make
from tests.factories.people import ResidentClient, staff_make


def answered_make(resident: ResidentClient, **draft: Any) -> Case:
    """Return an answered case whose resident agreed to its publication, and whose content a person has cleared."""
    case = case_make(resident, state=CaseState.REPLIED, **{"allow_public": True, **draft})
    content_clear(case)
    return case


def entry_make(
    resident: ResidentClient,
    *,
    published: bool = True,
    moderator: Staff | None = None,
    note: str = "",
    case: Case | None = None,
    **draft: Any,
) -> BoardEntry:
    """Return a proposed or published entry of a new answered case, or of ``case``."""
    case = case or answered_make(resident, **draft)
    staff = moderator or staff_make("intake_clerk")
    entry = services.board_propose(case_id=case.id, staff=staff, now=clock.now())
    if published:
        content_clear(case, staff)
        entry = services.board_publish(
            entry_id=entry.id,
            staff=staff,
            version=entry.version,
            texts=texts_of(entry, note=note),
            now=clock.now(),
        )
    return entry


def content_clear(case: Case, staff: Staff | None = None) -> None:
    """Have a person clear the text and the photos of a case, so that it may be published."""
    decide = {"text": safety.text_check_decide, "media": safety.media_check_decide}
    for mark in safety_read.marks_of(subjects=[(Content.CASE.value, str(case.id))]):
        decide[mark.content](
            check_id=mark.check_id, staff=staff or staff_make("intake_clerk"), verb=Verb.CLEAR, note="已看过",
            now=clock.now(),
        )  # fmt: skip


def texts_of(entry: BoardEntry, **changed: str) -> BoardTexts:
    """Return the texts of an entry, some of them changed."""
    held = {name: getattr(entry, name) for name in ("title", "text", "reply_text", "note")}
    return BoardTexts(**(held | changed))
