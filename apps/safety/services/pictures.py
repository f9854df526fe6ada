"""Pictures of residents: asked of WeChat, which pushes what it finds within half an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.dispatch import send_after_commit
from apps.common.uploads import upload_link
from apps.safety.models import EarlyVerdict, MediaCheck
from apps.safety.services.judging import JUDGED, check_judge, verdicts_count
from apps.safety.states import (
    CLAIM,
    MAX_ATTEMPTS,
    RETRY_AFTER,
    VERDICT_WITHIN,
    CheckState,
    Reason,
    Scene,
    Source,
    Verb,
    move_target,
)
from apps.safety.verdicts import Heard, Picture, pictures_ask, verdict_heard

log = structlog.get_logger(__name__)
BATCH, SWEPT = 50, 500
ROUNDS = 20
EARLY_KEPT = dt.timedelta(days=1)
WRITTEN = (*JUDGED, "trace_id", "asked_at")
_OPEN = (CheckState.PENDING.value, CheckState.ASKED.value)


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """What a push says: ``suggest`` pass, review or risky, empty when WeChat could not fetch or judge the picture."""

    trace_id: str
    suggest: str
    label: int


def media_check_open(
    *,
    subject_kind: str,
    subject_id: UUID,
    resident_id: UUID,
    upload_ids: Sequence[UUID],
    scene: Scene,
    now: dt.datetime,
) -> None:
    """Record in the caller's transaction that pictures are to be checked, and have WeChat asked after the commit.

    ``upload_ids``  claimed by the caller in the same transaction.  1 query, 0 for no pictures.
    """
    if not upload_ids:
        return
    MediaCheck.objects.bulk_create(
        MediaCheck(
            subject_kind=subject_kind, subject_id=str(subject_id), resident_id=resident_id, upload_id=upload_id,
            scene=scene.value, created_at=now, due_at=now,
        )
        for upload_id in upload_ids
    )  # fmt: skip
    send_after_commit("safety.media_check", lane="callback")


def media_checks_run() -> int:
    """Ask WeChat about the pictures that wait; returns how many were handled.

    As ``text_checks_run``: at most 20 rounds of 50, nothing locked while it asks.  WeChat fetches each picture by a signed
    link below PUBLIC_BASE_URL, which works for two hours.
    """
    handled = 0
    for _round in range(ROUNDS):
        claimed = _claim(clock.now())
        if not claimed:
            return handled
        openids = accounts.openids_of(ids={row.resident_id for row in claimed})
        heard = pictures_ask(
            [
                Picture(
                    openids.get(row.resident_id),
                    row.scene,
                    settings.PUBLIC_BASE_URL + upload_link(row.upload),
                )
                for row in claimed
            ]
        )
        _record(claimed, heard)
        handled += len(claimed)
    send_after_commit("safety.media_check", lane="callback")
    return handled


def _claim(now: dt.datetime) -> list[MediaCheck]:
    with transaction.atomic():
        rows = list(
            MediaCheck.objects.filter(state=CheckState.PENDING.value, due_at__lte=now)
            .select_related("upload")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at")[:BATCH]
        )
        MediaCheck.objects.filter(id__in=[row.id for row in rows]).update(
            attempts=F("attempts") + 1, due_at=now + CLAIM
        )
    for row in rows:
        row.attempts += 1
    return rows


def _record(claimed: Sequence[MediaCheck], heard: Sequence[Heard]) -> None:
    """Write which questions WeChat took, and at once what it has said of them already."""
    now = clock.now()
    traces = [one.trace_id for one in heard if one.verb is Verb.ASK]
    with transaction.atomic():
        _traces_hold(traces)
        ours: dict[UUID, Any] = {
            row.id: row
            for row in MediaCheck.objects.select_for_update()
            .filter(id__in=[row.id for row in claimed], state=CheckState.PENDING.value)
            .order_by("id")
        }
        early = _early_take(traces)
        touched = []
        for was, answer in zip(claimed, heard, strict=True):
            row = ours.get(was.id)
            if row is None or row.attempts != was.attempts:
                log.warning("late_media_question", check=str(was.id))
                continue
            _apply(row, answer, now)
            if row.trace_id in early:
                _verdict_set(row, early[row.trace_id], now)
            touched.append(row)
        _write(touched, now)


def _apply(row: MediaCheck, heard: Heard, now: dt.datetime) -> None:
    """Set on ``row`` what an answer to the question, or none, makes of it."""
    if heard.verb is Verb.ASK:
        row.state = move_target(source=CheckState(row.state), verb=Verb.ASK).value
        row.trace_id, row.asked_at, row.due_at = heard.trace_id[:64], now, now + VERDICT_WITHIN
    elif heard.verb is None and heard.again and row.attempts < MAX_ATTEMPTS:
        row.due_at = now + RETRY_AFTER
    else:
        source = Source.SYSTEM if heard.verb is None else Source.WECHAT
        check_judge(
            check=row, verb=heard.verb or Verb.DOUBT, source=source, reason=heard.reason, label=heard.label, now=now
        )  # fmt: skip


def media_verdicts_apply(*, verdicts: Iterable[PictureVerdict], now: dt.datetime) -> None:
    """Apply pushed verdicts in the caller's transaction; what is decided or judged already stays as it is.

    A verdict whose question is not written down yet is kept until it is.  At most 4 queries and one statement for all
    that changed.  Two verdicts under one trace id: the last one counts.
    """
    by_trace = {verdict.trace_id: verdict for verdict in verdicts if verdict.trace_id}
    with transaction.atomic():
        _traces_hold(by_trace)
        rows = list(
            MediaCheck.objects.select_for_update().filter(trace_id__in=by_trace.keys()).order_by("id")
        )
        unknown = by_trace.keys() - {row.trace_id for row in rows}
        EarlyVerdict.objects.bulk_create(
            [
                EarlyVerdict(trace_id=t, suggest=by_trace[t].suggest[:8], label=by_trace[t].label, received_at=now)
                for t in sorted(unknown)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        touched = [row for row in rows if _verdict_set(row, by_trace[str(row.trace_id)], now)]
        _write(touched, now)


def _verdict_set(row: MediaCheck, verdict: PictureVerdict, now: dt.datetime) -> bool:
    """Set what a verdict makes of a locked row; returns whether anything changed."""
    if row.state not in _OPEN:
        return False
    if not verdict.suggest:
        return row.state == CheckState.ASKED.value and _unanswered(row, now)
    heard = verdict_heard(suggest=verdict.suggest, label=verdict.label)
    check_judge(
        check=row, verb=heard.verb or Verb.DOUBT, source=Source.WECHAT, reason=heard.reason, label=heard.label, now=now
    )  # fmt: skip
    return True


def _unanswered(row: MediaCheck, now: dt.datetime) -> bool:
    """Have a picture asked about once more, the second time let a person look; returns True."""
    if row.attempts < MAX_ATTEMPTS:
        row.state = move_target(source=CheckState(row.state), verb=Verb.REPEAT).value
        row.due_at = now
    else:
        check_judge(check=row, verb=Verb.DOUBT, source=Source.SYSTEM, reason=Reason.UNAVAILABLE, now=now)
    return True


def _write(rows: Sequence[MediaCheck], now: dt.datetime) -> None:
    """Write changed rows, wake the worker for those that are to be asked (again), count those that were judged."""
    MediaCheck.objects.bulk_update(rows, WRITTEN)
    due = [row.due_at for row in rows if row.state == CheckState.PENDING]
    if due:
        wait_s = max(0.0, (min(due) - now).total_seconds())
        send_after_commit("safety.media_check", lane="callback", countdown_s=wait_s)
    verdicts_count(checks=[row for row in rows if row.state not in _OPEN])


def media_sweep(*, now: dt.datetime) -> int:
    """Ask once more about pictures without a verdict after 30 minutes, then let a person look; returns how many.

    At most 500 a call.  Also asks what waits because a task was lost, and forgets early verdicts after a day.
    """
    with transaction.atomic():
        rows = list(
            MediaCheck.objects.filter(state=CheckState.ASKED.value, due_at__lte=now)
            .select_for_update(skip_locked=True)
            .order_by("due_at")[:SWEPT]
        )
        for row in rows:
            _unanswered(row, now)
        _write(rows, now)
    EarlyVerdict.objects.filter(received_at__lt=now - EARLY_KEPT).delete()
    media_checks_run()
    return len(rows)


# A verdict and the record of its question can come at one moment: whoever has the trace id first lets the other wait, so
# that one of them sees both.  Row locks can not do it: neither row is there yet.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(t, 7162)) FROM unnest(%s::text[]) t"


def _traces_hold(traces: Iterable[str]) -> None:
    """Hold trace ids until the transaction ends, before any row is locked.  1 query, 0 for none."""
    wanted = sorted(set(traces))
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [wanted])


def _early_take(traces: Sequence[str]) -> Mapping[str | None, PictureVerdict]:
    """Return and forget the verdicts that came before their questions were written down.  At most 2 queries."""
    found = list(EarlyVerdict.objects.filter(trace_id__in=traces)) if traces else []
    if found:
        EarlyVerdict.objects.filter(trace_id__in=[one.trace_id for one in found]).delete()
    return {one.trace_id: PictureVerdict(one.trace_id, one.suggest, one.label) for one in found}
