"""What a workbook of cases holds (django-import-export)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export import fields, resources
from import_export.formats.base_formats import XLSX

from apps.common.redaction import person_masked
from apps.common.spreadsheets import cell_inert
from apps.feedback import labels
from apps.feedback.models import Case
from apps.feedback.states import RequestType, Urgency

COLUMNS: dict[str, Any] = {
    "number": _("number"),
    "request_type": _("type"),
    "category": _("category"),
    "street": _("street"),
    "unit": _("unit"),
    "state": _("state"),
    "urgency": _("urgency"),
    "submitted_at": _("submitted at"),
    "due_at": _("deadline"),
    "settled_at": _("settled at"),
    "hops": _("returns"),
    "reopens": _("reopenings"),
    "nudges": _("nudges"),
    "text": _("text"),
}


class CaseResource(resources.ModelResource):
    """One row a case; names, numbers and plates in the text are masked, and every cell is inert."""

    class Meta:
        model = Case
        fields = tuple(COLUMNS)

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        """Return the columns' Chinese names."""
        return [str(COLUMNS[name]) for name in selected_fields or COLUMNS]

    def export_field(self, field: fields.Field, instance: Case, **_kwargs: Any) -> Any:
        """Return one inert cell."""
        return cell_inert(_cell(str(field.column_name), instance))


def _cell(name: str, case: Case) -> Any:
    match name:
        case "request_type":
            return str(labels.TYPE_LABELS[RequestType(case.request_type)])
        case "urgency":
            return str(labels.URGENCY_LABELS[Urgency(case.urgency)])
        case "state":
            return case.state_label
        case "text":
            return person_masked(case.text)
        case "category" | "street" | "unit":
            return str(getattr(case, name) or "")
    return getattr(case, name)


def workbook_of(cases: Sequence[Case], columns: Sequence[str]) -> bytes:
    """Return the cases as XLSX, in the order given.  No query where category, street and unit are loaded."""
    data = CaseResource().export(queryset=list(cases), export_fields=[c for c in COLUMNS if c in columns])
    book: bytes = XLSX().export_data(data)
    return book
