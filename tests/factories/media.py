"""Pictures of the media library."""

from __future__ import annotations

import io
from typing import Any

from apps.common import clock
from apps.news.models import MediaAsset
from apps.news.services.media import media_keep
from tests.factories.people import staff_make
from tests.factories.pictures import jpeg


def asset_make(**given: Any) -> MediaAsset:
    """Return a picture with its words, kept by an editor."""
    words = {
        "title": "江滩步道", "alt": "江边的步道", "decorative": False, "caption": "", "credit": "", **given,
    }  # fmt: skip
    stream = words.pop("stream", None) or io.BytesIO(jpeg())
    staff = words.pop("staff", None) or staff_make("editor")
    return media_keep(stream=stream, staff=staff, now=clock.now(), **words)
