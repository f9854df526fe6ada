"""Waiting for a department: joining, and what becomes of an offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from django.db import transaction

from apps.capacity import services as capacity
from apps.capacity.errors import OfferGone
from apps.capacity.services import Offer, QueueKind
from apps.clinics import notices
from apps.clinics.errors import RuleMissing, WaitDaysInvalid, WaitUnknown
from apps.clinics.models import Appointment, WaitRequest
from apps.clinics.selectors import (
    booker_of,
    booking_rule,
    booking_rule_of_department,
    department_get,
    offered_slots,
    slot_get,
)
from apps.clinics.services.booking import ELDERLY, PUBLIC, age_check, offer_book, restriction_check
from apps.common.clock import local
from apps.common.ids import uuid7
from apps.common.times import moment_text
from apps.notifications.services import notice_enqueue

MOST_WAIT_DAYS = 31
PREFIX = "clinics.department:"


def waitlist_join(
    *,
    department_id: int,
    patient_id: UUID,
    resident_id: UUID,
    first_on: dt.date,
    last_on: dt.date,
    now: dt.datetime,
) -> WaitRequest:
    """Let a patient wait for a department on some days; refused while something there is free.

    Who is old enough for the units kept for the elderly waits for these too.  About 10 queries.  Raises DepartmentUnknown, PatientUnknown, WaitDaysInvalid, BookingRestricted,
    AgeRefused, and the kernel's UnitsFree, WaitingAlready.
    """
    today = local(now).date()
    if not today <= first_on <= last_on or (last_on - today).days >= MOST_WAIT_DAYS:
        raise WaitDaysInvalid(attr="to", limit=MOST_WAIT_DAYS)
    with transaction.atomic():
        department = department_get(department_id=department_id)
        booker = booker_of(
            patient_id=patient_id, resident_id=resident_id, institution_id=department.institution_id, now=now
        )
        restriction_check(booker=booker)
        age_check(department=department, patient=booker.patient, first_on=first_on, last_on=last_on)
        rule = booking_rule(institution_id=department.institution_id, on=first_on)
        is_elderly = booker.patient.age_on(first_on) >= rule.elderly_from
        pk = uuid7()
        entry_id = capacity.wait_join(
            queue=department.queue, first_on=first_on, last_on=last_on, owner=f"clinics.patient:{patient_id}",
            pools=(PUBLIC, ELDERLY) if is_elderly else (PUBLIC,), idempotency_key=f"clinics.wait:{pk}", now=now,
        )  # fmt: skip
        return WaitRequest.objects.create(
            id=pk, department=department, patient=booker.patient, resident_id=resident_id, first_on=first_on,
            last_on=last_on, entry_id=entry_id, created_at=now,
        )  # fmt: skip


def _own(wait_id: UUID, resident_id: UUID) -> WaitRequest:
    found = (
        WaitRequest.objects.select_for_update(of=("self",))
        .select_related("department", "entry__claim__pool")
        .filter(pk=wait_id, resident_id=resident_id)
        .first()
    )
    if found is None:
        raise WaitUnknown
    return found


def waitlist_leave(*, wait_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Wait no more; an open offer goes to the next.  About 6 queries.  Raises WaitUnknown."""
    with transaction.atomic():
        capacity.wait_leave(entry_id=_own(wait_id, resident_id).entry_id, now=now)


def waitlist_decline(*, wait_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Say no to an offer and wait on.  About 10 queries.  Raises WaitUnknown, the kernel's OfferGone."""
    with transaction.atomic():
        capacity.offer_decline(entry_id=_own(wait_id, resident_id).entry_id, now=now)


def waitlist_accept(*, wait_id: UUID, resident_id: UUID, now: dt.datetime) -> Appointment:
    """Turn an offer into an appointment; this function will leave the offer open where the patient can not have both.

    Accepted again, the same appointment.  About 14 queries.  Raises WaitUnknown, the kernel's OfferGone, Overlapping.
    """
    with transaction.atomic():
        wait = _own(wait_id, resident_id)
        if wait.appointment is not None:
            return wait.appointment
        claim = wait.entry.claim
        if claim is None:
            raise OfferGone
        slot = slot_get(
            slot_id=offered_slots(capacity_ids=[claim.pool.capacity_id])[claim.pool.capacity_id].pk
        )
        appointment = offer_book(
            entry_id=wait.entry_id, slot=slot, patient_id=wait.patient_id, resident_id=resident_id, now=now
        )
        wait.appointment = appointment
        wait.save(update_fields=["appointment"])
        return appointment


def offers_withdraw(*, capacity_ids: Sequence[UUID], now: dt.datetime) -> int:
    """Take back what was offered of closed capacities; who was offered it keeps the place in the line.  Returns how many.

    1 query, about 8 for each.
    """
    offered = WaitRequest.objects.filter(
        entry__state="offered", entry__claim__pool__capacity_id__in=capacity_ids
    ).values_list("entry_id", flat=True)
    withdrawn = 0
    for entry_id in list(offered.order_by("entry_id")):
        with suppress(OfferGone):  # answered or lapsed meanwhile
            capacity.offer_decline(entry_id=entry_id, now=now)
            withdrawn += 1
    return withdrawn


def offer_until(queue: str, happens_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """Return until when an offer stands by the institution's rule, never beyond the time that is needed to come.

    None, and so no offer, where no rule is in force: that keeps nobody from giving a place back.  1 query.
    """
    department_id = int(queue.removeprefix(PREFIX))
    try:
        rule = booking_rule_of_department(department_id=department_id, on=local(now).date())
    except RuleMissing:
        return None
    until = min(
        now + dt.timedelta(seconds=rule.offer_s), happens_at - dt.timedelta(seconds=rule.offer_least_s)
    )
    return until if until > now else None


def _tell(offer: Offer, now: dt.datetime, *, lapsed: bool) -> None:
    wait = (
        WaitRequest.objects.select_related("department__institution__facility")
        .filter(entry_id=offer.entry_id)
        .first()
    )
    slot = offered_slots(capacity_ids=[offer.capacity_id]).get(offer.capacity_id)
    if wait is None or slot is None:
        return
    fields = {
        "service": wait.department.name, "place": wait.department.institution.facility.name,
        "at": moment_text(slot.starts_at), "wait_id": str(wait.pk),
        "state": str(notices.LAPSED_STATE if lapsed else notices.OFFERED_STATE),
    }  # fmt: skip
    if not lapsed:
        fields["until"] = moment_text(offer.expires_at)
    notice_enqueue(
        kind=notices.LAPSED if lapsed else notices.OFFERED, resident_id=wait.resident_id, fields=fields,
        dedup_key=f"wait:{wait.pk}:{offer.claim_id}:{'lapsed' if lapsed else 'offered'}", now=now,
    )  # fmt: skip


def _offered(offer: Offer, now: dt.datetime) -> None:
    _tell(offer, now, lapsed=False)


def _lapsed(offer: Offer, now: dt.datetime) -> None:
    _tell(offer, now, lapsed=True)


QUEUE = QueueKind(prefix=PREFIX, offer_until=offer_until, on_offer=_offered, on_lapse=_lapsed)
