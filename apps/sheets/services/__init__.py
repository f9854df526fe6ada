"""Writes of imports and exports: who asks from outside asks here."""

from apps.sheets.services.decisions import batch_act
from apps.sheets.services.exports import Export, sheet_export
from apps.sheets.services.retention import retention_run
from apps.sheets.services.running import batch_run, batches_sweep
from apps.sheets.services.uploading import batch_upload

__all__ = [
    "Export",
    "batch_act",
    "batch_run",
    "batch_upload",
    "batches_sweep",
    "retention_run",
    "sheet_export",
]
