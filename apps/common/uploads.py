"""Uploads: keeping a cleaned picture, claiming it, linking to it for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.signing import BadSignature, TimestampSigner
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.errors import Refused
from apps.common.files import CleanImage
from apps.common.ids import uuid7
from apps.common.models import Upload

LOOSE_KEPT = dt.timedelta(hours=24)
LINK_LIFETIME = dt.timedelta(hours=2)
_signer = TimestampSigner(salt="upload-link")


class UploadNotFound(Refused):
    code = "upload_not_found"
    message = _("A photo is missing, was used already or belongs to someone else. Please add it again.")
    status = 400


def upload_keep(*, clean: CleanImage, owner_id: UUID | None, purpose: str, now: dt.datetime) -> Upload:
    """Store a picture that ``image_clean`` returned and record it.  1 query.

    The file is written before the row: a crash between leaves a file nobody points to, never a row without a file.
    """
    upload_id = uuid7()
    path, thumb_path = _store(upload_id, clean, now)
    return Upload.objects.create(
        id=upload_id, owner_id=owner_id, purpose=purpose, path=path, thumb_path=thumb_path,
        content_type=clean.content_type, size_bytes=len(clean.data), width=clean.width, height=clean.height,
        sha256=clean.sha256, created_at=now,
    )  # fmt: skip


def _store(upload_id: UUID, clean: CleanImage, now: dt.datetime) -> tuple[str, str]:
    folder = f"uploads/{clock.local(now):%Y/%m/%d}"
    path, thumb_path = f"{folder}/{upload_id}.jpg", f"{folder}/{upload_id}_s.jpg"
    return (
        default_storage.save(path, ContentFile(clean.data)),
        default_storage.save(thumb_path, ContentFile(clean.thumb)),
    )


_CLAIM = """
UPDATE common_upload SET attached_at = %s, attached_to = %s
WHERE id = ANY(%s) AND owner_id = %s AND purpose = %s AND attached_at IS NULL
RETURNING *
"""


def uploads_claim(
    *, ids: Sequence[UUID], owner_id: UUID, purpose: str, attached_to: UUID, now: dt.datetime
) -> list[Upload]:
    """Attach loose uploads of ``owner_id`` to a row of the caller's transaction and return them.  1 query, 0 for no ids.

    Raises UploadNotFound when one is missing, used, of another owner or of another purpose; two claims at once
    can not both win, since the condition stands in the UPDATE.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    claimed = list(Upload.objects.raw(_CLAIM, [now, attached_to, wanted, owner_id, purpose]))
    if len(claimed) != len(wanted):
        raise UploadNotFound(attr="uploads")
    return sorted(claimed, key=lambda upload: upload.id)


_STAFF_CLAIM = """
UPDATE common_upload SET attached_at = %s, attached_to = %s
WHERE id = ANY(%s) AND owner_id IS NULL AND purpose = %s AND attached_at IS NULL
"""


def staff_uploads_claim(*, ids: Sequence[UUID], purpose: str, attached_to: UUID, now: dt.datetime) -> None:
    """Attach loose uploads that staff made to a row of the caller's transaction.  1 query, 0 for no ids.

    Raises UploadNotFound when one is missing, used, a resident's or of another purpose.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_STAFF_CLAIM, [now, attached_to, wanted, purpose])
        if cursor.rowcount != len(wanted):
            raise UploadNotFound(attr="photos")


def upload_link(upload: Upload, *, thumb: bool = False) -> str:
    """Return a path that shows the picture for two hours to whoever holds it: ``<image>`` can send no header."""
    token = _signer.sign(f"{upload.id.hex}{'s' if thumb else 'f'}")
    return reverse("upload-file", kwargs={"token": token})


def upload_of_link(token: str) -> tuple[Upload, str] | None:
    """Return the upload and the stored path that ``token`` names, or None when it is wrong or too old.  1 query."""
    try:
        text = _signer.unsign(token, max_age=LINK_LIFETIME)
        upload = Upload.objects.get(id=UUID(text[:32]))
    except (BadSignature, ValueError, Upload.DoesNotExist):
        return None
    return upload, upload.thumb_path if text[32:] == "s" else upload.path


def upload_drop(*, upload: Upload) -> None:
    """Delete an upload that nothing points to any more; its files go once the transaction has committed.  1 query."""
    paths = (upload.path, upload.thumb_path)
    upload.delete()
    files_drop_after_commit(paths=paths)


def files_drop_after_commit(*, paths: Sequence[str]) -> None:
    """Delete stored files once the transaction has committed: after a rollback their rows still point to them."""
    if paths:
        transaction.on_commit(partial(_files_drop, tuple(paths)))


def _files_drop(paths: Sequence[str]) -> None:
    for path in paths:
        default_storage.delete(path)


def uploads_purge(*, now: dt.datetime, batch: int = 500) -> int:
    """Delete at most ``batch`` uploads that nothing claimed within a day, files first.  Returns how many."""
    with transaction.atomic():
        loose = list(
            Upload.objects.select_for_update(skip_locked=True).filter(
                attached_at=None, created_at__lt=now - LOOSE_KEPT
            )[:batch]
        )
        for upload in loose:
            default_storage.delete(upload.path)
            default_storage.delete(upload.thumb_path)
        Upload.objects.filter(id__in=[upload.id for upload in loose]).delete()
    return len(loose)
