"""The public door of pictures in their sizes."""

from __future__ import annotations

from pathlib import PurePosixPath
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET

from apps.news import media_selectors

# An hour, not a day: when the focal point moves, the new crop stands at the same address.
KEPT_S = 3600


@require_GET
def media_rendition(request: HttpRequest, upload_id: UUID, name: str, suffix: str) -> HttpResponseBase:
    """Send a size of a picture, or 304 to who has it already: its stored name changes with its content.  1 query."""
    found = media_selectors.rendition_public(upload_id=upload_id, name=name, suffix=suffix)
    if found is None or not default_storage.exists(found[0]):
        raise Http404
    stored, content_type = found
    etag = f'"{PurePosixPath(stored).stem}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(default_storage.open(stored), content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={KEPT_S}"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
