"""Attachments at the desk: the page of an article's files, what their scans found, masked copies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.news import attachment_selectors
from apps.news.documents.package import PDF
from apps.news.documents.places import UnreadReason
from apps.news.file_views import attachment_answer, inert
from apps.news.file_words import KIND_WORDS, UNREAD_WORDS, place_said
from apps.news.labels import LEVEL_LABELS
from apps.news.models import Article, Attachment
from apps.news.services import attachments as services
from apps.news.services.articles import may_write

SHOWN = 100


class AttachmentForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("File (PDF, .docx or .xlsx, at most 10 MB)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.docx,.xlsx"}),
    )


class AttachmentViews:
    """The views of attachments; mixed into the article admin."""

    admin_site: Any
    opts: Any
    _seen: Any
    message_user: Any

    def attachment_urls(self) -> list[URLPattern]:
        """Return the doors."""
        wrap, one = self.admin_site.admin_view, "<uuid:article_id>/files/<uuid:attachment_id>/"
        return [
            path("<uuid:article_id>/files/", wrap(self.files_view), name="news_article_files"),
            path(one, wrap(self.file_view), name="news_article_file"),
            path(f"{one}remove/", wrap(self.file_remove_view), name="news_article_file_remove"),
            path(f"{one}masked/", wrap(self.file_masked_view), name="news_article_file_masked"),
        ]

    def files_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """GET: the files with what was found in them.  POST: add one."""
        article = self._seen(request, article_id)
        form, status = AttachmentForm(request.POST or None, request.FILES or None), 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                file = form.cleaned_data["file"]
                try:
                    services.attachment_add(
                        article_id=article.pk,
                        name=file.name,
                        stream=file,
                        staff=staff_of(request),
                        now=clock.now(),
                    )
                except Refused as refused:
                    form.add_error("file", refused.text())
                    status = refused.status
                else:
                    self.message_user(
                        request, _("The file was added. It is being checked for personal data.")
                    )
                    return HttpResponseRedirect(request.path)
        rows = attachment_selectors.attachments_at_desk(article_id=article.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Attachments"), "opts": self.opts, "article": article,
            "form": form, "files": [_shown(row) for row in rows],
            "may_write": may_write(article=article, staff=staff_of(request)),
        }  # fmt: skip
        response = TemplateResponse(request, "admin/news/files.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response

    def file_view(self, request: HttpRequest, article_id: Any, attachment_id: Any) -> HttpResponseBase:
        """Send a file to who may see its article."""
        self._seen(request, article_id)
        return attachment_answer(self._file(request, article_id, attachment_id))

    def file_remove_view(self, request: HttpRequest, article_id: Any, attachment_id: Any) -> HttpResponse:
        """POST: take a file from the working copy."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._seen(request, article_id)
        row = self._file(request, article_id, attachment_id)
        try:
            services.attachment_remove(attachment_id=row.pk, staff=staff_of(request), now=clock.now())
        except Refused as refused:
            self.message_user(request, refused.text(), "error")
        else:
            self.message_user(request, _("The file was removed from this article."))
        return HttpResponseRedirect(reverse("admin:news_article_files", args=[article_id]))

    def file_masked_view(self, request: HttpRequest, article_id: Any, attachment_id: Any) -> HttpResponse:
        """POST: send the proposed masked copy; that it was fetched is written down."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._seen(request, article_id)
        row = self._file(request, article_id, attachment_id)
        try:
            _row, copy = services.attachment_masked(
                attachment_id=row.pk, staff=staff_of(request), now=clock.now()
            )
        except Refused as refused:
            self.message_user(request, refused.text(), "error")
            return HttpResponseRedirect(reverse("admin:news_article_files", args=[article_id]))
        response = HttpResponse(copy, content_type=row.content_type)
        name = str(_("masked-%(name)s")) % {"name": row.name}
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        inert(response)
        return response

    def _file(self, request: HttpRequest, article_id: Any, attachment_id: Any) -> Attachment:
        row = attachment_selectors.attachment_seen(attachment_id=attachment_id, staff=staff_of(request))
        if row is None or row.article_id != article_id:
            raise Http404
        return row


def files_link(article: Article) -> str:
    """Return the address of an article's files."""
    return reverse("admin:news_article_files", args=[article.pk])


def _shown(row: Attachment) -> dict[str, Any]:
    scan = row.scan or {}
    return {
        "row": row,
        "has_copy": bool(scan.get("total")) and row.content_type != PDF,
        "total": scan.get("total", 0), "blocking": scan.get("blocking", 0),
        "findings": [
            {
                "level": one["level"], "weight": LEVEL_LABELS[one["level"]], "kind": KIND_WORDS[one["kind"]],
                "place": place_said(**one["where"]), "excerpt": one["excerpt"],
            }
            for one in scan.get("findings", [])[:SHOWN]
        ],
        "unread": [
            f"{place_said(**one['where'])}: {UNREAD_WORDS[UnreadReason(one['reason'])]}"
            for one in scan.get("unread", [])
        ],
    }  # fmt: skip
