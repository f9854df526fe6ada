"""The sizes of a picture: how a crop keeps its focal point, and the files that come of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

SUFFIXES = {"webp": "webp", "jpeg": "jpg"}
CONTENT_TYPES = {"webp": "image/webp", "jpeg": "image/jpeg"}
# Method 2 takes two thirds of the time of the default 4 for 3 % more bytes (a photo of 2560 × 1894).
_SAVED = {"webp": {"quality": 80, "method": 2}, "jpeg": {"quality": 82, "optimize": True}}


@dataclass(frozen=True, slots=True)
class Size:
    """A size that is made of each picture: scaled to a width, or cropped where there is a height too."""

    name: str
    width: int
    height: int | None = None


SIZES = (
    Size("wide", 1280),
    Size("body", 750),  # a phone's 375 points, twice as sharp
    Size("list", 480, 320),
    Size("square", 240, 240),
)
CROPS = tuple(size for size in SIZES if size.height)


@dataclass(frozen=True, slots=True)
class Made:
    """One file: its pixels and what they are."""

    name: str
    format: str
    width: int
    height: int
    data: bytes

    @property
    def file_name(self) -> str:
        """Return a name that changes with the content."""
        return f"{self.name}-{hashlib.sha256(self.data).hexdigest()[:24]}.{SUFFIXES[self.format]}"


def crop_box(
    *, width: int, height: int, ratio: float, focal_x: float, focal_y: float
) -> tuple[int, int, int, int]:
    """Return the largest box of ``ratio`` (width to height) in a picture, as near around the focal point as its edges let.

    ``focal_x``, ``focal_y``  0 to 1, from the left and from the top
    Returns left, top, right, bottom in pixels.
    """
    box_width = min(width, max(1, round(height * ratio)))
    box_height = min(height, max(1, round(width / ratio)))
    left = min(max(round(width * focal_x - box_width / 2), 0), width - box_width)
    top = min(max(round(height * focal_y - box_height / 2), 0), height - box_height)
    return left, top, left + box_width, top + box_height


def renditions_made(
    *, data: bytes, focal_x: float, focal_y: float, sizes: Iterable[Size] = SIZES
) -> list[Made]:
    """Return ``data`` (a picture that ``image_clean`` returned) in each of ``sizes`` as WebP and JPEG, never enlarged.

    About 0.3 s for all of them of 2560 × 1894 pixels.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        flat = picture.convert("RGB")
    made = []
    for size in sizes:
        small = _sized(flat, size, focal_x, focal_y)
        made += [Made(size.name, kind, small.width, small.height, _written(small, kind)) for kind in SUFFIXES]
    return made


def _sized(picture: Image.Image, size: Size, focal_x: float, focal_y: float) -> Image.Image:
    if size.height is None:
        width = min(size.width, picture.width)
        return _scaled(picture, width, max(1, round(picture.height * width / picture.width)))
    box = crop_box(
        width=picture.width, height=picture.height, ratio=size.width / size.height, focal_x=focal_x, focal_y=focal_y
    )  # fmt: skip
    cut = picture.crop(box)
    return _scaled(cut, size.width, size.height) if cut.width > size.width else cut


def _scaled(picture: Image.Image, width: int, height: int) -> Image.Image:
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _written(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind.upper(), **_SAVED[kind])
    return out.getvalue()
