"""The public door of preview links, and the page of a text as the phone shows it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.common import clock
from apps.news.models import PreviewLink
from apps.news.services.writing import preview_link_use
from apps.news.text import html_clean, html_phone
from apps.news.writing_errors import PreviewGone
from apps.news.writing_selectors import SHOWN_FOR, preview_link_open

COOKIE, SALT = "qs_preview", "news.preview"
_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


# The token in the path is what a forger would have to know.  Django's own check can not be used either: with
# "no-referrer" a browser sends "Origin: null", which it refuses.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a button, or the text for the phone that pressed it.  POST: use the link up, once.

    Chats and mail open links to look what they are: what only looks (GET) does not use a link up.
    """
    now = clock.now()
    link = preview_link_open(token=token, now=now)
    if link is not None and link.used_at is not None and _is_this_phone(request, link):
        return _to_itself(request) if request.method == "POST" else preview_answer(link.content)
    if link is None or link.used_at is not None:
        return _page(request, gone=True, status=410)
    if request.method != "POST":
        return _page(request, gone=False, status=200)
    try:
        link = preview_link_use(token=token, now=now)
    except PreviewGone:
        return _page(request, gone=True, status=410)
    response = _to_itself(request)
    response.set_signed_cookie(
        COOKIE, str(link.pk), salt=SALT, max_age=int(SHOWN_FOR.total_seconds()), path=request.path, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip
    return response


def preview_answer(content: dict[str, Any]) -> HttpResponse:
    """Return the page of what ``writing_selectors.preview_of`` gives; its body passes the gate once more.  0 queries."""
    body = html_phone(html_clean(content["body_html"]), "")
    return _closed(
        HttpResponse(render_to_string("admin/news/preview_page.html", {"shown": content, "body": body}))
    )


def _is_this_phone(request: HttpRequest, link: PreviewLink) -> bool:
    kept = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=SHOWN_FOR)
    return bool(kept == str(link.pk))


def _to_itself(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(request.path)
    response.status_code = 303
    return _closed(response)


def _page(request: HttpRequest, *, gone: bool, status: int) -> HttpResponse:
    return _closed(render(request, "admin/news/preview_open.html", {"gone": gone}, status=status))


def _closed(response: HttpResponse) -> HttpResponse:
    """Let nobody find it, keep it, frame it or learn its address from where it leads."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = _POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response
