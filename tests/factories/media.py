"""Pictures of the media library, made through its services."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.storage import default_storage
from PIL import Image

from apps.accounts.models import Staff
from apps.common import clock
from apps.news.models import MediaAsset
from apps.news.services.media import media_change, media_keep
from tests.factories.people import staff_make
from tests.factories.pictures import jpeg

WORDS = ("title", "alt", "decorative", "caption", "credit")


def halves(width: int = 1600, height: int = 800) -> bytes:
    """Return a JPEG whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (width, height), (200, 0, 0))
    picture.paste((0, 0, 200), (width // 2, 0, width, height))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def asset_make(**given: Any) -> MediaAsset:
    """Return a picture with its words, kept by an editor."""
    words = {
        "title": "江滩步道", "alt": "江边的步道", "decorative": False, "caption": "", "credit": "", **given,
    }  # fmt: skip
    stream = words.pop("stream", None) or io.BytesIO(jpeg())
    staff = words.pop("staff", None) or staff_make("editor")
    return media_keep(stream=stream, staff=staff, now=clock.now(), **words)


def picture_kept(staff: Staff, data: bytes | None = None, **words: Any) -> MediaAsset:
    """Return a picture that ``staff`` kept, in two colours unless ``data`` is given."""
    return asset_make(staff=staff, stream=io.BytesIO(data or halves()), **words)


def picture_changed(asset: MediaAsset, **given: Any) -> MediaAsset:
    """Return the picture with ``given`` changed as someone who has just opened it would."""
    words = {name: getattr(asset, name) for name in (*WORDS, "focal_x", "focal_y")}
    return media_change(asset_id=asset.id, **({"seen_version": asset.version} | words | given))


def body_with(asset: MediaAsset) -> str:
    """Return the body of an article that shows the picture."""
    return f'<p>文</p><img src="/media/public/{asset.upload_id}/body.webp" alt="{asset.alt}">'


def files_stored() -> list[str]:
    """Return the paths of everything that is stored."""
    found, folders = [], [""]
    while folders:
        folder = folders.pop()
        below, names = default_storage.listdir(folder)
        folders += [f"{folder}/{one}".lstrip("/") for one in below]
        found += [f"{folder}/{name}" for name in names]
    return sorted(found)


def picture_file(data: bytes | None = None) -> io.BytesIO:
    """Return a file as a form sends it."""
    file = io.BytesIO(data or halves())
    file.name = "photo.jpg"
    return file
