"""Word lists at the desk: load a table after a look at what it changes, have someone else put it into force."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import DeskAdmin, ReadOnlyAdmin
from apps.common.errors import Refused
from apps.safety import selectors, services
from apps.safety.admin.sheets import COLUMNS, sheet_rows, words_workbook
from apps.safety.errors import SheetRefused
from apps.safety.models import WordList, WordListVersion
from apps.safety.word_rows import ROWS_MOST, WordRow

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 50
_PREVIEW_S = 3600
_SALT = "safety.word-sheet"


class SheetForm(forms.Form):
    """Which list, and the table."""

    word_list = forms.ModelChoiceField(label=_("word list"), queryset=WordList.objects.order_by("name"))
    file = forms.FileField(label=_("Table (XLSX or CSV)"))


@admin.register(WordList)
class WordListAdmin(DeskAdmin):
    list_display = ("name", "purpose")
    ordering = ("name",)


@admin.register(WordListVersion)
class WordListVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "word_list", "number", "size", "is_active", "created_by", "created_at", "activated_by", "activated_at",
    )  # fmt: skip
    list_display_links = ("word_list", "number")
    list_filter = ("word_list", "is_active")
    list_select_related = ("word_list", "created_by", "activated_by")
    ordering = ("-created_at", "-id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those load whose role allows it."""
        return bool(request.user.has_perm("safety.add_wordlistversion"))

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of putting into force and of the workbook."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:version_id>/activate/", wrap(self.activate_view), name="safety_version_activate"),
            path("<int:version_id>/workbook/", wrap(self.workbook_view), name="safety_version_workbook"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET: ask for a table.  POST: show what it would change; with what was shown (``sheet``): load it."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._form(request, SheetForm(initial={"word_list": request.GET.get("word_list", "")[:9]}))
        if "sheet" in request.POST:
            return self._load(request, request.POST["sheet"])
        form = SheetForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._form(request, form, status=400)
        file = form.cleaned_data["file"]
        try:
            rows = sheet_rows(name=file.name, raw=file.read())
        except SheetRefused as refused:
            form.add_error("file", refused.text())
            return self._form(request, form, status=refused.status)
        return self._preview(request, form.cleaned_data["word_list"], rows)

    def _form(self, request: HttpRequest, form: SheetForm, *, status: int = 200) -> HttpResponse:
        return self._answer(
            request, "admin/safety/load.html", status=status, title=_("Load words"), form=form,
            columns="、".join(str(label) for label in COLUMNS.values()), most=ROWS_MOST,
        )  # fmt: skip

    def _preview(self, request: HttpRequest, word_list: WordList, rows: list[WordRow]) -> HttpResponse:
        found = services.word_list_preview(word_list_id=word_list.pk, rows=rows)
        sheet = {"word_list": word_list.pk, "rows": [asdict(row) for row in rows]}
        return self._answer(
            request, "admin/safety/preview.html", status=400 if found.problems else 200,
            title=_("What loading changes"), word_list=word_list, found=found, changes=_changes(found.diff),
            problems=found.problems[:SHOWN],
            sheet="" if found.problems else signing.dumps(sheet, salt=_SALT, compress=True),
        )  # fmt: skip

    def _load(self, request: HttpRequest, sheet: str) -> HttpResponse:
        """Load what was shown, and nothing else: it comes back signed."""
        try:
            given = signing.loads(sheet, salt=_SALT, max_age=_PREVIEW_S)
            rows = [WordRow(**{**values, "windows": tuple(values["windows"])}) for values in given["rows"]]
            version = services.word_list_load(
                word_list_id=given["word_list"], rows=rows, staff=staff_of(request), now=clock.now()
            )
        except signing.BadSignature:
            self.message_user(
                request, _("The preview is older than an hour. Please load the table again."), messages.ERROR
            )
            return HttpResponseRedirect(reverse("admin:safety_wordlistversion_add"))
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:safety_wordlistversion_add"))
        self.message_user(request, _("Loaded: someone else puts it into force."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:safety_wordlistversion_change", args=[version.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a version, how it differs from what is in force, and the door to put it there."""
        del form_url, extra_context
        version = self._version(request, object_id)
        rules = selectors.rules_of(version_ids=[version.pk])
        diff = selectors.diff_of(rules=rules, word_list_id=version.word_list_id)
        return self._answer(
            request, "admin/safety/version.html", title=str(version), version=version,
            changes=_changes(diff), entries=version.entries.order_by("id")[:SHOWN],
            may_activate=self._may_activate(request) and not version.is_active
            and version.created_by_id != request.user.pk,
        )  # fmt: skip

    def activate_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """POST: put a version into force and go back with what came of it as a message."""
        version = self._version(request, version_id)
        if request.method != "POST":
            return HttpResponse(status=405)
        if not self._may_activate(request):
            raise PermissionDenied
        try:
            services.version_activate(version_id=version.pk, staff=staff_of(request), now=clock.now())
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self.message_user(request, _("In force from now on."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:safety_wordlistversion_change", args=[version.pk]))

    def workbook_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Answer the words as a workbook: it can be changed and loaded again."""
        version = self._version(request, version_id)
        answer = HttpResponse(words_workbook(version=version), content_type=CONTENT_TYPE)
        answer["Content-Disposition"] = (
            f'attachment; filename="words-{version.word_list_id}-{version.number}.xlsx"'
        )
        answer["Cache-Control"] = "no-store"
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[WordListVersion]:
        """Return the versions with their lists."""
        rows: QuerySet[WordListVersion] = super().get_queryset(request)
        return rows.select_related("word_list", "created_by", "activated_by")

    def _version(self, request: HttpRequest, version_id: Any) -> WordListVersion:
        version: WordListVersion | None = self.get_object(request, str(version_id))
        if version is None or not self.has_view_permission(request, version):
            raise Http404
        return version

    @staticmethod
    def _may_activate(request: HttpRequest) -> bool:
        return bool(request.user.has_perm("safety.change_wordlistversion"))

    def _answer(self, request: HttpRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        response = TemplateResponse(request, template, context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _changes(diff: selectors.Diff) -> list[tuple[Any, int, str]]:
    """Return a line for each kind of change: its name, how many, the first words."""
    kinds = ((_("added"), diff.added), (_("taken out"), diff.removed), (_("changed words"), diff.changed))
    return [(name, len(words), "、".join(words[:SHOWN])) for name, words in kinds]
