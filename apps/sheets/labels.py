"""What states, steps and outcomes of imports are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.sheets.states import BatchState, Fate, Sort, Verb

STATE_LABELS: dict[BatchState, Any] = {
    BatchState.UPLOADED: _("uploaded"),
    BatchState.PREVIEWING: _("being compared"),
    BatchState.PREVIEWED: _("ready to be looked at"),
    BatchState.APPROVED: _("approved by a second person"),
    BatchState.RUNNING: _("being imported"),
    BatchState.DONE: _("imported"),
    BatchState.REFUSED: _("refused, nothing was imported"),
    BatchState.FAILED: _("broken off, nothing was imported"),
    BatchState.DISCARDED: _("thrown away"),
    BatchState.UNDOING: _("being undone"),
    BatchState.UNDONE: _("undone"),
}
SORT_LABELS: dict[Sort, Any] = {
    Sort.NEW: _("new rows"),
    Sort.CHANGED: _("changed rows"),
    Sort.UNCHANGED: _("unchanged rows"),
    Sort.REFUSED: _("refused lines"),
}
FATE_LABELS: dict[Fate, Any] = {
    Fate.CONFLICT: _("changed by someone meanwhile"),
    Fate.KEPT: _("in use, so it stays"),
}
VERB_LABELS: dict[str, Any] = {
    "upload": _("uploaded a file"),
    Verb.PREVIEW: _("began to compare"),
    Verb.PREVIEW_END: _("compared"),
    Verb.APPROVE: _("approved"),
    Verb.COMMIT: _("had it imported"),
    Verb.FINISH: _("imported all rows"),
    Verb.REFUSE: _("refused"),
    Verb.FAIL: _("broke off"),
    Verb.DISCARD: _("threw it away"),
    Verb.EXPIRE: _("thrown away after 30 days"),
    Verb.UNDO: _("had it undone"),
    Verb.UNDO_END: _("undid all rows"),
    Verb.UNDO_REFUSE: _("could not undo"),
}
# What the buttons say.
ACT_LABELS: dict[Verb, Any] = {
    Verb.APPROVE: _("Approve"),
    Verb.COMMIT: _("Import these rows"),
    Verb.DISCARD: _("Throw away"),
    Verb.UNDO: _("Undo this import"),
}


def choices(table: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return a table of labels as a field's choices."""
    return [(key.value, label) for key, label in table.items()]
