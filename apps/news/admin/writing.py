"""What helps while writing: unsaved text is kept, who else writes is shown, the text is seen as a phone shows it."""

from __future__ import annotations

import json
from typing import Any

import segno
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.news.models import Article, Autosave
from apps.news.presence import presence_beat
from apps.news.preview_views import preview_answer
from apps.news.services import writing as services
from apps.news.writing_errors import AutosaveInvalid, AutosaveTooBig
from apps.news.writing_selectors import Values, autosave_of, preview_of, values_kept, values_of

TAKE = "take"


class WritingViews:
    """The views of unsaved texts and previews; mixed into the article admin."""

    admin_site: Any
    opts: Any
    _seen: Any
    has_add_permission: Any
    has_change_permission: Any
    message_user: Any

    def writing_urls(self) -> list[URLPattern]:
        """Return the doors."""
        wrap, one = self.admin_site.admin_view, "<uuid:article_id>/"
        return [
            path("autosave/", wrap(self.autosave_view), name="news_article_autosave_new"),
            path("autosave/drop/", wrap(self.autosave_drop_view), name="news_article_autosave_drop_new"),
            path("preview/", wrap(self.preview_view), name="news_article_preview_new"),
            path(f"{one}autosave/", wrap(self.autosave_view), name="news_article_autosave"),
            path(f"{one}autosave/drop/", wrap(self.autosave_drop_view), name="news_article_autosave_drop"),
            path(f"{one}beat/", wrap(self.beat_view), name="news_article_beat"),
            path(f"{one}preview/", wrap(self.preview_view), name="news_article_preview"),
            path(f"{one}preview-link/", wrap(self.preview_link_view), name="news_article_preview_link"),
        ]

    def autosave_view(self, request: HttpRequest, article_id: Any = None) -> HttpResponse:
        """POST JSON ``{"base_version", "seen_at", "fields"}``: keep the unsaved text; answer when, and whether it is behind."""
        if request.method != "POST":
            return HttpResponse(status=405)
        article = self._written(request, article_id)
        try:
            given = _given(request)
            row = services.autosave_write(
                staff=staff_of(request), article_id=article_id, now=clock.now(), **given
            )
        except Refused as refused:
            return _told({"code": refused.code, "message": refused.text()}, status=refused.status)
        behind = article is not None and article.version != given["base_version"]
        return _told(
            {
                "saved_at": row.saved_at.isoformat(),
                "time": f"{clock.local(row.saved_at):%H:%M}",
                "behind": behind,
            }
        )

    def autosave_drop_view(self, request: HttpRequest, article_id: Any = None) -> HttpResponse:
        """POST: throw the unsaved text away and go back to the form."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._written(request, article_id)
        if services.autosave_drop(staff=staff_of(request), article_id=article_id):
            self.message_user(request, _("The unsaved text was thrown away."))
        return HttpResponseRedirect(_form_url(article_id))

    def beat_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """POST: note that the form is open; answer who else has it open."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._written(request, article_id)
        staff = staff_of(request)
        others = presence_beat(article_id=article_id, staff_id=staff.pk, name=str(staff), now=clock.now())
        words = _("%(name)s since %(time)s")
        return _told(
            {
                "others": [
                    str(words) % {"name": other.name, "time": f"{clock.local(other.since):%H:%M}"}
                    for other in others
                ]
            }
        )

    def preview_view(self, request: HttpRequest, article_id: Any = None) -> HttpResponse:
        """POST: the form's values as the phone shows them; nothing is written.  GET: what is stored."""
        article = self._seen(request, article_id) if article_id else None
        if article is None and not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            given = request.POST.dict()
            if len(str(given.get("body_html", "")).encode("utf-8", "replace")) > services.MOST_BYTES:
                return HttpResponse(AutosaveTooBig().text(), status=400, content_type="text/plain")
            values = values_kept(given)
        else:
            values = values_of(article) if article else values_kept({})
        at = article.published_at or clock.now() if article else clock.now()
        return preview_answer(preview_of(values=values, article_id=article_id, at=at))

    def preview_link_view(self, request: HttpRequest, article_id: Any) -> HttpResponse:
        """POST: make a one-time link to the saved text and show it as a QR code."""
        if request.method != "POST":
            return HttpResponse(status=405)
        article = self._seen(request, article_id)
        try:
            link, token = services.preview_link_make(
                article_id=article.pk, staff=staff_of(request), now=clock.now()
            )
        except Refused as refused:
            self.message_user(request, refused.text(), "error")
            return HttpResponseRedirect(_form_url(article_id))
        address = f"{settings.PUBLIC_BASE_URL.rstrip('/')}{reverse('article-preview', args=[token])}"
        context = {
            **self.admin_site.each_context(request), "title": _("Preview on a phone"), "opts": self.opts,
            "article": article, "link": link, "address": address,
            "code": segno.make(address, error="m").svg_inline(scale=6, border=4, dark="#000", light="#fff"),
        }  # fmt: skip
        response = TemplateResponse(request, "admin/news/preview_link.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def get_form(self, request: HttpRequest, obj: Article | None = None, **kwargs: Any) -> Any:
        """Fill the form with the unsaved text where its owner asks for that."""
        form = super().get_form(request, obj, **kwargs)  # type: ignore[misc]
        row = self._unsaved(request, obj) if _takes(request) else None
        if row is None or (obj is not None and row.base_version != obj.version):
            return form
        return type(form.__name__, (form,), {"taken": row.fields})

    def writing_context(self, request: HttpRequest, article: Article | None) -> dict[str, Any]:
        """Return what the form's bar shows: the doors, and the unsaved text that waits for a decision."""
        article_id = article.pk if article else None
        writes = self.has_change_permission(request, article) if article else self.has_add_permission(request)
        row = self._unsaved(request, article) if writes else None
        stored = values_of(article) if article else {}
        behind = row is not None and article is not None and row.base_version != article.version
        waits = row is not None and _differs(row.fields, stored) and request.method == "GET"
        taken = _takes(request) and not behind
        new = "" if article else "_new"
        args = [article_id] if article else []
        return {
            "writing": {
                "writes": writes, "article": article, "unsaved": row if waits and not taken else None, "behind": behind,
                "seen_at": row.saved_at.isoformat() if row else "", "version": article.version if article else 0,
                "autosave_url": reverse(f"admin:news_article_autosave{new}", args=args),
                "drop_url": reverse(f"admin:news_article_autosave_drop{new}", args=args),
                "preview_url": reverse(f"admin:news_article_preview{new}", args=args),
                "beat_url": reverse("admin:news_article_beat", args=args) if article else "",
                "take_url": reverse("admin:news_article_merge", args=args) if behind else f"?unsaved={TAKE}",
            }
        }  # fmt: skip

    def _unsaved(self, request: HttpRequest, article: Article | None) -> Autosave | None:
        return autosave_of(staff=staff_of(request), article_id=article.pk if article else None)

    def _written(self, request: HttpRequest, article_id: Any) -> Article | None:
        """Return the article that this person may write now, None for a new one."""
        article: Article | None = self._seen(request, article_id) if article_id else None
        allowed = (
            self.has_change_permission(request, article) if article else self.has_add_permission(request)
        )
        if not allowed:
            raise PermissionDenied
        return article


def _takes(request: HttpRequest) -> bool:
    return request.method == "GET" and request.GET.get("unsaved") == TAKE


def _differs(unsaved: Values, stored: Values) -> bool:
    return any(unsaved.get(name) != stored.get(name, "") for name in unsaved if name != "pinned" or stored)


def _form_url(article_id: Any) -> str:
    if article_id is None:
        return reverse("admin:news_article_add")
    return reverse("admin:news_article_change", args=[article_id])


def _given(request: HttpRequest) -> dict[str, Any]:
    """Return the arguments that a request gives, each of its type.  Raises AutosaveInvalid."""
    try:
        given = json.loads(request.body)
        seen_at = parse_datetime(given["seen_at"]) if given["seen_at"] else None
        version, fields = given["base_version"], given["fields"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AutosaveInvalid from error
    if type(version) is not int or not isinstance(fields, dict) or (seen_at and seen_at.tzinfo is None):
        raise AutosaveInvalid
    return {"base_version": version, "fields": fields, "seen_at": seen_at}


def _told(values: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = JsonResponse(values, status=status)
    response["Cache-Control"] = "no-store"
    return response
