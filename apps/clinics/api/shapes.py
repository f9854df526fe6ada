"""What goes out, from rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.clinics.api.calendar_links import calendar_link
from apps.clinics.models import (
    Appointment,
    Department,
    PatientAccess,
    Referral,
    Restriction,
    Slot,
    WaitRequest,
)
from apps.clinics.referral_states import FINAL
from apps.clinics.selectors import SessionLine
from apps.clinics.services.booking import restriction_text
from apps.clinics.states import AppointmentState
from apps.common.times import iso_text

Shape = dict[str, Any]


def patient_shape(access: PatientAccess, today: dt.date) -> Shape:
    """Return a person to book for, masked."""
    return {
        "id": access.patient_id, "access": access.pk, "relation": access.relation,
        "name_masked": access.patient.name_masked, "id_masked": access.patient.id_masked,
        "age": access.patient.age_on(today), "valid_to": access.valid_to,
    }  # fmt: skip


def department_shape(department: Department) -> Shape:
    """Return a department with its institution."""
    institution = department.institution
    return {
        "id": department.pk, "name": department.name, "kind": department.kind, "facility": institution.facility_id,
        "institution": institution.facility.name, "level": institution.level,
        "alliance": institution.alliance.name if institution.alliance else None, "station": institution.is_station,
        "ages": [department.min_age, department.max_age], "notes": department.notes,
    }  # fmt: skip


def session_shape(line: SessionLine) -> Shape:
    """Return a session with what remains of it."""
    return {
        "id": line.id, "starts_at": iso_text(line.starts_at), "ends_at": iso_text(line.ends_at),
        "practitioner": line.practitioner, "title": line.title or None, "room": line.room, "state": line.state,
        "remaining": line.remaining, "release_at": iso_text(line.release_at),
    }  # fmt: skip


def slot_shape(slot: Slot, remaining: int) -> Shape:
    """Return a slot with what remains of it."""
    return {
        "id": slot.pk, "starts_at": iso_text(slot.starts_at), "ends_at": iso_text(slot.ends_at), "remaining": remaining,
    }  # fmt: skip


def appointment_shape(appointment: Appointment, now: dt.datetime) -> Shape:
    """Return an appointment as who booked it sees it."""
    session, department = appointment.session, appointment.department
    return {
        "id": appointment.pk, "number": appointment.number, "state": appointment.state,
        "state_label": str(Appointment.State(appointment.state).label), "starts_at": iso_text(appointment.starts_at),
        "ends_at": iso_text(appointment.ends_at), "department": department.name,
        "institution": department.institution.facility.name, "facility": department.institution.facility_id,
        "practitioner": session.practitioner.name if session.practitioner else None,
        "room": session.room.name if session.room else None, "patient": appointment.patient.name_masked,
        "check_in_code": appointment.check_in_code if appointment.state == AppointmentState.BOOKED else None,
        "expires_at": iso_text(appointment.hold_until), "can": _can(appointment, now),
        "calendar": calendar_link(appointment_id=appointment.pk),
    }  # fmt: skip


def _can(appointment: Appointment, now: dt.datetime) -> list[str]:
    if appointment.starts_at <= now:
        return (
            ["check_in"] if appointment.state == AppointmentState.BOOKED and appointment.ends_at > now else []
        )
    if appointment.state == AppointmentState.PROPOSED:
        return ["confirm", "cancel"]
    return ["cancel", "check_in"] if appointment.state == AppointmentState.BOOKED else []


def wait_shape(wait: WaitRequest, slots: dict[Any, Slot], positions: dict[Any, int]) -> Shape:
    """Return a place in a waiting list, with the offer that is open.  ``slots`` by capacity, ``positions`` by entry."""
    claim = wait.entry.claim if wait.entry.state == "offered" else None
    slot = slots.get(claim.pool.capacity_id) if claim else None
    offer = None
    if claim is not None and slot is not None:
        offer = {
            "slot": slot.pk, "starts_at": iso_text(slot.starts_at), "ends_at": iso_text(slot.ends_at),
            "offer_expires_at": iso_text(claim.expires_at),
        }  # fmt: skip
    return {
        "id": wait.pk, "department": wait.department.name, "institution": wait.department.institution.facility.name,
        "patient": wait.patient.name_masked, "from": wait.first_on, "to": wait.last_on, "state": wait.entry.state,
        "position": positions.get(wait.entry_id), "offer": offer,
        "appointment": wait.appointment.number if wait.appointment else None,
    }  # fmt: skip


def restriction_shape(held: Restriction) -> Shape:
    """Return a restriction with what came of an appeal."""
    return {
        "id": held.pk, "institution": held.institution.facility.name, "patient": held.patient.name_masked,
        "reason": restriction_text(held), "first_on": held.first_on, "until_on": held.until_on, "appeal": held.appeal,
        "decision": held.decision,
    }  # fmt: skip


def referral_shape(referral: Referral, *, consented: bool) -> Shape:
    """Return a referral as its patient sees it."""
    open_ = referral.state not in FINAL
    return {
        "id": referral.pk, "number": referral.number, "direction": referral.direction,
        "patient": referral.patient.name_masked, "sender": str(referral.sender), "receiver": str(referral.receiver),
        "department": referral.department.name if referral.department else None, "urgency": referral.urgency,
        "state": referral.state, "state_label": str(referral.get_state_display()), "consented": consented,
        "can": (["withdraw"] if consented else ["consent"]) if open_ else [],
    }  # fmt: skip
