"""The fingerprint of a revision: SHA-256 over everything that the public would read.  Pure.

Signatures name it, the review sheet prints it, and whoever holds the sheet can reckon it again from the stored text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FIELDS = (
    "article", "column_slug", "title", "summary", "body_html", "source", "author", "cover_sha256", "cover_alt",
    "audio_url", "attachments",
)  # fmt: skip


def content_text(content: Mapping[str, Any]) -> str:
    """Return ``content`` as the one text that is signed: JSON, names in order, no blanks.

    ``content``  each name of ``FIELDS``: texts; ``attachments`` a list of ``{"name", "sha256"}``; more names are not
    read.  Pictures in the body are named there by an address that never changes its picture.
    """
    attachments = [[one["name"], one["sha256"]] for one in content["attachments"]]
    held = {name: str(content[name]) for name in FIELDS if name != "attachments"} | {
        "attachments": attachments
    }
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_sha256(content: Mapping[str, Any]) -> str:
    """Return the fingerprint of ``content`` (see ``content_text``) as 64 hexadecimal digits."""
    return hashlib.sha256(content_text(content).encode("utf-8", "surrogatepass")).hexdigest()
