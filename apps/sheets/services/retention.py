"""How long files, lines and undecided imports are kept."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from apps.sheets.models import ImportBatch, ImportRow
from apps.sheets.services.steps import batch_lock, batch_move
from apps.sheets.states import UNDECIDED_KEPT, UNDO_KEPT, WAITING, BatchState, Verb

# What a night takes on: the next one goes on.
_BATCHES_MOST = 200
# Lines serve to see why nothing came of it.
_UNWRITTEN = (BatchState.REFUSED, BatchState.FAILED, BatchState.DISCARDED)


def retention_run(*, now: dt.datetime) -> dict[str, int]:
    """Throw away imports that nobody decided about for 30 days, delete lines kept long enough; returns the counts.

    Lines of what was never imported go after 30 days, those of an import after 180: then it can not be undone any more.
    Imports themselves, their steps and the log of exports stay.  2 queries, and 5 for each import thrown away.
    """
    return {"expired": _expire(now), "lines": _lines_delete(now)}


def _expire(now: dt.datetime) -> int:
    waiting = [BatchState.UPLOADED.value, *(state.value for state in WAITING)]
    old = ImportBatch.objects.filter(state__in=waiting, uploaded_at__lt=now - UNDECIDED_KEPT)
    count = 0
    for batch_id in old.order_by("uploaded_at").values_list("id", flat=True)[:_BATCHES_MOST]:
        with transaction.atomic():
            batch = batch_lock(batch_id=batch_id)
            if batch.state in waiting:
                batch_move(batch=batch, verb=Verb.EXPIRE, staff=None, now=now)
                count += 1
    return count


def _lines_delete(now: dt.datetime) -> int:
    over = ImportBatch.objects.filter(rows__isnull=False).order_by("uploaded_at").distinct()
    unwritten = over.filter(state__in=[s.value for s in _UNWRITTEN], uploaded_at__lt=now - UNDECIDED_KEPT)
    written = over.filter(
        state__in=[BatchState.DONE.value, BatchState.UNDONE.value], uploaded_at__lt=now - UNDO_KEPT
    )
    ids = [
        *unwritten.values_list("id", flat=True)[:_BATCHES_MOST],
        *written.values_list("id", flat=True)[:_BATCHES_MOST],
    ]
    deleted, _per_model = ImportRow.objects.filter(batch_id__in=ids).delete()
    return deleted
