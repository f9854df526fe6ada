"""Writes of the media library: keeping a picture, its words and crops, where it is used, deleting it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import ProtectedError

from apps.common.files import CleanImage, image_clean
from apps.common.ids import uuid7
from apps.common.models import Upload
from apps.common.uploads import files_drop_after_commit, staff_uploads_claim, upload_drop, upload_keep
from apps.news.errors import (
    FocalPointOutside,
    MediaAltNeeded,
    MediaChanged,
    MediaNotFound,
    MediaTextInvalid,
    MediaUsed,
)
from apps.news.models import MediaAsset, MediaRendition, MediaUse
from apps.news.models.media import ALT_CHARS, CAPTION_CHARS, CREDIT_CHARS, TITLE_CHARS
from apps.news.renditions import CROPS, SIZES, Size, renditions_made
from apps.news.text import html_images

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# The least and the most characters of each.
_TEXTS = {
    "title": (1, TITLE_CHARS),
    "alt": (0, ALT_CHARS),
    "caption": (0, CAPTION_CHARS),
    "credit": (0, CREDIT_CHARS),
}


def media_keep(
    *,
    stream: IO[bytes],
    title: str,
    alt: str,
    decorative: bool,
    caption: str,
    credit: str,
    staff: Staff,
    now: dt.datetime,
) -> MediaAsset:
    """Take a picture into the library, in all its sizes.  4 queries.

    0.6 s for a JPEG of 40 megapixels, 1 s for a PNG, half of it before the transaction.
    Raises MediaAltNeeded, MediaTextInvalid and what ``image_clean`` raises; then nothing is kept.
    """
    words = {"title": title, "alt": alt, "decorative": decorative, "caption": caption, "credit": credit}
    _words_check(_asset(words, staff, now))  # before the work of decoding
    return media_keep_clean(clean=image_clean(stream=stream), words=words, staff=staff, now=now)


def media_keep_clean(
    *, clean: CleanImage, words: dict[str, Any], staff: Staff, now: dt.datetime
) -> MediaAsset:
    """Take a picture that ``image_clean`` returned into the library, in all its sizes.  4 queries.

    ``words``  title, alt, decorative, caption and credit
    Raises MediaAltNeeded, MediaTextInvalid; then nothing is kept.
    """
    asset = _asset(words, staff, now)
    _words_check(asset)
    with transaction.atomic():
        asset.upload = upload_keep(clean=clean, owner_id=None, purpose=Upload.Purpose.ARTICLE, now=now)
        staff_uploads_claim(
            ids=[asset.upload.id], purpose=Upload.Purpose.ARTICLE, attached_to=asset.id, now=now
        )
        asset.save(force_insert=True)
        MediaRendition.objects.bulk_create(_renditions(asset, clean.data, SIZES))
    return asset


def _asset(words: dict[str, Any], staff: Staff, now: dt.datetime) -> MediaAsset:
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in words.items()}
    return MediaAsset(id=uuid7(), uploaded_by=staff, created_at=now, **stripped)


def media_change(
    *,
    asset_id: UUID,
    seen_version: int,
    title: str,
    alt: str,
    decorative: bool,
    caption: str,
    credit: str,
    focal_x: float,
    focal_y: float,
) -> MediaAsset:
    """Write the words and the focal point; where the point moved, the crops are made anew.  2 queries, 5 with crops.

    ``focal_x``, ``focal_y``  0 to 1, from the left and from the top
    Texts in which the picture stands keep the words that they were signed with.
    Raises MediaNotFound, MediaChanged, MediaAltNeeded, MediaTextInvalid, FocalPointOutside.
    """
    with transaction.atomic():
        asset = _locked(asset_id)
        if asset.version != seen_version:
            raise MediaChanged(version=asset.version)
        moved = (asset.focal_x, asset.focal_y) != (focal_x, focal_y)
        asset.title, asset.alt, asset.decorative = title.strip(), alt.strip(), decorative
        asset.caption, asset.credit = caption.strip(), credit.strip()
        asset.focal_x, asset.focal_y = focal_x, focal_y
        _words_check(asset)
        if not all(math.isfinite(part) and 0 <= part <= 1 for part in (focal_x, focal_y)):
            raise FocalPointOutside(attr="focal_x")
        asset.version += 1
        asset.save(force_update=True)
        if moved:
            _crops_renew(asset)
    return asset


def media_delete(*, asset_id: UUID) -> None:
    """Delete a picture with its sizes; the files go after the commit.  7 queries.

    Raises MediaNotFound; MediaUsed while it stands in an article or in a version of one.
    """
    with transaction.atomic():
        asset = _locked(asset_id)
        used = MediaUse.objects.filter(asset=asset).count()
        if used:
            raise MediaUsed(count=used)
        files_drop_after_commit(paths=list(asset.renditions.values_list("path", flat=True)))
        try:
            asset.delete()
        except ProtectedError as error:
            raise MediaUsed(count=len(error.protected_objects)) from error
        upload_drop(upload=asset.upload)


# Key share: as many writers as like may name a picture at once, and none of them while it is being deleted.
_HELD = """
SELECT id, upload_id FROM news_mediaasset WHERE upload_id = ANY(%s) OR id = %s ORDER BY id FOR KEY SHARE
"""


def media_uses_write(
    *, article_id: UUID, html: str, cover_asset_id: UUID | None, revision_id: UUID | None = None
) -> list[UUID]:
    """Write down which pictures a text shows, in place of what stood there.  3 queries, 1 for a text without pictures.

    ``revision_id``  None for the working copy
    Returns the uploads that ``html`` shows and the media library does not hold, in order.
    """
    shown = [upload_id for upload_id, _alt in html_images(html)]
    with transaction.atomic():
        held = _held(shown, cover_asset_id)
        wanted = {(held[upload_id], "body") for upload_id in shown if upload_id in held}
        if cover_asset_id is not None:
            wanted.add((cover_asset_id, "cover"))
        MediaUse.objects.filter(article_id=article_id, revision_id=revision_id).delete()
        MediaUse.objects.bulk_create(
            MediaUse(asset_id=asset_id, article_id=article_id, revision_id=revision_id, place=place)
            for asset_id, place in sorted(wanted)
        )
    return [upload_id for upload_id in dict.fromkeys(shown) if upload_id not in held]


def _held(upload_ids: list[UUID], asset_id: UUID | None) -> dict[UUID, UUID]:
    if not upload_ids and asset_id is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [upload_ids, asset_id])
        return {upload_id: found for found, upload_id in cursor.fetchall()}


def _locked(asset_id: UUID) -> MediaAsset:
    held = MediaAsset.objects.select_related("upload").select_for_update(of=("self",))
    asset: MediaAsset | None = held.filter(id=asset_id).first()
    if asset is None:
        raise MediaNotFound
    return asset


def _words_check(asset: MediaAsset) -> None:
    for name, (least, most) in _TEXTS.items():
        if not least <= len(getattr(asset, name)) <= most:
            label = getattr(MediaAsset._meta.get_field(name), "verbose_name", name)
            raise MediaTextInvalid(attr=name, field=str(label), least=least, most=most)
    if asset.decorative == bool(asset.alt):
        raise MediaAltNeeded(attr="alt")


def _renditions(asset: MediaAsset, data: bytes, sizes: Iterable[Size]) -> list[MediaRendition]:
    folder = asset.upload.path.removesuffix(".jpg")
    rows = []
    for made in renditions_made(data=data, focal_x=asset.focal_x, focal_y=asset.focal_y, sizes=sizes):
        # The version too: files of an older one may still be on their way out while this one is written.
        path = default_storage.save(f"{folder}/{asset.version}-{made.file_name}", ContentFile(made.data))
        rows.append(
            MediaRendition(
                asset=asset, name=made.name, format=made.format, width=made.width, height=made.height, path=path,
                size_bytes=len(made.data),
            )
        )  # fmt: skip
    return rows


def _crops_renew(asset: MediaAsset) -> None:
    with default_storage.open(asset.upload.path) as file:
        fresh = _renditions(asset, file.read(), CROPS)
    old = asset.renditions.filter(name__in=[size.name for size in CROPS])
    files_drop_after_commit(paths=list(old.values_list("path", flat=True)))
    old.delete()
    MediaRendition.objects.bulk_create(fresh)
