"""The review sheet (审核单): a page to print, and the text whose SHA-256 it names."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.news import review_selectors
from apps.news.services.revisions import revision_sha256, revision_text
from apps.news.states import Point


class SheetViews:
    """The views of review sheets; mixed into the article admin."""

    admin_site: Any
    opts: Any
    _seen: Any
    has_view_permission: Any

    def sheet_urls(self) -> list[URLPattern]:
        """Return the doors."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:article_id>/sheet/<uuid:round_id>/", wrap(self.sheet_view), name="news_article_sheet"),
            path("<uuid:article_id>/sheet/<uuid:round_id>/text/", wrap(self.sheet_text_view), name="news_article_sheet_text"),
            path("verify/", wrap(self.verify_view), name="news_article_verify"),
        ]  # fmt: skip

    def sheet_view(self, request: HttpRequest, article_id: Any, round_id: Any) -> HttpResponse:
        """Show the sheet of a round; the fingerprint is reckoned anew from what is stored."""
        sheet = self._sheet(request, article_id, round_id)
        context = {
            **self.admin_site.each_context(request), "title": _("Review sheet"), "opts": self.opts,
            "sheet": sheet, "points": list(Point), "sha256": revision_sha256(revision=sheet.round.revision),
        }  # fmt: skip
        response = TemplateResponse(request, "admin/news/sheet.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def sheet_text_view(self, request: HttpRequest, article_id: Any, round_id: Any) -> HttpResponse:
        """Answer the text that was signed: ``sha256sum`` of this file is the fingerprint on the sheet."""
        sheet = self._sheet(request, article_id, round_id)
        raw = revision_text(revision=sheet.round.revision).encode("utf-8", "surrogatepass")
        response = HttpResponse(raw, content_type="application/json; charset=utf-8")
        name = f"revision-{sheet.round.revision.sha256[:12]}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Find the rounds that a printed fingerprint belongs to."""
        if not self.has_view_permission(request):
            raise Http404
        asked = request.GET.get("sha256", "").strip().lower()[:64]
        found = review_selectors.rounds_by_fingerprint(sha256=asked, staff=staff_of(request)) if asked else []
        rows = [(one, revision_sha256(revision=one.revision) == one.revision.sha256) for one in found]
        context = {
            **self.admin_site.each_context(request), "title": _("Verify a review sheet"), "opts": self.opts,
            "asked": asked, "rows": rows,
        }  # fmt: skip
        return TemplateResponse(request, "admin/news/verify.html", context)

    def _sheet(self, request: HttpRequest, article_id: Any, round_id: Any) -> review_selectors.Sheet:
        article = self._seen(request, article_id)
        sheet = review_selectors.sheet_of(round_id=round_id, article_id=article.pk)
        if sheet is None:
            raise Http404
        return sheet
