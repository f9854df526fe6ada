"""Booking over HTTP: what is written, what is refused and leaves nothing behind."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.accounts.models import Department as Unit
from apps.capacity.models import Claim, Pool
from apps.clinics import services
from apps.clinics.errors import SlotUnknown
from apps.clinics.models import Appointment, AppointmentEvent, Restriction, SessionTemplate
from apps.clinics.states import Channel
from apps.common.ids import uuid7
from apps.notifications.models import InboxMessage
from tests.factories.clinics import (
    attendance_make,
    book,
    department_make,
    id_number,
    patient_make,
    session_make,
)
from tests.factories.people import ResidentClient, code_of, resident_make, staff_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(department, tomorrow, now):
    return session_make(department, starts_at=tomorrow, now=now)


@pytest.fixture
def patient(resident, now):
    return patient_make(resident.resident_id, now=now)


def nothing_written() -> bool:
    return not (
        Appointment.objects.exists() or Claim.objects.exists() or InboxMessage.objects.exists()
    ) and not any(Pool.objects.values_list("used", flat=True))


def test_a_slot_is_booked_with_its_claim_its_entry_and_its_notice(resident, held, patient):
    answer = book(resident, held.slots[0], patient, reason="头晕")

    body = answer.json()
    assert answer.status_code == 201, body
    assert (body["state"], body["starts_at"], body["patient"]) == (
        "booked",
        "2026-03-11T09:00:00+08:00",
        "演***",
    )
    assert (body["can"], len(body["check_in_code"])) == (["cancel", "check_in"], 16)
    appointment = Appointment.objects.get()
    assert (appointment.number, appointment.reason, appointment.claim.state) == (
        body["number"],
        "头晕",
        "taken",
    )
    assert list(AppointmentEvent.objects.values_list("verb", "target")) == [("book", "booked")]
    told = InboxMessage.objects.get()
    assert told.kind == "clinics.booked"
    assert body["number"] in told.body
    assert "演示患者" not in told.body + told.title


def test_the_same_key_books_once(resident, held, patient):
    key, body = str(uuid7()), {"slot": str(held.slots[0].pk), "patient": str(patient.pk)}

    first = resident.post("clinics/appointments", body, key=key)
    again = resident.post("clinics/appointments", body, key=key)

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json()["number"] == again.json()["number"]
    assert Appointment.objects.count() == 1


def test_a_full_slot_says_that_one_can_wait(resident, held, patient, now):
    other = resident_make()
    book(other, held.slots[0], patient_make(other.resident_id, now=now))

    answer = book(resident, held.slots[0], patient)

    assert (answer.status_code, code_of(answer)) == (409, "slot_full")
    assert answer.json()["errors"][0]["waitlist"] is True
    assert Appointment.objects.count() == 1


def test_nobody_books_twice_a_day_in_a_department_nor_two_places_at_once(
    resident, held, patient, tomorrow, now
):
    elsewhere = session_make(
        department_make(held.session.department.institution),
        starts_at=tomorrow + dt.timedelta(minutes=15),
        now=now,
    )
    book(resident, held.slots[0], patient)

    same_day, overlapping = (
        book(resident, held.slots[1], patient),
        book(resident, elsewhere.slots[0], patient),
    )

    assert (code_of(same_day), code_of(overlapping)) == ("overlapping_appointment",) * 2
    assert (Appointment.objects.count(), sum(Pool.objects.values_list("used", flat=True))) == (1, 1)


def test_one_person_is_one_person_whoever_books(resident, held, now):
    sister = resident_make()
    mother = id_number(born=dt.date(1950, 5, 1))
    mine = patient_make(resident.resident_id, now=now, relation="parent", number=mother)
    hers = patient_make(sister.resident_id, now=now, relation="parent", number=mother)
    assert mine == hers

    assert book(resident, held.slots[0], mine).status_code == 201
    assert code_of(book(sister, held.slots[1], hers)) == "overlapping_appointment"
    assert sister.get("clinics/appointments").json()["results"] == []


def test_before_its_release_a_session_can_not_be_booked(resident, department, patient, tomorrow, now):
    release = now + dt.timedelta(hours=1)
    held = session_make(department, starts_at=tomorrow, now=now, release_at=release)

    answer = book(resident, held.slots[0], patient)

    assert (answer.status_code, code_of(answer)) == (409, "slot_not_released")
    assert answer.json()["errors"][0]["release_at"] == "2026-03-10T11:00:00+08:00"
    assert nothing_written()


def test_a_slot_that_has_begun_is_over(resident, held, patient, clock):
    clock.move_to(held.slots[0].starts_at)

    assert code_of(book(resident, held.slots[0], patient)) == "slot_over"
    assert nothing_written()


def test_who_is_too_young_or_not_ones_patient_is_refused(resident, tomorrow, now, department):
    adults = department_make(department.institution, min_age=18, max_age=120)
    held = session_make(adults, starts_at=tomorrow, now=now)
    child = patient_make(resident.resident_id, now=now, relation="child", born=dt.date(2015, 1, 1))
    other = resident_make()
    stranger = patient_make(other.resident_id, now=now)

    assert code_of(book(resident, held.slots[0], child)) == "age_refused"
    answer = book(resident, held.slots[0], stranger)
    assert (answer.status_code, code_of(answer)) == (404, "patient_unknown")
    assert nothing_written()


def test_who_is_restricted_reads_why_until_when_and_how_to_appeal(resident, held, patient, now):
    rule = attendance_make()
    Restriction.objects.create(
        patient=patient, institution=held.session.department.institution, rule=rule, first_on=dt.date(2026, 3, 1),
        until_on=dt.date(2026, 3, 20), created_at=now,
    )  # fmt: skip

    answer = book(resident, held.slots[0], patient)

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"], error["until"], error["appeal"]) == (
        409, "booking_restricted", "2026-03-20", True,
    )  # fmt: skip
    assert nothing_written()


def test_a_hold_is_kept_confirmed_and_counts_for_the_patient(resident, held, patient, now):
    answer = resident.post(
        "clinics/holds", {"slot": str(held.slots[0].pk), "patient": str(patient.pk)}, key="a"
    )
    body = answer.json()
    assert (answer.status_code, body["expires_at"]) == (201, "2026-03-10T10:05:00+08:00")
    assert code_of(book(resident, held.slots[1], patient)) == "overlapping_appointment"

    booked = resident.post("clinics/appointments", {"hold": body["id"]}, key="b")

    assert (booked.status_code, booked.json()["state"]) == (201, "booked")
    assert list(AppointmentEvent.objects.order_by("id").values_list("verb", flat=True)) == ["hold", "book"]
    assert Claim.objects.get().state == "taken"


def test_an_expired_hold_stands_in_nobodys_way_without_a_sweep(resident, held, patient, now, clock):
    hold = resident.post(
        "clinics/holds", {"slot": str(held.slots[0].pk), "patient": str(patient.pk)}, key="a"
    ).json()
    clock.shift(dt.timedelta(seconds=300))
    other = resident_make()

    assert code_of(resident.post("clinics/appointments", {"hold": hold["id"]}, key="b")) == "hold_expired"
    assert book(other, held.slots[0], patient_make(other.resident_id, now=now)).status_code == 201
    assert book(resident, held.slots[1], patient).status_code == 201
    assert resident.get("clinics/appointments").json()["results"][0]["state"] == "booked"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"slot": "x"},
        {"slot": str(uuid7())},
        {"hold": str(uuid7()), "slot": str(uuid7()), "patient": str(uuid7())},
    ],
)
def test_half_a_booking_is_refused(resident, held, body):
    assert resident.post("clinics/appointments", body, key="a").status_code == 400
    assert nothing_written()


def plain(resident) -> ResidentClient:
    """Return the resident with the token they have: no sign-in is counted."""
    return ResidentClient(resident.resident_id, resident.token, resident.openid)


def test_a_booking_takes_at_most_14_statements(resident, held, patient, now, django_assert_num_queries):
    # Templates are kept in memory, and a process takes its numbers by the block, from the first booking on.
    other = resident_make()
    assert book(other, held.slots[1], patient_make(other.resident_id, now=now)).status_code == 201

    with django_assert_num_queries(13):
        assert book(plain(resident), held.slots[0], patient).status_code == 201


def test_at_the_counter_and_for_referrals_other_pools_are_used(department, tomorrow, now, resident):
    held = session_make(
        department, starts_at=tomorrow, now=now, slots=1, pools={"public": 1, "counter": 1, "referral": 1}
    )
    institution = department.institution
    institution.department = Unit.objects.get(code="XZSP")
    institution.save()
    staff = staff_make("service_operator", unit="XZSP")
    used = []
    for channel in (Channel.COUNTER, Channel.REFERRAL, Channel.COUNTER):
        someone = patient_make(resident_make().resident_id, now=now)
        services.appointment_book_by_staff(
            slot_id=held.slots[0].pk, patient_id=someone.pk, staff=staff, channel=channel, now=now
        )
        used.append(dict(Pool.objects.values_list("name", "used")))

    assert used[-1] == {"public": 1, "counter": 1, "referral": 1}
    assert code_of(book(resident, held.slots[0], patient_make(resident.resident_id, now=now))) == "slot_full"
    with pytest.raises(SlotUnknown):
        services.appointment_book_by_staff(
            slot_id=held.slots[0].pk, patient_id=someone.pk, staff=staff_make("service_operator", unit="CG"),
            channel=Channel.COUNTER, now=now,
        )  # fmt: skip


def test_the_elderly_take_the_units_kept_for_them_first(resident, department, tomorrow, now):
    template = SessionTemplate.objects.create(
        department=department, weekday=2, starts=dt.time(9), ends=dt.time(9, 30), pools={"public": 1, "elderly": 1},
        valid_from=dt.date(2026, 1, 1),
    )  # fmt: skip
    held = session_make(
        department, starts_at=tomorrow, now=now, slots=1, pools=template.pools, opens_to_all_hours=1
    )
    held.session.template = template
    held.session.save()
    old = patient_make(resident.resident_id, now=now, relation="parent", born=dt.date(1961, 3, 11))
    young = patient_make(resident.resident_id, now=now, relation="self", born=dt.date(1961, 3, 12))

    assert book(resident, held.slots[0], old).status_code == 201
    assert dict(Pool.objects.values_list("name", "used")) == {"public": 0, "elderly": 1}
    assert book(resident, held.slots[0], young).status_code == 201
    assert dict(Pool.objects.values_list("name", "used")) == {"public": 1, "elderly": 1}


def test_sessions_and_slots_show_what_remains(resident, held, patient, department, django_assert_num_queries):
    book(resident, held.slots[0], patient)

    with django_assert_num_queries(3):
        sessions = plain(resident).get(f"clinics/departments/{department.pk}/sessions").json()["results"]
    slots = resident.get(f"clinics/sessions/{held.session.pk}/slots").json()["results"]

    assert [(one["id"], one["remaining"]) for one in sessions] == [(str(held.session.pk), 1)]
    assert [one["remaining"] for one in slots] == [0, 1]
    again = resident.get(f"clinics/sessions/{held.session.pk}/slots")
    assert (again["Cache-Control"], again["ETag"][:3]) == ("public, max-age=0", 'W/"')
    same = resident.get(f"clinics/sessions/{held.session.pk}/slots", headers={"If-None-Match": again["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert resident.get(f"clinics/departments/{department.pk}/sessions?from=2026-3-1").status_code == 400
    assert resident.get("clinics/departments/999999/sessions").status_code == 404
    assert [one["id"] for one in resident.get("clinics/departments").json()["results"]] == [department.pk]


def test_the_calendar_file_names_no_patient(resident, held, patient):
    number = book(resident, held.slots[0], patient).json()["number"]

    answer = resident.get(f"clinics/appointments/{number}/calendar.ics")

    text = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "DTSTART:20260311T010000Z" in text
    assert "STATUS:CONFIRMED" in text
    assert "演示患者" not in text
    assert resident_make().get(f"clinics/appointments/{number}/calendar.ics").status_code == 404


def test_a_link_to_the_calendar_file_works_for_two_hours_without_a_token(
    resident, held, patient, anyone, clock
):
    body = book(resident, held.slots[0], patient).json()
    path = body["calendar"].removeprefix("/api/v1/")

    answer = anyone.get(path)

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert f"UID:{body['number']}@qingshan" in answer.content.decode()
    assert anyone.get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    clock.shift(dt.timedelta(hours=2, seconds=1))
    assert anyone.get(path).status_code == 404
