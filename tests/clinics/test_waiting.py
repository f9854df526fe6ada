"""Full → waiting list → offer → accepted; suspended → told and kept another time; reminded in time."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.accounts.models import Department as Unit
from apps.capacity import services as capacity
from apps.capacity.models import Claim, Pool
from apps.clinics import services
from apps.clinics.errors import AppointmentUnknown, ReasonMissing, SessionSuspended
from apps.clinics.models import Appointment, Strike, Suspension
from apps.common import clock as the_clock
from apps.notifications.models import Delivery, InboxMessage
from tests.factories.clinics import attendance_make, book, department_make, patient_make, session_make
from tests.factories.people import code_of, resident_make, staff_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(department, tomorrow, now):
    return session_make(department, starts_at=tomorrow, now=now, slots=1)


@pytest.fixture
def staff(department):
    unit = Unit.objects.first()
    department.institution.department = unit
    department.institution.save()
    return staff_make("service_operator", unit=unit.code)


@pytest.fixture
def full(held, now):
    """Someone else has the only place."""
    other = resident_make()
    answer = book(other, held.slots[0], patient_make(other.resident_id, now=now))
    assert answer.status_code == 201
    return other, answer.json()["number"]


def join(client, department, patient, days=("2026-03-10", "2026-03-20"), key="w"):
    body = {"department": department.pk, "patient": str(patient.pk), "from": days[0], "to": days[1]}
    return client.post("clinics/waitlist", body, key=key)


def kinds(client) -> list[str]:
    return list(
        InboxMessage.objects.filter(resident_id=client.resident_id)
        .order_by("id")
        .values_list("kind", flat=True)
    )


def test_full_then_waiting_then_offered_then_accepted(resident, department, held, full, now):
    patient = patient_make(resident.resident_id, now=now)
    joined = join(resident, department, patient)
    body = joined.json()
    assert (joined.status_code, body["state"], body["position"], body["offer"]) == (201, "waiting", 1, None)

    other, number = full
    other.post(f"clinics/appointments/{number}/cancel")
    shown = resident.get("clinics/waitlist").json()["results"][0]
    assert (shown["state"], shown["offer"]["slot"]) == ("offered", str(held.slots[0].pk))
    assert shown["offer"]["offer_expires_at"] == "2026-03-10T12:00:00+08:00"
    assert kinds(resident) == ["clinics.offered"]
    stranger = resident_make()
    theirs = patient_make(stranger.resident_id, now=now)
    assert code_of(book(stranger, held.slots[0], theirs)) == "slot_full"
    accepted = resident.post(f"clinics/waitlist/{body['id']}/accept")
    again = resident.post(f"clinics/waitlist/{body['id']}/accept")

    assert (accepted.status_code, accepted.json()["state"]) == (200, "booked")
    assert again.json()["number"] == accepted.json()["number"]
    assert Pool.objects.get().used == 1
    assert kinds(resident) == ["clinics.offered", "clinics.booked"]
    assert resident.get("clinics/waitlist").json()["results"][0]["appointment"] == accepted.json()["number"]


def test_an_offer_unanswered_lapses_and_goes_to_the_next(resident, department, full, now, clock):
    second = resident_make()
    join(resident, department, patient_make(resident.resident_id, now=now))
    join(second, department, patient_make(second.resident_id, now=now))
    other, number = full
    other.post(f"clinics/appointments/{number}/cancel")
    clock.shift(dt.timedelta(hours=2))

    capacity.expired_sweep(now=the_clock.now())

    assert (kinds(resident), kinds(second)) == (["clinics.offered", "clinics.lapsed"], ["clinics.offered"])
    wait = resident.get("clinics/waitlist").json()["results"][0]
    assert code_of(resident.post(f"clinics/waitlist/{wait['id']}/accept")) == "offer_gone"


def test_nobody_waits_beside_a_free_place_too_long_or_for_a_stranger(resident, department, held, now):
    patient = patient_make(resident.resident_id, now=now)

    assert code_of(join(resident, department, patient)) == "units_free"
    assert (
        code_of(join(resident, department, patient, ("2026-03-09", "2026-03-10"), "b")) == "wait_days_invalid"
    )
    assert (
        code_of(join(resident, department, patient, ("2026-03-10", "2026-04-10"), "c")) == "wait_days_invalid"
    )
    other = patient_make(resident_make().resident_id, now=now)
    assert join(resident, department, other, key="d").status_code == 404


def test_an_offer_that_overlaps_stays_open_and_can_be_declined(
    resident, department, held, full, tomorrow, now
):
    patient = patient_make(resident.resident_id, now=now)
    wait = join(resident, department, patient).json()

    elsewhere = session_make(department_make(department.institution), starts_at=tomorrow, now=now)
    assert book(resident, elsewhere.slots[0], patient).status_code == 201
    other, number = full
    other.post(f"clinics/appointments/{number}/cancel")

    assert code_of(resident.post(f"clinics/waitlist/{wait['id']}/accept")) == "overlapping_appointment"
    assert Claim.objects.filter(state="offered").count() == 1
    assert resident.post(f"clinics/waitlist/{wait['id']}/decline").json()["state"] == "waiting"
    assert resident_make().send("DELETE", f"clinics/waitlist/{wait['id']}", {}).status_code == 404
    assert resident.send("DELETE", f"clinics/waitlist/{wait['id']}", {}).status_code == 204
    assert Claim.objects.filter(state="offered").count() == 0


def test_a_suspended_session_is_closed_everyone_told_and_kept_another_time(
    resident, department, held, tomorrow, now, staff, django_capture_on_commit_callbacks
):
    attendance_make()
    patient = patient_make(resident.resident_id, now=now)
    number = book(resident, held.slots[0], patient).json()["number"]
    later = session_make(department, starts_at=tomorrow + dt.timedelta(days=1), now=now, slots=1)

    suspension = services.session_suspend(session_id=held.session.pk, staff=staff, reason="医生生病", now=now)
    kept = services.suspension_rebook(session_id=held.session.pk, now=now)
    again = services.suspension_rebook(session_id=held.session.pk, now=now)

    assert (suspension.met, kept, again) == (1, 1, 0)
    assert Appointment.objects.get(number=number).ended_why == "suspended"
    assert not Strike.objects.exists()
    offered = Appointment.objects.get(state="proposed")
    assert (offered.slot_id, offered.hold_until) == (later.slots[0].pk, now + dt.timedelta(hours=2))
    assert kinds(resident) == ["clinics.booked", "clinics.suspended", "clinics.rebook"]
    told = InboxMessage.objects.get(kind="clinics.suspended")
    assert "医生生病" in told.body
    assert Delivery.objects.get(message=told).fallbacks == ["sms"]
    stranger = resident_make()
    theirs = patient_make(stranger.resident_id, now=now)
    assert code_of(book(stranger, held.slots[0], theirs)) == "session_suspended"
    confirmed = resident.post("clinics/appointments", {"hold": str(offered.pk)}, key="r")
    assert (confirmed.status_code, confirmed.json()["state"]) == (201, "booked")


def test_only_its_own_staff_suspend_a_session_once_and_say_why(held, staff, now):
    with pytest.raises(AppointmentUnknown):
        services.session_suspend(
            session_id=held.session.pk, staff=staff_make("service_operator"), reason="r", now=now
        )
    with pytest.raises(ReasonMissing):
        services.session_suspend(session_id=held.session.pk, staff=staff, reason=" ", now=now)
    services.session_suspend(session_id=held.session.pk, staff=staff, reason="r", now=now)
    with pytest.raises(SessionSuspended):
        services.session_suspend(session_id=held.session.pk, staff=staff, reason="r", now=now)

    assert Suspension.objects.count() == 1


def test_reminders_come_the_day_before_and_two_hours_before_once_each(resident, held, now, clock):
    book(resident, held.slots[0], patient_make(resident.resident_id, now=now))
    told = []

    for moment in ("2026-03-10T15:59", "2026-03-10T16:00", "2026-03-10T16:01", "2026-03-11T06:59", "2026-03-11T07:01",
                   "2026-03-11T07:02", "2026-03-11T08:59"):  # fmt: skip
        clock.move_to(dt.datetime.fromisoformat(f"{moment}+08:00"))
        told.append(services.reminders_tell(now=the_clock.now()))

    assert told == [0, 1, 0, 0, 1, 0, 0]
    assert kinds(resident) == ["clinics.booked", "clinics.day_before", "clinics.soon"]


def test_a_reminder_that_comes_too_late_is_not_sent_and_the_cancelled_are_left_alone(
    resident, held, now, clock
):
    number = book(resident, held.slots[0], patient_make(resident.resident_id, now=now)).json()["number"]
    clock.move_to(held.slots[0].starts_at - dt.timedelta(minutes=19))
    assert services.reminders_tell(now=the_clock.now()) == 0

    clock.move_to(now)
    resident.post(f"clinics/appointments/{number}/cancel")
    clock.move_to(held.slots[0].starts_at - dt.timedelta(hours=1))
    assert services.reminders_tell(now=the_clock.now()) == 0


def test_a_hold_whose_moment_passed_is_met_by_no_suspension(resident, department, held, tomorrow, now, staff):
    patient = patient_make(resident.resident_id, now=now)
    services.hold_make(
        slot_id=held.slots[0].pk, patient_id=patient.pk, resident_id=resident.resident_id, now=now
    )
    session_make(department, starts_at=tomorrow + dt.timedelta(days=1), now=now, slots=1)
    later = now + dt.timedelta(minutes=5)

    suspension = services.session_suspend(session_id=held.session.pk, staff=staff, reason="r", now=later)

    assert (suspension.met, services.suspension_rebook(session_id=held.session.pk, now=later)) == (0, 0)
    assert kinds(resident) == []


def test_another_doctor_of_the_same_morning_is_the_next_time_but_not_one_too_soon_to_come(
    resident, department, held, tomorrow, now, staff
):
    patient = patient_make(resident.resident_id, now=now)
    assert book(resident, held.slots[0], patient).status_code == 201
    beside = session_make(department, starts_at=tomorrow, now=now, slots=3)
    services.session_suspend(session_id=held.session.pk, staff=staff, reason="r", now=now)
    soon = beside.slots[1].starts_at - dt.timedelta(minutes=59)

    services.suspension_rebook(session_id=held.session.pk, now=soon)

    assert Appointment.objects.get(state="proposed").slot_id == beside.slots[2].pk


def test_a_hold_that_passed_unswept_keeps_nobody_from_another_time(
    resident, department, held, tomorrow, now, staff
):
    patient = patient_make(resident.resident_id, now=now)
    assert book(resident, held.slots[0], patient).status_code == 201
    next_day = tomorrow + dt.timedelta(days=1)
    later = session_make(department, starts_at=next_day, now=now, slots=1)
    elsewhere = session_make(department_make(department.institution), starts_at=next_day, now=now)
    services.hold_make(
        slot_id=elsewhere.slots[0].pk, patient_id=patient.pk, resident_id=resident.resident_id, now=now
    )
    services.session_suspend(session_id=held.session.pk, staff=staff, reason="r", now=now)

    kept = services.suspension_rebook(session_id=held.session.pk, now=now + dt.timedelta(minutes=5))

    assert (kept, Appointment.objects.get(state="proposed").slot_id) == (1, later.slots[0].pk)


def test_nobody_waits_for_a_department_that_is_not_for_their_age(resident, department, full, now):
    department.max_age = 45
    department.save()
    patient = patient_make(resident.resident_id, now=now, born=dt.date(1980, 3, 15))

    assert code_of(join(resident, department, patient, ("2026-03-15", "2026-03-20"))) == "age_refused"
    assert join(resident, department, patient, ("2026-03-14", "2026-03-20"), "b").status_code == 201
