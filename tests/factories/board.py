"""Entries of the board, made through the services."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Staff
from apps.common import clock
from apps.feedback import services
from apps.feedback.models import BoardEntry, Case
from apps.feedback.services import BoardTexts
from apps.feedback.states import CaseState
from tests.factories.cases import case_make
from tests.factories.people import ResidentClient, staff_make


def answered_make(resident: ResidentClient, **draft: Any) -> Case:
    """Return an answered case whose resident agreed to its publication."""
    return case_make(resident, state=CaseState.REPLIED, **{"allow_public": True, **draft})


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
        entry = services.board_publish(
            entry_id=entry.id,
            staff=staff,
            version=entry.version,
            texts=texts_of(entry, note=note),
            now=clock.now(),
        )
    return entry


def texts_of(entry: BoardEntry, **changed: str) -> BoardTexts:
    """Return the texts of an entry, some of them changed."""
    held = {name: getattr(entry, name) for name in ("title", "text", "reply_text", "note")}
    return BoardTexts(**(held | changed))
