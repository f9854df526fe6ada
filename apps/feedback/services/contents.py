"""Having what residents write and photograph checked before the public may see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from apps.feedback.contents import Content
from apps.safety import services as safety
from apps.safety.states import Scene


def content_check(
    *,
    content: Content,
    subject_id: UUID,
    resident_id: UUID,
    text: str,
    now: dt.datetime,
    uploads: Sequence[UUID] = (),
    published: bool = False,
) -> None:
    """Have a resident's text and photos checked, within the caller's transaction; nothing is refused for them.

    ``uploads``    claimed before, in the same transaction
    ``published``  whether the resident agreed to its publication
    1 query for a text, 1 for photos; 1 more when the word lists changed.
    """
    scene = Scene.FORUM if published else Scene.COMMENT
    safety.text_check_open(
        subject_kind=content.value, subject_id=subject_id, resident_id=resident_id, text=text, scene=scene, now=now
    )  # fmt: skip
    safety.media_check_open(
        subject_kind=content.value, subject_id=subject_id, resident_id=resident_id, upload_ids=uploads, scene=scene,
        now=now,
    )  # fmt: skip
