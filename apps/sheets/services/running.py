"""Whatever an import waits for: the worker's door, and the sweep that finds what a crash left."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Q

from apps.common.dispatch import send_after_commit
from apps.sheets.models import ImportBatch
from apps.sheets.services.importing import batch_write
from apps.sheets.services.undoing import batch_unwrite
from apps.sheets.services.uploading import batch_preview
from apps.sheets.states import STUCK_AFTER, WORKING, BatchState

# A file whose task was lost waits so long; work that began waits until nobody can be at it any more.
_LOST_AFTER = dt.timedelta(seconds=60)
_SWEPT_MOST = 100


def batch_run(*, batch_id: UUID, now: dt.datetime) -> None:
    """Compare, import or undo, as the import's state says; one that waits for a person is left alone.  1 query and theirs."""
    state = ImportBatch.objects.filter(id=batch_id).values_list("state", flat=True).first()
    match state:
        case BatchState.UPLOADED | BatchState.PREVIEWING:
            batch_preview(batch_id=batch_id, now=now)
        case BatchState.RUNNING:
            batch_write(batch_id=batch_id, now=now)
        case BatchState.UNDOING:
            batch_unwrite(batch_id=batch_id, now=now)


def batches_sweep(*, now: dt.datetime) -> int:
    """Queue imports again whose task was lost or whose worker died, at most 100; returns how many.  1 query."""
    lost = Q(state=BatchState.UPLOADED.value, touched_at__lte=now - _LOST_AFTER)
    stuck = Q(state__in=[state.value for state in WORKING], touched_at__lte=now - STUCK_AFTER)
    ids = list(
        ImportBatch.objects.filter(lost | stuck)
        .order_by("touched_at")
        .values_list("id", flat=True)[:_SWEPT_MOST]
    )
    for batch_id in ids:
        send_after_commit("sheets.batch_run", lane="bulk", batch_id=str(batch_id))
    return len(ids)
