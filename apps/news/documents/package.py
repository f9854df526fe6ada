"""Office files as what they are: ZIP packages of XML parts, opened with caps and read in slices.  Pure."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from html import unescape

MAX_UNPACKED = 200 * 1024 * 1024
MAX_PARTS = 5_000
SLICE_BYTES = 4 * 1024 * 1024
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
# What each format is called at the end of a file's name.
SUFFIXES = {DOCX: ".docx", XLSX: ".xlsx", PDF: ".pdf"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_PREFIX = re.compile(rb"<(/?)[A-Za-z][\w.-]*:")
_WRONG = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    KeyError,
)


class Why(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_BIG = "too_big"
    BROKEN = "broken"
    UNKNOWN = "unknown"  # none of the formats that are read
    OLD_FORMAT = "old_format"  # .doc, .xls, .ppt
    SLIDES = "slides"
    MACROS = "macros"
    ENCRYPTED = "encrypted"
    BOMB = "bomb"  # unpacks to far more than a document holds
    ENTITIES = "entities"  # XML that declares entities
    ACTIVE = "active"  # a PDF that runs programs
    NAME = "name"  # the name ends in another format
    TOO_LONG = "too_long"  # too many characters or pictures


class FileRefused(Exception):
    """The file is not taken; ``why`` says it, nothing of what it holds is in the message."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Package:
    """An Office file, its parts listed and its size unpacked known before anything is unpacked."""

    def __init__(self, raw: bytes, *, most_unpacked: int = MAX_UNPACKED) -> None:
        """Open ``raw``.  Raises FileRefused: broken, bomb, encrypted."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            infos = self._zip.infolist()
        except _WRONG as error:
            raise FileRefused(Why.BROKEN) from error
        if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > most_unpacked:
            raise FileRefused(Why.BOMB)
        if any(info.flag_bits & 1 for info in infos):
            raise FileRefused(Why.ENCRYPTED)
        self.infos = {info.filename: info for info in infos if not info.is_dir()}

    @property
    def names(self) -> list[str]:
        """The parts in the order of the package."""
        return list(self.infos)

    def read(self, name: str) -> bytes:
        """Return a part whole.  Raises FileRefused(broken); KeyError is none: a missing part is broken too."""
        return b"".join(self._read(name, self.infos[name].file_size + 1 if name in self.infos else 1))

    def xml(self, name: str) -> bytes:
        """Return an XML part as UTF-8.  Raises FileRefused: broken, entities."""
        return xml_plain(self.read(name))

    def slices(self, name: str, end: bytes) -> Iterator[bytes]:
        """Yield an XML part in slices of some megabytes, each but the last ending in ``end``: memory stays bounded."""
        rest, first = b"", True
        for block in self._read(name, SLICE_BYTES):
            if first and (block[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in block[:4]):
                yield self.xml(name)
                return
            if first and b"<!DOCTYPE" in block[:4096]:
                raise FileRefused(Why.ENTITIES)
            first = False
            block = rest + block
            cut = block.rfind(end)
            cut = cut + len(end) if cut >= 0 else 0
            if cut:
                yield _unwrapped(block[:cut])
            rest = block[cut:]
        if rest:
            yield _unwrapped(rest)

    def _read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the blocks of a part; one that holds more than it says is broken."""
        try:
            with self._zip.open(name) as part:
                while block := part.read(size):
                    yield block
        except _WRONG as error:
            raise FileRefused(Why.BROKEN) from error


def package_written(package: Package, changed: Mapping[str, bytes]) -> bytes:
    """Return the package with ``changed`` parts in place of their old ones; all others are the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, info in package.infos.items():
            head = zipfile.ZipInfo(name, info.date_time)
            head.compress_type = zipfile.ZIP_DEFLATED if info.compress_type else zipfile.ZIP_STORED
            head.external_attr = info.external_attr
            new.writestr(head, changed[name] if name in changed else package.read(name))
    return out.getvalue()


def xml_plain(raw: bytes) -> bytes:
    """Return XML as UTF-8 without comments and CDATA marks.  Raises FileRefused(entities) where a DTD stands."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]:
        little = raw[:2] == b"\xff\xfe" or raw[1:2] == b"\0"
        raw = raw.decode("utf-16-le" if little else "utf-16-be", "replace").lstrip("\ufeff").encode()
        raw = re.sub(rb"^<\?xml[^>]*\?>", b"", raw)
    if b"<!DOCTYPE" in raw[:4096]:
        raise FileRefused(Why.ENTITIES)
    return _unwrapped(raw)


def _unwrapped(xml: bytes) -> bytes:
    if b"<!" in xml:
        xml = _COMMENT.sub(b"", xml)
        xml = _CDATA.sub(lambda hit: hit[1].replace(b"&", b"&amp;").replace(b"<", b"&lt;"), xml)
    return xml


def prefix_dropped(xml: bytes) -> bytes:
    """Return XML whose tags stand without their prefixes: ``<x:c>`` and ``<c>`` are one cell."""
    return _PREFIX.sub(rb"<\1", xml)


def text_plain(raw: bytes) -> str:
    """Return the text of XML, its references resolved: &#52; is a 4."""
    text = raw.decode("utf-8", "replace")
    return unescape(text) if "&" in text else text


def content_told(raw: bytes) -> str:
    """Return the content type of ``raw``, told by its bytes: DOCX, XLSX or PDF.

    Raises FileRefused for anything else: old formats, slides, macros, encrypted packages.
    """
    if not raw:
        raise FileRefused(Why.EMPTY)
    if b"%PDF-" in raw[:1024]:
        return PDF
    if raw.startswith(_OLE):
        raise FileRefused(Why.ENCRYPTED if _ENCRYPTED in raw else Why.OLD_FORMAT)
    if not raw.startswith(b"PK"):
        raise FileRefused(Why.UNKNOWN)
    package = Package(raw)
    if "[Content_Types].xml" not in package.infos:
        raise FileRefused(Why.UNKNOWN)
    types = package.xml("[Content_Types].xml")
    names = package.infos
    if b"macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(Why.MACROS)
    if any(name.startswith("ppt/") for name in names):
        raise FileRefused(Why.SLIDES)
    if b"wordprocessingml.document.main" in types:
        return DOCX
    if b"spreadsheetml.sheet.main" in types:
        return XLSX
    raise FileRefused(Why.UNKNOWN)
