"""Single sessions beside the weekly ones (加诊)."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from apps.clinics.errors import SessionPlaceTaken, SessionTimesWrong
from apps.clinics.models import ClinicSession, Department, Practitioner, Room
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
