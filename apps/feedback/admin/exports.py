"""Cases as a workbook: with a permission, a reason and a log; never with contact data."""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.feedback.admin.resources import COLUMNS, workbook_of
from apps.feedback.models import Case, CaseExport
from apps.feedback.services.exports import MOST, export_record

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportForm(forms.Form):
    """Why, and which columns."""

    reason = forms.CharField(label=_("Why do you need this list?"), max_length=200)
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        choices=list(COLUMNS.items()),
        initial=list(COLUMNS),
        widget=forms.CheckboxSelectMultiple,
    )


class CaseExports:
    """The export's view; mixed into the case admin."""

    admin_site: Any
    opts: Any
    get_changelist_instance: Any

    def export_urls(self) -> list[URLPattern]:
        """Return the door."""
        return [path("export/", self.admin_site.admin_view(self.export_view), name="feedback_case_export")]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask for the reason.  POST: record it, then answer the workbook of what the filter holds."""
        if not request.user.has_perm("feedback.export_case"):
            raise PermissionDenied
        query = (request.POST if request.method == "POST" else request.GET).get("query", "").lstrip("?")[:500]
        form = ExportForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            context = {
                **self.admin_site.each_context(request), "title": _("Export cases"), "opts": self.opts, "form": form,
                "query": query, "most": MOST,
            }  # fmt: skip
            status = 400 if request.method == "POST" else 200
            return TemplateResponse(request, "admin/feedback/export.html", context, status=status)
        cases = list(self._filtered(request, query)[:MOST])
        export_record(
            staff=staff_of(request), cases=cases, reason=form.cleaned_data["reason"], query=query,
            columns=form.cleaned_data["columns"], now=clock.now(),
        )  # fmt: skip
        answer = HttpResponse(workbook_of(cases, form.cleaned_data["columns"]), content_type=CONTENT_TYPE)
        answer["Content-Disposition"] = f'attachment; filename="cases-{clock.today():%Y%m%d}.xlsx"'
        answer["Cache-Control"] = "no-store"
        return answer

    def _filtered(self, request: HttpRequest, query: str) -> QuerySet[Case]:
        """Return what the queue shows under ``query``, and nothing that this person does not see there."""
        asked = copy(request)
        asked.GET = QueryDict(query)
        rows: QuerySet[Case] = self.get_changelist_instance(asked).get_queryset(asked)
        return rows


@admin.register(CaseExport)
class CaseExportAdmin(ReadOnlyAdmin):
    """Who took cases out, why, how many."""

    list_display = ("at", "staff", "reason", "rows")
    list_select_related = ("staff",)
    ordering = ("-at", "-id")
    fields = ("at", "staff", "reason", "query", "columns", "rows")
