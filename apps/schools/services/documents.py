"""Papers of an application: kept encrypted, shown to staff with their name across it, each look recorded."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from PIL import Image, ImageDraw, ImageFont

from apps.common.clock import local
from apps.common.crypto import decrypt_bytes, encrypt_bytes
from apps.common.files import image_clean
from apps.schools.errors import ApplicationMoveRefused, DocumentsTooMany, DocumentUnknown
from apps.schools.models import ApplicationDocument
from apps.schools.services.applying import By, may_work, own
from apps.schools.services.journal import look_record
from apps.schools.states import OPEN_TO_FAMILY

MOST_DOCUMENTS = 12
_CONTEXT = "schools.applicationdocument.content"


def document_add(
    *, application_id: UUID, by: By, kind: str, stream: IO[bytes], now: dt.datetime
) -> ApplicationDocument:
    """Keep a paper's picture, cleaned and encrypted, with an application that is still open to the family.  About 5 queries.

    Raises ApplicationUnknown, ApplicationMoveRefused, DocumentsTooMany, and what ``image_clean`` raises.
    """
    clean = image_clean(stream=stream)
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        if row.state not in OPEN_TO_FAMILY:
            raise ApplicationMoveRefused
        if row.documents.filter(removed_at=None).count() >= MOST_DOCUMENTS:
            raise DocumentsTooMany(attr="file", limit=MOST_DOCUMENTS)
        return ApplicationDocument.objects.create(
            application=row, kind=kind, content=encrypt_bytes(clean.data, context=_CONTEXT), size_bytes=len(clean.data),
            sha256=hashlib.sha256(clean.data).hexdigest(), added_at=now,
        )  # fmt: skip


def document_remove(*, application_id: UUID, document_id: UUID, by: By, now: dt.datetime) -> None:
    """Take a paper away again while the application is open to the family; its content goes.  About 4 queries.

    Raises ApplicationUnknown, ApplicationMoveRefused, DocumentUnknown.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        if row.state not in OPEN_TO_FAMILY:
            raise ApplicationMoveRefused
        gone = row.documents.filter(pk=document_id, removed_at=None).update(
            removed_at=now, content=b"", size_bytes=0
        )
        if not gone:
            raise DocumentUnknown


def document_view(*, document_id: UUID, staff: Any, now: dt.datetime) -> bytes:
    """Return a paper as JPEG with the viewer's name and the moment across it; the look is recorded first.  4 queries.

    Raises DocumentUnknown, also for another unit's.
    """
    found = (
        ApplicationDocument.objects.filter(pk=document_id, removed_at=None)
        .select_related("application__round")
        .first()
    )
    if found is None or not may_work(staff, found.application.round):
        raise DocumentUnknown
    application = found.application
    look_record(row=application, staff=staff, data=f"paper {found.kind}", reason="review", now=now)
    data = decrypt_bytes(bytes(found.content), context=_CONTEXT)
    return watermarked(data=data, text=f"{staff.username} {local(now):%Y-%m-%d %H:%M} {application.number}")


def watermarked(*, data: bytes, text: str) -> bytes:
    """Return a JPEG with ``text`` across it at every fifth of its height: a photograph of the screen tells who took it."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    size = max(14, picture.width // 40)
    font = ImageFont.load_default(size=size)
    pen = ImageDraw.Draw(layer)
    for step in range(5):
        top = int((step + 0.5) * picture.height / 5)
        for left in range(-(step % 2) * 5 * size, picture.width, (len(text) + 6) * size * 2 // 3):
            pen.text((left, top), text, font=font, fill=(200, 0, 0, 110))
    out = io.BytesIO()
    Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB").save(out, "JPEG", quality=82)
    return out.getvalue()
