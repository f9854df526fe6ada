"""Articles from files at the desk: upload or paste, and the report of what was mended, doubted and lost."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.news import attachment_selectors
from apps.news.documents.draft import NoteSort
from apps.news.models import Column, IntakeReport
from apps.news.note_words import NOTE_WORDS, SORT_WORDS
from apps.news.querysets import columns_of
from apps.news.services.intake import draft_from_document

PASTED = "pasted.txt"
_ORDER = [sort.value for sort in (NoteSort.LOST, NoteSort.DOUBT, NoteSort.MEND)]


class IntakeForm(forms.Form):
    """A file, or what was copied from somewhere."""

    column = forms.ModelChoiceField(label=_("column"), queryset=Column.objects.none())
    file = forms.FileField(
        label=_("File (.docx, .html or .txt, at most 20 MB)"), required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".docx,.html,.htm,.txt"}),
    )  # fmt: skip
    pasted = forms.CharField(
        label=_("Or paste the source of a page, or plain text"), required=False, max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 12}),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Column.objects.filter(is_active=True).order_by("path")
        narrow = not staff.is_superuser
        self.fields["column"].queryset = rows.filter(pk__in=columns_of(staff)) if narrow else rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        values = super().clean() or {}
        if bool(values.get("file")) == bool((values.get("pasted") or "").strip()):
            raise forms.ValidationError(_("Please choose a file or paste a text: one of the two."))
        return values


class IntakeViews:
    """The views of articles from files; mixed into the article admin."""

    actions_list: ClassVar[Any] = ("intake_open",)
    admin_site: Any
    opts: Any
    _seen: Any
    has_add_permission: Any

    def intake_urls(self) -> list[URLPattern]:
        """Return the doors."""
        wrap = self.admin_site.admin_view
        return [path("<uuid:article_id>/intake/", wrap(self.intake_report_view), name="news_article_intake")]

    @action(description=_("From a file"), url_path="from-file", permissions=["add"])  # type: ignore[untyped-decorator]  # django-unfold carries no types
    def intake_open(self, request: HttpRequest) -> HttpResponse:
        """GET: ask for a file or a text.  POST: make a draft of it and show what was mended."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        staff = staff_of(request)
        if request.method != "POST":
            return self._intake_form(request, IntakeForm(staff=staff), 200)
        form = IntakeForm(request.POST, request.FILES, staff=staff)
        if not form.is_valid():
            return self._intake_form(request, form, 400)
        file, pasted = form.cleaned_data["file"], form.cleaned_data["pasted"]
        try:
            article, _report = draft_from_document(
                name=file.name if file else PASTED, raw=file.read() if file else pasted.encode(),
                column=form.cleaned_data["column"].slug, staff=staff, now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error("file" if file else "pasted", refused.text())
            return self._intake_form(request, form, refused.status)
        return HttpResponseRedirect(reverse("admin:news_article_intake", args=[article.pk]))

    def intake_report_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """Show the report of the article's file."""
        article = self._seen(request, article_id)
        report = attachment_selectors.intake_report_of(article_id=article.pk)
        if report is None:
            raise Http404
        return self._intake_answer(
            request, "admin/news/intake_report.html", 200, title=_("Read from a file"), article=article,
            report=report, groups=_grouped(report),
        )  # fmt: skip

    def _intake_form(self, request: HttpRequest, form: IntakeForm, status: int) -> HttpResponse:
        return self._intake_answer(
            request, "admin/news/intake.html", status, title=_("From a file"), form=form
        )

    def _intake_answer(self, request: HttpRequest, template: str, status: int, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        response = TemplateResponse(request, template, context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _grouped(report: IntakeReport) -> list[dict[str, Any]]:
    """Return the notes by their sort, what was lost first."""
    notes = sorted(report.notes, key=lambda note: (_ORDER.index(note["sort"]), note["place"]))
    return [
        {
            "sort": sort, "label": SORT_WORDS[sort],
            "notes": [{**note, "words": NOTE_WORDS.get(note["reason"], note["reason"])} for note in group],
        }
        for sort, group in groupby(notes, key=lambda note: note["sort"])
    ]  # fmt: skip
