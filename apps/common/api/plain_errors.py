"""Errors that arise before a view is reached: the API's one shape below ``/api/``, Django's pages elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults


def _shape(status: int, kind: str, code: str, detail: str) -> JsonResponse:
    error = {"code": code, "detail": detail, "attr": None}
    return JsonResponse(
        {"type": kind, "errors": [error]}, status=status, json_dumps_params={"ensure_ascii": False}
    )


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    """404."""
    if request.path.startswith("/api/"):
        return _shape(404, "client_error", "not_found", _("Not found."))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    """400: a host that is not ours, a path that can not be."""
    if request.path.startswith("/api/"):
        return _shape(400, "client_error", "bad_request", _("The request can not be read."))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the request id in the header is all that is told."""
    if request.path.startswith("/api/"):
        return _shape(
            500, "server_error", "error", _("Something went wrong on our side. It has been recorded.")
        )
    return defaults.server_error(request)
