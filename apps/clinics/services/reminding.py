"""Reminders: the day before, and two hours before.  Found by time, told once, never too late to be of use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from apps.clinics import notices
from apps.clinics.models import Appointment
from apps.clinics.services.booking import appointment_fields
from apps.clinics.states import AppointmentState
from apps.common.clock import local
from apps.notifications.services import notice_enqueue
from apps.notifications.states import NIGHT

# The day before is told from 16:00 on: late enough to be tomorrow's, early enough for somebody waiting to be asked.
EVE_FROM = dt.time(16, 0)
SOON = dt.timedelta(hours=2)
# Told later than this before it, a reminder helps nobody.
SOON_LEAST = dt.timedelta(minutes=20)


def reminders_tell(*, now: dt.datetime, limit: int = 1000) -> int:
    """Tell who has an appointment tomorrow or within two hours; returns how many were told that were not before.

    A run that was missed is made up for by the next, as long as there is still time.  2 queries, 1 for each told.
    """
    here = local(now)
    told = 0
    if here.time() >= EVE_FROM:
        first = dt.datetime.combine(here.date() + dt.timedelta(days=1), dt.time(), here.tzinfo)
        told += _tell("day_before", notices.DAY_BEFORE, first, first + dt.timedelta(days=1), now, limit)
    # At night the phone is left alone until the morning: what begins by then would be told when it is over.
    delivered = NIGHT.over_at(local=here)
    return told + _tell("soon", notices.SOON, delivered + SOON_LEAST, now + SOON, now, limit)


def _tell(what: str, kind: Any, first: dt.datetime, last: dt.datetime, now: dt.datetime, limit: int) -> int:
    field = f"{what}_told_at"
    due = (
        Appointment.objects.filter(
            state=AppointmentState.BOOKED, starts_at__gte=first, starts_at__lt=last, booked_by__isnull=False,
            **{field: None},
        )
        .select_related("slot__session__department__institution__facility")
        .order_by("starts_at", "id")
    )  # fmt: skip
    told = 0
    with transaction.atomic():
        rows = list(due.select_for_update(of=("self",), skip_locked=True)[:limit])
        for one in rows:
            told += (
                notice_enqueue(
                    kind=kind, resident_id=one.booked_by_id,  # type: ignore[arg-type]
                    fields=appointment_fields(one, one.slot), dedup_key=f"appointment:{one.pk}:{what}", now=now,
                )
                is not None
            )  # fmt: skip
        Appointment.objects.filter(pk__in=[one.pk for one in rows]).update(**{field: now})
    return told
