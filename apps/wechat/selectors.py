"""Reads of pushes and scene codes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from apps.wechat.models import TOKEN_CHARS, ProviderPush, SceneCode

_TOKEN = re.compile(rf"[0-9A-Z]{{{TOKEN_CHARS}}}")


def pushes_pending_before(at: dt.datetime) -> bool:
    """Tell whether a push received before ``at`` still waits to be handled.  1 query on the index of waiting rows."""
    return ProviderPush.objects.pending().filter(received_at__lt=at).exists()


def scene_of(*, token: str) -> dict[str, Any] | None:
    """Return ``{"page", "params"}`` of a code, or None when there is none.  1 query, 0 for what can not be a token."""
    if not _TOKEN.fullmatch(token):
        return None
    found = SceneCode.objects.filter(token=token).values("page", "params").first()
    return None if found is None else dict(found)


PUSHES_COUNTED = 1000


def pushes_waiting() -> tuple[int, dt.datetime | None]:
    """Return how many pushes wait to be handled, at most 1,000, and when the oldest came.  1 query on their index."""
    waiting = (
        ProviderPush.objects.pending().order_by("received_at", "id").values_list("received_at", flat=True)
    )
    found = list(waiting[:PUSHES_COUNTED])
    return len(found), found[0] if found else None
