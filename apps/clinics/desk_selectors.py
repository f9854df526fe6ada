"""Reads of a clinic's desk: whom to ring after a suspension, a session's units and how they were changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.capacity import selectors as capacity
from apps.clinics.models import Appointment, AppointmentEvent, Slot
from apps.clinics.states import Verb


def untold() -> QuerySet[Appointment]:
    """Return what suspensions called off and nobody's phone was told of: booked at the counter or by staff for a referral.

    1 query when read.
    """
    return Appointment.objects.filter(ended_why="suspended", booked_by=None)


def untold_of(*, session_id: UUID) -> list[Appointment]:
    """Return who must be rung after a session's suspension, in order of time; ``told_at`` when somebody did, else None.  1 query."""
    told = AppointmentEvent.objects.filter(appointment=OuterRef("pk"), verb=Verb.TELL).order_by("id")
    rows = untold().filter(session_id=session_id).annotate(told_at=Subquery(told.values("at")[:1]))
    return list(rows.select_related("patient").order_by("starts_at", "id"))


@dataclass(frozen=True, slots=True)
class PoolLine:
    """The units of one sort of a slot; ``used`` those taken, kept, offered or not open again yet."""

    slot: Slot
    pool: str
    total: int
    used: int


@dataclass(frozen=True, slots=True)
class UnitsLine:
    """A change of a slot's units with its reason."""

    slot: Slot
    change: Any  # the kernel's TotalChange


def units_of_session(*, session_id: UUID) -> tuple[list[PoolLine], list[UnitsLine]]:
    """Return a session's units by slot and pool in order of time, and how they were changed, oldest first.  3 queries."""
    slots = list(Slot.objects.filter(session_id=session_id).order_by("starts_at"))
    ids = [one.capacity_id for one in slots]
    pools, changes = capacity.pools_of(capacity_ids=ids), capacity.changes_of_many(capacity_ids=ids)
    return (
        [
            PoolLine(slot, pool.name, pool.total, pool.used)
            for slot in slots
            for pool in pools.get(slot.capacity_id, [])
        ],
        sorted(
            (UnitsLine(slot, change) for slot in slots for change in changes.get(slot.capacity_id, [])),
            key=lambda line: line.change.pk,
        ),
    )
