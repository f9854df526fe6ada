"""Exports at the desk: a table as a file, and the log of who took which."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.common.sheets import SheetKind, sheet_of
from apps.sheets import selectors, services
from apps.sheets.models import REASON_CHARS, ExportLog
from apps.sheets.services.exports import ROWS_MOST

TYPES = {
    ExportLog.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportLog.Format.CSV: "text/csv; charset=utf-8",
}


class ExportForm(forms.Form):
    """Which format, and why where the table holds personal data."""

    format = forms.ChoiceField(label=_("format"), choices=ExportLog.Format.choices)
    personal = forms.BooleanField(label=_("with personal data"), required=False)
    reason = forms.CharField(
        label=_("Why do you need the personal data?"), max_length=REASON_CHARS, required=False,
        help_text=_("Stands in the log of exports and in the file."),
    )  # fmt: skip

    def __init__(self, *args: Any, may_personal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_personal:
            del self.fields["personal"], self.fields["reason"]


class SheetExports:
    """The export's door; mixed into the admin of imports."""

    admin_site: Any
    opts: Any

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """GET: ask for the format.  POST: record the export and answer the file."""
        staff, sheet = staff_of(request), self._sheet(request, kind)
        if not staff.has_perm("sheets.export_sheet"):
            raise PermissionDenied
        may_personal = bool(sheet.personal) and staff.has_perm("sheets.export_personal")
        form, status = ExportForm(request.POST or None, may_personal=may_personal), 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    return self._file(request, kind, form.cleaned_data)
                except Refused as refused:
                    form.add_error("reason" if refused.attr == "reason" else None, refused.text())
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form, "most": ROWS_MOST,
            "title": _("Export: %(table)s") % {"table": sheet.label},
        }  # fmt: skip
        response: HttpResponse = TemplateResponse(request, "admin/sheets/export.html", context, status=status)
        return response

    def _file(self, request: HttpRequest, kind: str, given: dict[str, Any]) -> HttpResponseBase:
        chosen = ExportLog.Format(given["format"])
        export = services.sheet_export(
            kind=kind, format=chosen, staff=staff_of(request), now=clock.now(), personal=given.get("personal", False),
            reason=given.get("reason", ""),
        )  # fmt: skip
        answer = FileResponse(export.file, content_type=TYPES[chosen])
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(export.name)}"
        answer["Cache-Control"] = "no-store"
        return answer

    @staticmethod
    def _sheet(request: HttpRequest, kind: str) -> SheetKind:
        sheet = sheet_of(kind)
        if sheet is None or sheet not in selectors.kinds_of(staff=staff_of(request)):
            raise Http404
        return sheet


@admin.register(ExportLog)
class ExportLogAdmin(ReadOnlyAdmin):
    """Who took which table out, how many rows, why."""

    list_display = ("at", "staff", "table", "format", "rows", "personal", "reason")
    list_select_related = ("staff",)
    list_filter = ("personal",)
    ordering = ("-at", "-id")
    fields = ("at", "staff", "table", "format", "columns_shown", "rows", "personal", "reason")

    @admin.display(description=_("table"))
    def table(self, log: ExportLog) -> str:
        """Return what the table is called."""
        return selectors.kind_label(key=log.kind)

    @admin.display(description=_("columns of the table"))
    def columns_shown(self, log: ExportLog) -> str:
        """Return the columns by their names."""
        return "、".join(selectors.columns_named(kind=log.kind, columns=log.columns))
