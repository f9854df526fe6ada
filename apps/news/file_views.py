"""The doors of attachments: files to save, never pages to look at."""

from __future__ import annotations

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from apps.common import clock
from apps.news.attachment_selectors import attachment_public as public_of
from apps.news.models import Attachment


@require_GET
def attachment_public(_request: HttpRequest, attachment_id: UUID) -> HttpResponseBase:
    """Send a file while a version that holds it is public; after that it is gone for everyone who has the address."""
    row = public_of(attachment_id=attachment_id, now=clock.now())
    if row is None:
        raise Http404
    return attachment_answer(row)


def attachment_answer(row: Attachment) -> HttpResponseBase:
    """Return the file as something to save; 404 when it is not in the store."""
    if not default_storage.exists(row.path):
        raise Http404
    # FileResponse closes the file.
    response = FileResponse(
        default_storage.open(row.path), as_attachment=True, filename=row.name, content_type=row.content_type
    )
    inert(response)
    return response


def inert(response: HttpResponseBase) -> None:
    """Let a browser neither guess another type, nor run anything, nor keep it: it may be retracted any moment."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
