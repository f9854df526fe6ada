"""Who must be rung because no notice reaches them, and that staff looked at names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.services import Looked, access_record_many
from apps.clinics.desk_selectors import untold
from apps.clinics.errors import AppointmentUnknown
from apps.clinics.models import Appointment, AppointmentEvent
from apps.clinics.services.booking import event_write
from apps.clinics.states import Verb


def names_look(
    *, appointments: Sequence[Appointment], staff: Any, data: str, reason: str, now: dt.datetime
) -> None:
    """Record that ``staff`` looks at the names of these patients; call it before they are shown.

    Of what a resident booked in their access log; of what was booked at the counter, for whom there is none, in the
    appointment's own entries.  3 queries.
    """
    looked = [
        Looked(one.booked_by_id, one.number, data) for one in appointments if one.booked_by_id is not None
    ]
    with transaction.atomic():
        access_record_many(staff=staff, looked=looked, reason=reason[:200], now=now)
        AppointmentEvent.objects.bulk_create(
            AppointmentEvent(
                appointment=one, verb=Verb.LOOK, source=one.state, target=one.state, staff=staff, note=reason[:120], at=now
            )
            for one in appointments
            if one.booked_by_id is None
        )  # fmt: skip


def untold_tell(*, appointment_id: UUID, staff: Any, now: dt.datetime) -> Appointment:
    """Record that ``staff`` told a patient by telephone that the session does not take place; once told, nothing changes.

    4 queries.  Raises AppointmentUnknown for whom a notice reaches, and for another institution's.
    """
    with transaction.atomic():
        found: Appointment | None = (
            untold()
            .select_for_update(of=("self",))
            .select_related("department__institution")
            .filter(pk=appointment_id)
            .first()
        )
        if found is None or not (
            staff.is_superuser or found.department.institution.department_id in staff.department_ids
        ):
            raise AppointmentUnknown
        if not found.events.filter(verb=Verb.TELL).exists():
            event_write(found, Verb.TELL, found.state, now, staff=staff)
        return found
