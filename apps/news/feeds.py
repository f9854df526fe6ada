"""Feeds of what became public last: Atom 1.0 (RFC 4287) and JSON Feed 1.1 (jsonfeed.org)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.common import clock
from apps.news import public_selectors
from apps.news.media_selectors import media_url
from apps.news.text import html_phone

ENTRIES = 50
JSON_FEED = "https://jsonfeed.org/version/1.1"


@require_GET
def articles_atom(request: HttpRequest) -> HttpResponse:
    """Answer the newest 50 articles, of one column and those below it with ``?column=``, as Atom."""
    rows = _rows(request)
    feed = Atom1Feed(
        title=_feed_title(), link=_absolute(reverse("articles")), description=None, language=settings.LANGUAGE_CODE,
        feed_url=_address(request, "feed-atom"), feed_guid=_address(request, "feed-atom"), author_name=_feed_title(),
    )  # fmt: skip
    for row in rows:
        feed.add_item(
            title=row["title"], link=_link(row), description=html_phone(row["body_html"], settings.PUBLIC_BASE_URL),
            unique_id=_guid(row), pubdate=row["go_live_at"], updateddate=row["updated_at"],
            author_name=row["author"] or None, categories=[row["column_name"]],
        )  # fmt: skip
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


@require_GET
def articles_json(request: HttpRequest) -> HttpResponse:
    """Answer the newest 50 articles, of one column and those below it with ``?column=``, as a JSON Feed."""
    feed = {
        "version": JSON_FEED,
        "title": _feed_title(),
        "home_page_url": _absolute("/"),
        "feed_url": _address(request, "feed-json"),
        "language": settings.LANGUAGE_CODE,
        "items": [_item(row) for row in _rows(request)],
    }
    answer = JsonResponse(feed, json_dumps_params={"ensure_ascii": False})
    answer["Content-Type"] = "application/feed+json"
    return answer


def _item(row: public_selectors.Row) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": _guid(row),
        "url": _link(row),
        "title": row["title"],
        "content_html": html_phone(row["body_html"], settings.PUBLIC_BASE_URL),
        "date_published": clock.local(row["go_live_at"]).isoformat(timespec="seconds"),
        "date_modified": clock.local(row["updated_at"]).isoformat(timespec="seconds"),
        "tags": [row["column_name"]],
    }
    if row["summary"]:
        item["summary"] = row["summary"]
    if row["author"]:
        item["authors"] = [{"name": row["author"]}]
    if row["cover_id"]:
        item["image"] = _absolute(media_url(upload_id=row["cover_id"]))
    return item


def _rows(request: HttpRequest) -> list[public_selectors.Row]:
    column = request.GET.get("column") or None
    return public_selectors.articles_newest(column=column, limit=ENTRIES, now=clock.now())


def _feed_title() -> str:
    return _("News of Qingshan District")


def _guid(row: public_selectors.Row) -> str:
    """Return what names an article for ever, wherever it is served from (RFC 4122)."""
    return f"urn:uuid:{row['article_id']}"


def _link(row: public_selectors.Row) -> str:
    return _absolute(reverse("article", args=[row["article_id"]]))


def _address(request: HttpRequest, name: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    return _absolute(f"{reverse(name)}?{query}" if query else reverse(name))


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_BASE_URL.rstrip('/')}{path}"
