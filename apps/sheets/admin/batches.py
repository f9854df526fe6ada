"""Imports at the desk: upload a table, look at what it would do, have it approved, import it, undo it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.sheets import labels, selectors, services
from apps.sheets.admin.exports import SheetExports
from apps.sheets.models import ImportBatch
from apps.sheets.states import WORKING, BatchState, Sort, Verb
from apps.sheets.tables import COLUMNS_MOST, FILE_BYTES, LINES_MOST

SAID = {
    Verb.APPROVE: _("Approved: the rows can be imported now."),
    Verb.DISCARD: _("Thrown away; nothing was imported."),
}


class UploadForm(forms.Form):
    """Which table, and the file."""

    kind = forms.ChoiceField(label=_("table"))
    file = forms.FileField(label=_("File (XLSX or CSV)"))

    def __init__(self, *args: Any, kinds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [(kind.key, kind.label) for kind in kinds]


@admin.register(ImportBatch)
class ImportBatchAdmin(SheetExports, ReadOnlyAdmin):
    list_display = (
        "uploaded_at", "table", "file_name", "state", "new", "changed", "refused", "uploaded_by", "approved_by",
    )  # fmt: skip
    list_select_related = ("uploaded_by", "approved_by")
    list_filter = ("state",)
    ordering = ("-uploaded_at", "-id")
    list_before_template = "admin/sheets/tables.html"

    @admin.display(description=_("table"))
    def table(self, batch: ImportBatch) -> str:
        """Return what the table is called."""
        return selectors.kind_label(key=batch.kind)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportBatch]:
        """Return the imports of the tables that this person may change."""
        return selectors.batches_visible(staff=staff_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those upload whose role allows it."""
        return bool(request.user.has_perm("sheets.add_importbatch"))

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of an import and of exports."""
        wrap = self.admin_site.admin_view
        return [
            path("export/<str:kind>/", wrap(self.export_view), name="sheets_export"),
            path("<uuid:batch_id>/act/<str:verb>/", wrap(self.act_view), name="sheets_batch_act"),
            path("<uuid:batch_id>/progress/", wrap(self.progress_view), name="sheets_batch_progress"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the tables with their doors, and the imports."""
        staff = staff_of(request)
        tables = {
            "tables": selectors.kinds_of(staff=staff), "desks": selectors.desks_of(staff=staff),
            "may_export": staff.has_perm("sheets.export_sheet"),
            "may_import": staff.has_perm("sheets.add_importbatch"),
        }  # fmt: skip
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **tables})
        return answer

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET: ask for a file.  POST: keep it and go to what it would do."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        kinds = selectors.kinds_of(staff=staff_of(request))
        form = UploadForm(
            request.POST or None,
            request.FILES or None,
            kinds=kinds,
            initial={"kind": request.GET.get("kind", "")[:30]},
        )
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    return self._uploaded(request, form.cleaned_data)
                except Refused as refused:
                    form.add_error("file", refused.text())
        return self._answer(
            request, "admin/sheets/upload.html", status=status, title=_("Import a table"), form=form,
            tables=[(kind.label, "、".join(selectors.columns_importable(kind=kind))) for kind in kinds],
            most=LINES_MOST, most_columns=COLUMNS_MOST, most_mb=FILE_BYTES >> 20,
        )  # fmt: skip

    def _uploaded(self, request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
        file = given["file"]
        batch = services.batch_upload(
            kind=given["kind"], file_name=file.name, raw=file.read(FILE_BYTES + 1), staff=staff_of(request),
            now=clock.now(),
        )  # fmt: skip
        return HttpResponseRedirect(reverse("admin:sheets_importbatch_change", args=[batch.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what an import would do or did, who did what, and what can be done now."""
        del form_url, extra_context
        batch = self._batch(request, object_id)
        sort = _sort_asked(request, batch)
        now = clock.now()
        acts = selectors.acts_open(batch=batch, staff=staff_of(request), now=now)
        return self._answer(
            request, "admin/sheets/batch.html", title=_("Import: %(file)s") % {"file": batch.file_name}, batch=batch,
            table=selectors.kind_label(key=batch.kind), state=labels.STATE_LABELS[BatchState(batch.state)],
            working=BatchState(batch.state) in WORKING, percent=_percent(batch), sort=sort,
            sorts=[(one.value, labels.SORT_LABELS[one], getattr(batch, one.value)) for one in Sort],
            lines=selectors.lines_of(batch=batch, sort=sort), most=selectors.LINES_SHOWN,
            fates=selectors.fates_of(batch=batch), steps=selectors.steps_of(batch=batch),
            guarded="、".join(selectors.columns_named(kind=batch.kind, columns=batch.guarded)),
            acts=[(verb.value, labels.ACT_LABELS[verb]) for verb in acts],
        )  # fmt: skip

    def act_view(self, request: HttpRequest, batch_id: UUID, verb: str) -> HttpResponse:
        """POST: do what this person decides and go back with what came of it as a message."""
        batch = self._batch(request, str(batch_id))
        if verb not in {one.value for one in labels.ACT_LABELS}:
            raise Http404
        if request.method != "POST":
            return HttpResponse(status=405)
        try:
            after = services.batch_act(
                batch_id=batch.pk, verb=Verb(verb), staff=staff_of(request), now=clock.now()
            )
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self._tell(request, Verb(verb), after)
        return HttpResponseRedirect(reverse("admin:sheets_importbatch_change", args=[batch.pk]))

    def _tell(self, request: HttpRequest, verb: Verb, batch: ImportBatch) -> None:
        state = BatchState(batch.state)
        text = SAID.get(verb) or batch.note or labels.STATE_LABELS[state]
        good = verb in SAID or (state in (BatchState.DONE, BatchState.UNDONE) and not batch.note)
        level = messages.SUCCESS if good else messages.INFO if state in WORKING else messages.ERROR
        self.message_user(request, text, level)

    def progress_view(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Answer how far an import is: the page asks until it is not worked at any more."""
        batch = self._batch(request, str(batch_id))
        state = BatchState(batch.state)
        return JsonResponse(
            {
                "working": state in WORKING, "state": str(labels.STATE_LABELS[state]), "percent": _percent(batch),
                "compared": batch.compared, "lines": batch.lines,
            },
            headers={"Cache-Control": "no-store"},
        )  # fmt: skip

    def _batch(self, request: HttpRequest, batch_id: str) -> ImportBatch:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = selectors.batch_get(batch_id=UUID(batch_id), staff=staff_of(request))
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found

    def _answer(self, request: HttpRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        response = TemplateResponse(request, template, context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _sort_asked(request: HttpRequest, batch: ImportBatch) -> Sort:
    """Return the outcome to show: the one asked for, else what stands in the way, else what there is."""
    asked = request.GET.get("sort", "")
    if asked in {sort.value for sort in Sort}:
        return Sort(asked)
    order = (Sort.REFUSED, Sort.CHANGED, Sort.NEW)
    return next((sort for sort in order if getattr(batch, sort.value)), Sort.UNCHANGED)


def _percent(batch: ImportBatch) -> int:
    return batch.compared * 100 // batch.lines if batch.lines else 0
