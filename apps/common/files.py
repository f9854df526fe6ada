"""File intake: what comes in as an image leaves as a fresh one.

The type is told by content, never by name; the picture is decoded and encoded anew, so that metadata (EXIF, GPS),
trailing data and disguised HTML do not survive.  SVG and HTML are not images here.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import IO, ClassVar

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.common.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONG_SIDE = (
    2560  # enough to read a number plate on a photo of a street, a third of the bytes of a phone's original
)
THUMB_SIDE = 480
ACCEPTED = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


class FileTypeRefused(Refused):
    code = "file_type"
    message = _("This is not a photo that can be used. Accepted are JPEG, PNG, WebP, GIF and BMP.")
    status = 400


class FileBroken(Refused):
    code = "file_broken"
    message = _("The photo is damaged or incomplete and can not be read.")
    status = 400


class FileTooBig(Refused):
    code = "file_too_big"
    message = _("The file is larger than %(limit_mb)s MB.")
    status = 413


class ImageTooLarge(Refused):
    code = "image_too_large"
    message = _("The picture has more than %(limit_megapixels)s million pixels.")
    status = 413


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A re-encoded picture and its thumbnail, both JPEG without metadata."""

    data: bytes
    thumb: bytes
    width: int
    height: int
    sha256: str
    content_type: ClassVar[str] = "image/jpeg"


def image_clean(*, stream: IO[bytes], attr: str = "file") -> CleanImage:
    """Return the picture in ``stream`` turned upright, at most 2560 px on its long side, as JPEG.

    Raises FileTooBig (over 10 MiB), FileTypeRefused, ImageTooLarge (over 40 megapixels, told from the header before
    a pixel is decoded), FileBroken.  ``attr`` names the field in the refusal.
    """
    raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise FileTooBig(attr=attr, limit_mb=MAX_BYTES // 1024 // 1024)
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on; our own limit stands below and is tested right after opening.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(raw), formats=ACCEPTED)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(attr=attr, limit_megapixels=MAX_PIXELS // 1_000_000) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise FileTypeRefused(attr=attr) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageTooLarge(attr=attr, limit_megapixels=MAX_PIXELS // 1_000_000)
    try:
        # A JPEG is decoded at a fraction of its size when that is enough: a quarter of the work for a phone's photo.
        picture.draft("RGB", (LONG_SIDE, LONG_SIDE))
        picture.load()
        upright = _flat(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise FileBroken(attr=attr) from error
    upright.thumbnail((LONG_SIDE, LONG_SIDE))
    data = _jpeg(upright, quality=85)
    width, height = upright.size
    upright.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return CleanImage(data, _jpeg(upright, quality=75), width, height, hashlib.sha256(data).hexdigest())


def _flat(picture: Image.Image) -> Image.Image:
    """Return an RGB picture of its own pixels only; transparency becomes white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    flat = Image.new("RGB", picture.size)
    flat.paste(picture.convert("RGB"))
    return flat


def _jpeg(picture: Image.Image, *, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
