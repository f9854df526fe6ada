"""Reading marks of the inbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from apps.notifications.models import InboxMessage


def inbox_read(*, resident_id: UUID, ids: Sequence[UUID] | None, now: dt.datetime) -> int:
    """Mark own messages as read, all of them when ``ids`` is None; returns how many changed.  1 query."""
    rows = InboxMessage.objects.filter(resident_id=resident_id).unread()
    return (rows if ids is None else rows.filter(id__in=ids)).update(read_at=now)
