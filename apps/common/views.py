"""Doors outside of the API: pictures, health."""

from __future__ import annotations

import time
from uuid import UUID

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from apps.common import uploads
from apps.common.heartbeat import LANES, heartbeat_age_s
from apps.common.models import Upload

HEARTBEAT_MAX_AGE_S = 90


@require_GET
def upload_file(_request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the picture of a signed link; a wrong or old link is 404."""
    found = uploads.upload_of_link(token)
    if found is None or not default_storage.exists(found[1]):
        raise Http404
    upload, path = found
    response = FileResponse(default_storage.open(path), content_type=upload.content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether requests and messages can be served: 200 or 503 with what is missing."""
    parts = {"database": _database(), "migrations": _migrations(), "redis": _redis()}
    parts |= {f"worker_{lane}": _worker(lane) for lane in LANES}
    ready = all(part == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", **parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unavailable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unavailable"
    return "behind" if plan else "ok"


def _redis() -> str:
    value = int(time.time())
    cache.set("readyz", value, timeout=60)
    return "ok" if cache.get("readyz") is not None else "unavailable"


def _worker(lane: str) -> str:
    age = heartbeat_age_s(lane)
    return "ok" if age is not None and age < HEARTBEAT_MAX_AGE_S else "silent"


@require_GET
def upload_public(_request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    """Send a picture of an article or of a place; those of cases have only signed links."""
    public = (Upload.Purpose.ARTICLE, Upload.Purpose.FACILITY)
    upload = Upload.objects.filter(id=upload_id, purpose__in=public).first()
    if upload is None or not default_storage.exists(upload.path):
        raise Http404
    response = FileResponse(default_storage.open(upload.path), content_type=upload.content_type)
    response["Cache-Control"] = "public, max-age=86400"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
