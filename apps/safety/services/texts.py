"""Texts of residents: own words at once, WeChat after the commit, a person where neither can tell.

A text is taken whatever is found in it: a check keeps it from the public, never from the desk.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.dispatch import send_after_commit
from apps.common.writing import rows_insert
from apps.safety.models import TextCheck
from apps.safety.selectors import lexicon_held
from apps.safety.services.judging import JUDGED, check_judge, verdicts_count
from apps.safety.states import (
    CLAIM,
    MAX_ATTEMPTS,
    RETRY_AFTER,
    CheckState,
    Level,
    Purpose,
    Reason,
    Scene,
    Source,
    Verb,
)
from apps.safety.subjects import pieces_read
from apps.safety.verdicts import Heard, Question, texts_ask
from apps.safety.words import heaviest

log = structlog.get_logger(__name__)
BATCH = 50
ROUNDS = 20  # a task ends after 1,000 texts and queues the next, so that a worker can be stopped


def text_check_open(
    *, subject_kind: str, subject_id: UUID, resident_id: UUID, text: str, scene: Scene, now: dt.datetime
) -> None:
    """Record in the caller's transaction that a text is to be checked, and have WeChat asked after the commit.

    A word of our lists that is always looked at sends it to a person at once, and WeChat is not asked.  An empty text
    is nothing to check.  1 query; one more when the word lists changed.  Never refuses.
    """
    if not text.strip():
        return
    held = lexicon_held(purpose=Purpose.RESIDENT_TEXTS)
    check = TextCheck(
        subject_kind=subject_kind, subject_id=str(subject_id), resident_id=resident_id, scene=scene.value,
        text_sha256=_sha256(text), list_versions=list(held.version_ids), created_at=now, due_at=now,
    )  # fmt: skip
    if heaviest(held.lexicon.find(text)) is Level.BLOCK:
        check_judge(check=check, verb=Verb.DOUBT, source=Source.WORDS, reason=Reason.WORD, now=now)
        verdicts_count(checks=[check])
    else:
        send_after_commit("safety.text_check", lane="interactive")
    rows_insert(check)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A check in hand with its text, None when that can no longer be read as it was."""

    check: TextCheck
    text: str | None
    openid: str | None


def text_checks_run() -> int:
    """Ask WeChat about the texts that wait; returns how many were handled.

    Round after round of at most 50 at once until none is due, at most 20 a call, then it queues itself again.  No
    transaction is open while it asks.  A claim that runs out (its worker died) is taken up by the next sweep.
    """
    handled = 0
    for _round in range(ROUNDS):
        claimed = _claim(clock.now())
        if not claimed:
            return handled
        heard = texts_ask(
            [Question(one.openid, one.check.scene, one.text) for one in claimed if one.text is not None]
        )
        _record(claimed, heard)
        handled += len(claimed)
    send_after_commit("safety.text_check", lane="interactive")
    return handled


def _claim(now: dt.datetime) -> list[_Claimed]:
    """Take due checks in hand, in a transaction of their own, and read what they are about."""
    with transaction.atomic():
        rows = list(
            TextCheck.objects.filter(state=CheckState.PENDING.value, due_at__lte=now)
            .select_for_update(skip_locked=True)
            .order_by("due_at")[:BATCH]
        )
        TextCheck.objects.filter(id__in=[row.id for row in rows]).update(
            attempts=F("attempts") + 1, due_at=now + CLAIM
        )
    for row in rows:
        row.attempts += 1
    pieces = pieces_read(wanted=[(row.subject_kind, row.subject_id) for row in rows])
    openids = accounts.openids_of(ids={row.resident_id for row in rows}) if rows else {}
    claimed = []
    for row in rows:
        piece = pieces.get((row.subject_kind, row.subject_id))
        same = piece is not None and _sha256(piece.text) == row.text_sha256
        text = piece.text if piece is not None and same else None
        claimed.append(_Claimed(row, text, openids.get(row.resident_id)))
    return claimed


def _record(claimed: Sequence[_Claimed], heard: Sequence[Heard]) -> None:
    """Write what was heard, one transaction for the batch; a row that is no longer ours is left alone."""
    now, answers = clock.now(), iter(heard)
    with transaction.atomic():
        ours: dict[UUID, Any] = {
            row.id: row
            for row in TextCheck.objects.select_for_update()
            .filter(id__in=[one.check.id for one in claimed], state=CheckState.PENDING.value)
            .order_by("id")
        }
        touched = []
        for one in claimed:
            answer = None if one.text is None else next(answers)
            row = ours.get(one.check.id)
            if row is None or row.attempts != one.check.attempts:
                log.warning("late_text_verdict", check=str(one.check.id))
                continue
            _apply(row, one.text, answer, now)
            touched.append(row)
        TextCheck.objects.bulk_update(touched, (*JUDGED, "trace_id", "list_versions"))
        if any(row.state == CheckState.PENDING for row in touched):
            send_after_commit(
                "safety.text_check", lane="interactive", countdown_s=RETRY_AFTER.total_seconds()
            )
    verdicts_count(checks=[row for row in touched if row.state != CheckState.PENDING])


def _apply(row: TextCheck, text: str | None, heard: Heard | None, now: dt.datetime) -> None:
    """Set on ``row`` what an answer, or none, makes of it."""
    if text is None or heard is None:
        check_judge(check=row, verb=Verb.DOUBT, source=Source.SYSTEM, reason=Reason.MISSING, now=now)
        return
    if heard.verb is None and heard.again and row.attempts < MAX_ATTEMPTS:
        row.due_at = now + RETRY_AFTER
        return
    row.trace_id = heard.trace_id[:64]
    if heard.reason in (Reason.UNAVAILABLE, Reason.NOT_VISITED):
        # WeChat will not tell, so our own words are the only ones that can say why a person should hurry.
        held = lexicon_held(purpose=Purpose.RESIDENT_TEXTS)
        row.list_versions = list(held.version_ids)
        if held.lexicon.find(text):
            check_judge(check=row, verb=Verb.DOUBT, source=Source.WORDS, reason=Reason.WORD, now=now)
            return
    source = Source.SYSTEM if heard.verb is None else Source.WECHAT
    check_judge(
        check=row,
        verb=heard.verb or Verb.DOUBT,
        source=source,
        reason=heard.reason,
        label=heard.label,
        now=now,
    )
