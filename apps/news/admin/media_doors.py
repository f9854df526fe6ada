"""Doors of the media library beside its list and form: the editor's picker, several files at once, several deletions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.bulk import Outcome, ids_named, ids_text, outcome_of
from apps.common.errors import Refused
from apps.common.files import MAX_BYTES
from apps.news import media_selectors
from apps.news.models import MediaAsset
from apps.news.services.media import media_delete, media_keep

PAGE = 24
PAGES = 100


class MediaDoors:
    """The views; mixed into the media library's admin."""

    admin_site: Any
    opts: Any
    has_view_permission: Any
    has_add_permission: Any
    has_delete_permission: Any
    actions: ClassVar[Any] = ["delete_begin"]

    def door_urls(self) -> list[URLPattern]:
        """Return the doors."""
        wrap = self.admin_site.admin_view
        return [
            path("picker/", wrap(require_GET(self.picker_view)), name="news_mediaasset_picker"),
            path("several/", wrap(require_GET(self.several_view)), name="news_mediaasset_several"),
            path("keep/", wrap(require_POST(self.keep_view)), name="news_mediaasset_keep"),
            path("delete-several/", wrap(self.delete_several_view), name="news_mediaasset_delete_several"),
        ]

    def picker_view(self, request: HttpRequest) -> HttpResponse:
        """Return pictures for the editor, newest first: ``{"results": […], "more"}``.  ``q`` searches, ``page`` turns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = request.GET.get("page", "0")
        page = min(int(number), PAGES) if number.isascii() and number.isdigit() else 0
        text = request.GET.get("q", "").replace("\0", "").strip()[:60]
        rows = media_selectors.assets_found(text=text, limit=PAGE + 1, offset=page * PAGE)
        return JsonResponse({"results": rows[:PAGE], "more": len(rows) > PAGE})

    def several_view(self, request: HttpRequest) -> HttpResponse:
        """Show the page on which several files are chosen, each with words of its own."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Add several pictures"),
            "most_mb": MAX_BYTES // 1024 // 1024,
        }  # fmt: skip
        return TemplateResponse(request, "admin/news/media_several.html", context)

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """POST one file with its words: 201 with the picture, or why not, with the status of the refusal."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        file, words = request.FILES.get("file"), request.POST
        if file is None:
            return JsonResponse(
                {"code": "file_missing", "message": str(_("Please choose a file."))}, status=400
            )
        try:
            asset = media_keep(
                stream=file, title=words.get("title", ""), alt=words.get("alt", ""),
                decorative=words.get("decorative") == "on", caption=words.get("caption", ""),
                credit=words.get("credit", ""), staff=staff_of(request), now=clock.now(),
            )  # fmt: skip
        except Refused as refused:
            return JsonResponse({"code": refused.code, "message": refused.text()}, status=refused.status)
        made = {
            "id": str(asset.id),
            "title": asset.title,
            "thumb": media_selectors.media_url(upload_id=asset.upload_id, name="square"),
            "url": reverse("admin:news_mediaasset_change", args=[asset.pk]),
        }
        return JsonResponse(made, status=201)

    @admin.action(description=_("Delete the selected pictures …"), permissions=["delete"])
    def delete_begin(self, _request: HttpRequest, queryset: QuerySet[MediaAsset]) -> HttpResponse:
        """Go to the page that asks."""
        return HttpResponseRedirect(
            f"{reverse('admin:news_mediaasset_delete_several')}?ids={ids_text(queryset)}"
        )

    def delete_several_view(self, request: HttpRequest) -> HttpResponse:
        """GET: ask.  POST: delete each picture in a transaction of its own, with a result per row."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        assets = _assets(request)
        outcomes = [_deleted(asset) for asset in assets] if request.method == "POST" else []
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": _("Delete %(count)s pictures") % {"count": len(assets)}, "assets": assets,
            "ids": ",".join(str(asset.pk) for asset in assets), "outcomes": outcomes,
            "done": sum(one.done for one in outcomes),
        }  # fmt: skip
        return TemplateResponse(request, "admin/news/media_delete.html", context)


def _assets(request: HttpRequest) -> list[MediaAsset]:
    return list(MediaAsset.objects.filter(id__in=ids_named(request)).order_by("-created_at", "-id"))


def _deleted(asset: MediaAsset) -> Outcome:
    return outcome_of(asset, lambda: media_delete(asset_id=asset.pk))
