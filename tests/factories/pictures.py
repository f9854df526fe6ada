"""Pictures made in memory."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def jpeg(width: int = 64, height: int = 48, *, exif: bytes | None = None) -> bytes:
    """Return a small JPEG, with EXIF when given."""
    out = io.BytesIO()
    extra = {"exif": exif} if exif else {}
    Image.new("RGB", (width, height), (200, 120, 40)).save(out, "JPEG", **extra)
    return out.getvalue()


def png(width: int = 64, height: int = 48) -> bytes:
    """Return a small PNG with transparency."""
    out = io.BytesIO()
    Image.new("RGBA", (width, height), (0, 90, 160, 128)).save(out, "PNG")
    return out.getvalue()


def png_bomb(side: int = 20_000) -> bytes:
    """Return a PNG of a few hundred kilobytes that claims ``side`` × ``side`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * (side + 1) * 200, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
