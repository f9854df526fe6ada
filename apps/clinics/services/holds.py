"""Holds whose moment passed.  Nothing waits for their end: each read goes by the moment."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from apps.clinics.models import Appointment, AppointmentEvent
from apps.clinics.states import AppointmentState, Verb


def holds_end(*, patient_id: UUID, now: dt.datetime) -> int:
    """End a patient's holds whose moment passed, so that they stand in no way; the kernel frees their units by itself.

    1 query, and 1 for the entries where there are some.
    """
    gone = list(
        Appointment.objects.select_for_update(of=("self",)).filter(
            patient_id=patient_id, state=AppointmentState.PROPOSED, hold_until__lte=now
        )
    )
    return _expire(gone, now)


def holds_sweep(*, now: dt.datetime, limit: int = 500) -> int:
    """End holds whose moment passed; hygiene: nothing waits for it.  3 queries."""
    with transaction.atomic():
        gone = Appointment.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=AppointmentState.PROPOSED, hold_until__lte=now
        )
        return _expire(list(gone.order_by("id")[:limit]), now)


def _expire(gone: list[Appointment], now: dt.datetime) -> int:
    if gone:
        Appointment.objects.filter(pk__in=[one.pk for one in gone]).update(
            state=AppointmentState.CANCELLED, ended_why="expired"
        )
        AppointmentEvent.objects.bulk_create(
            AppointmentEvent(
                appointment=one, verb=Verb.EXPIRE, source=AppointmentState.PROPOSED, target=AppointmentState.CANCELLED,
                at=now,
            )
            for one in gone
        )  # fmt: skip
    return len(gone)
