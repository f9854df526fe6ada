"""Telling staff: rows that they read at the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.accounts import selectors as accounts
from apps.common.dispatch import send_after_commit
from apps.notifications.models import StaffNotice


@dataclass(frozen=True, slots=True)
class StaffTold:
    """One thing to tell a set of staff.

    ``kind``       stable, ``<app>.<event>``
    ``title``, ``text``  what they read, at most 100 and 500 characters; no personal data of residents
    ``path``       the page of the admin that it opens
    ``dedup_key``  the same key for the same person writes nothing
    """

    kind: str
    title: str
    text: str
    path: str
    dedup_key: str
    staff_ids: frozenset[int]


def staff_tell(*, told: Iterable[StaffTold], now: dt.datetime) -> int:
    """Write the notices in the caller's transaction; returns how many were asked for.  1 or 2 queries, 0 for none.

    Who has an e-mail address gets it there too, where mail is set up.
    """
    told = list(told)
    everyone = {staff_id for one in told for staff_id in one.staff_ids}
    by_mail = accounts.staff_with_mail(ids=everyone) if everyone and settings.EMAIL_HOST else frozenset()
    rows = [
        StaffNotice(
            staff_id=staff_id, kind=one.kind, title=one.title[:100], body=one.text[:500], path=one.path,
            dedup_key=one.dedup_key, created_at=now,
            mail=StaffNotice.Mail.QUEUED if staff_id in by_mail else StaffNotice.Mail.NONE,
            mail_due_at=now if staff_id in by_mail else None,
        )
        for one in told
        for staff_id in sorted(one.staff_ids)
    ]  # fmt: skip
    if rows:
        StaffNotice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    if by_mail:
        send_after_commit("notifications.staff_mail", lane="bulk")
    return len(rows)


def staff_notices_read(*, staff: Any, ids: Sequence[UUID] | None, now: dt.datetime) -> int:
    """Mark the person's own notices as read, all of them when ``ids`` is None; returns how many changed.  1 query."""
    rows = StaffNotice.objects.filter(staff=staff, read_at=None)
    return (rows if ids is None else rows.filter(id__in=ids)).update(read_at=now)
