"""What is added to the weekly sessions: single ones (加诊), units of a slot (加号, 减号)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.capacity import services as capacity
from apps.clinics.errors import (
    ReasonMissing,
    SessionPlaceTaken,
    SessionTimesWrong,
    SlotOver,
    SlotUnknown,
    UnitsWrong,
)
from apps.clinics.models import ClinicSession, Department, Practitioner, Room
from apps.clinics.models.sessions import MOST_UNITS
from apps.clinics.selectors import slot_get
from apps.clinics.services.booking import session_hold
from apps.clinics.services.sessions import slots_make
from apps.clinics.states import slots_of
from apps.common.clock import local
from apps.common.ids import uuid7

LONGEST = dt.timedelta(hours=12)
OPENS_TO_ALL_HOURS = 24


def session_add(
    *,
    department: Department,
    practitioner: Practitioner | None,
    room: Room | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    minutes: int,
    pools: dict[str, int],
    now: dt.datetime,
) -> ClinicSession:
    """Add a session that can be booked at once; this function will write it with its slots or not at all.

    ``minutes``  of a slot, 5 to 240    ``pools``  units of a slot by pool.  8 queries.
    Raises SessionTimesWrong, SessionPlaceTaken.
    """
    if not now < ends_at or not starts_at < ends_at <= starts_at + LONGEST:
        raise SessionTimesWrong(attr="ends_at")
    if not slots_of(starts_at=starts_at, ends_at=ends_at, minutes=minutes) or not any(pools.values()):
        raise SessionTimesWrong(attr="minutes")
    session = ClinicSession(
        id=uuid7(), department=department, practitioner=practitioner, room=room, on=local(starts_at).date(),
        starts_at=starts_at, ends_at=ends_at, release_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            session.save(force_insert=True)
            slots_make(
                session=session, pools=pools, minutes=minutes, opens_to_all_hours=OPENS_TO_ALL_HOURS, now=now
            )
    except IntegrityError as error:
        if any(name in str(error) for name in ("practitioner_in_one_session", "room_for_one_session")):
            raise SessionPlaceTaken(attr="practitioner") from None
        raise
    return session


def slot_units_change(
    *, slot_id: UUID, pool: str, total: int, seen: int, staff: Any, reason: str, now: dt.datetime
) -> int:
    """Give a pool of a slot more units or fewer, by staff of the institution; this function will offer what is added to who waits.

    ``total``   units from now on, 0 to 200, never fewer than are taken    ``seen``  as the person saw them
    ``reason``  at most 200 characters, kept for good and public: it names nobody
    Until the slot is over: at the counter one is added while it runs.  Returns to how many a unit was offered.
    About 11 queries.  Raises SlotUnknown (of another institution too), SlotOver, SessionSuspended, ReasonMissing, UnitsWrong,
    and the kernel's CapacityUnknown, TotalChanged (``total``), TotalBelowUsed (``used``).
    """
    if not reason.strip():
        raise ReasonMissing(attr="reason")
    if not 0 <= total <= MOST_UNITS:
        raise UnitsWrong(attr="total", most=MOST_UNITS)
    with transaction.atomic():
        slot = slot_get(slot_id=slot_id)
        institution = slot.session.department.institution
        if not staff.is_superuser and institution.department_id not in staff.department_ids:
            raise SlotUnknown(attr="slot")
        if slot.ends_at <= now:
            raise SlotOver(attr="slot")
        session_hold(slot=slot)
        offers = capacity.total_change(
            capacity_id=slot.capacity_id, pool=pool, total=total, seen=seen, reason=reason.strip()[:200],
            actor=f"staff:{staff.pk}", now=now,
        )  # fmt: skip
        return len(offers)
