"""A session that does not take place (停诊): closed, everyone told, another time kept for each."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.capacity import services as capacity
from apps.clinics import notices
from apps.clinics.errors import AppointmentUnknown, ReasonMissing, RuleMissing, SessionSuspended
from apps.clinics.models import Appointment, AppointmentEvent, ClinicSession, Slot, Suspension
from apps.clinics.referral_states import Verb as ReferralVerb
from apps.clinics.selectors import booking_rule, slot_get, slots_free_after
from apps.clinics.services.booking import appointment_fields, rebook_row
from apps.clinics.services.referrals import appointment_moved
from apps.clinics.services.waiting import offers_withdraw
from apps.clinics.states import LIVE, AppointmentState, Verb
from apps.common.clock import local
from apps.common.dispatch import send_after_commit
from apps.common.errors import Refused
from apps.common.times import moment_text
from apps.notifications.services import notice_enqueue

REBOOK_TRIES = 8


def session_suspend(*, session_id: UUID, staff: Any, reason: str, now: dt.datetime) -> Suspension:
    """Suspend a session; from this transaction on nothing of it can be booked, and whoever was booked is told.

    Nobody gets a strike for it.  Another time is looked for right afterwards (``suspension_rebook``), a patient each in a
    transaction of its own, so that one who can not be helped stops nobody else.  About 12 queries and 2 a patient.
    Raises AppointmentUnknown (no such session, or of another institution), SessionSuspended, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing(attr="reason")
    with transaction.atomic():
        session = _session_locked(session_id, staff)
        if session.state != ClinicSession.State.OPEN:
            raise SessionSuspended
        session.state = ClinicSession.State.SUSPENDED
        session.save(update_fields=["state"])
        slots = {slot.pk: slot for slot in Slot.objects.filter(session=session)}
        # Nobody is booking: they hold the session until they are done.  Before the pools, as who cancels does.
        met = list(
            Appointment.objects.select_for_update(of=("self",))
            .filter(session=session, state__in=LIVE)
            # Nobody has a place by a hold whose moment passed, swept or not.
            .exclude(state=AppointmentState.PROPOSED, hold_until__lte=now)
            .select_related("patient")
            .order_by("id")
        )
        capacity.capacity_close(capacity_ids=[one.capacity_id for one in slots.values()], reason=reason[:200])
        _end(met, staff, reason, now)
        offers_withdraw(capacity_ids=[one.capacity_id for one in slots.values()], now=now)
        told = [one for one in met if one.booked_by_id is not None and one.hold_until is None]
        for one in told:
            one.slot, one.slot.session = slots[one.slot_id], session
            notice_enqueue(
                kind=notices.SUSPENDED, resident_id=one.booked_by_id,  # type: ignore[arg-type]
                fields=appointment_fields(one, one.slot) | {"reason": reason[:200]},
                dedup_key=f"appointment:{one.pk}:suspended", now=now,
            )  # fmt: skip
        for one in met:
            appointment_moved(appointment_id=one.pk, verb=ReferralVerb.UNBOOK, now=now)
        suspension = Suspension.objects.create(
            session=session, reason=reason[:200], by=staff, met=len(met), at=now
        )
        send_after_commit("clinics.rebook", lane="interactive", session_id=str(session.pk))
        return suspension


def _session_locked(session_id: UUID, staff: Any) -> ClinicSession:
    session = (
        # Rows that refer to the session can still be written: who books holds it himself.
        ClinicSession.objects.select_for_update(of=("self",), no_key=True)
        .select_related("department__institution__facility")
        .filter(pk=session_id)
        .first()
    )
    if session is None or not (
        staff.is_superuser or session.department.institution.department_id in staff.department_ids
    ):
        raise AppointmentUnknown
    return session


def _end(met: list[Appointment], staff: Any, reason: str, now: dt.datetime) -> None:
    """Cancel by the clinic, set by set: appointments, entries, claims.  3 queries."""
    before = {one.pk: one.state for one in met}
    for one in met:
        one.state, one.ended_why, one.version = AppointmentState.CANCELLED, "suspended", one.version + 1
    Appointment.objects.bulk_update(met, ["state", "ended_why", "version"], batch_size=500)
    AppointmentEvent.objects.bulk_create(
        AppointmentEvent(
            appointment=one, verb=Verb.SUSPEND, source=before[one.pk], target=one.state, staff=staff, note=reason[:120],
            at=now,
        )
        for one in met
    )  # fmt: skip
    capacity.claims_release(claim_ids=[one.claim_id for one in met], why="suspended", now=now)


def suspension_rebook(*, session_id: UUID, now: dt.datetime) -> int:
    """Keep the next free time of the department for each patient that a suspension met; returns for how many.

    Run again it goes on with whoever has none yet.  2 queries and about 15 for each.
    """
    met = Appointment.objects.filter(
        session_id=session_id, ended_why="suspended", booked_by__isnull=False, rebooked__isnull=True
    ).order_by("starts_at", "id")
    kept = 0
    for appointment in met.select_related("department").iterator(chunk_size=200):
        kept += _kept_for(appointment, now)
    return kept


def _kept_for(appointment: Appointment, now: dt.datetime) -> bool:
    """Try the next free slots until one can be kept: others book at the same time, and the patient may be busy."""
    try:
        rule = booking_rule(institution_id=appointment.department.institution_id, on=local(now).date())
    except RuleMissing:
        return False
    slots = slots_free_after(
        department_id=appointment.department_id,
        # As with a waiting list: not so late that nobody can come any more.
        after=max(now + dt.timedelta(seconds=rule.offer_least_s), appointment.starts_at),
        now=now,
        limit=REBOOK_TRIES,
    )
    for found in slots:
        try:
            with transaction.atomic():
                slot = slot_get(slot_id=found.pk)
                until = min(now + dt.timedelta(seconds=rule.offer_s), slot.starts_at)
                offered = rebook_row(instead_of=appointment, slot=slot, until=until, now=now)
                notice_enqueue(
                    kind=notices.REBOOK, resident_id=appointment.booked_by_id,  # type: ignore[arg-type]
                    fields=appointment_fields(offered, slot) | {"until": moment_text(until)},
                    dedup_key=f"appointment:{appointment.pk}:rebook", now=now,
                )  # fmt: skip
                return True
        except (Refused, IntegrityError):
            continue
    return False


def suspensions_sweep(*, now: dt.datetime) -> int:
    """Look for other times where the broker lost the task, for a day; returns how many sessions were looked at.  1 query."""
    recent = Suspension.objects.filter(at__gte=now - dt.timedelta(days=1)).values_list(
        "session_id", flat=True
    )
    ids = list(recent.order_by("at")[:100])
    for session_id in ids:
        suspension_rebook(session_id=session_id, now=now)
    return len(ids)
