"""Lists take as many statements at twenty rows as at two; whose rows they show."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Department as Unit
from apps.clinics import services
from apps.clinics.models import Appointment, Restriction, WaitRequest
from apps.clinics.numbers import number_next
from apps.clinics.states import Channel
from apps.common.ids import check_digit
from apps.notifications.models import InboxMessage
from tests.factories.clinics import (
    attendance_make,
    book,
    department_make,
    institution_make,
    patient_make,
    rule_make,
    session_make,
)
from tests.factories.people import ResidentClient, code_of, resident_make, staff_make

pytestmark = pytest.mark.django_db


def counted(client: ResidentClient, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return len(captured.captured_queries)


@pytest.fixture
def counts(resident, department, tomorrow, now):
    """Return the statements of each list once there are so many rows."""
    mine = patient_make(resident.resident_id, now=now)
    made = {"rows": 0}
    attendance = attendance_make()

    def grow(rows: int) -> dict[str, int]:
        for place in range(made["rows"], rows):
            starts_at = tomorrow + dt.timedelta(days=place)
            book(resident, session_make(department, starts_at=starts_at, now=now, slots=4).slots[0], mine)
            other = department_make(department.institution)
            full = session_make(other, starts_at=starts_at.replace(hour=14), now=now, slots=1)
            someone = resident_make()
            taken = book(someone, full.slots[0], patient_make(someone.resident_id, now=now))
            services.waitlist_join(
                department_id=other.pk, patient_id=mine.pk, resident_id=resident.resident_id, first_on=full.session.on,
                last_on=full.session.on, now=now,
            )  # fmt: skip
            if place % 2:  # half of them are offered a place
                someone.post(f"clinics/appointments/{taken.json()['number']}/cancel")
            Restriction.objects.create(
                patient=mine, institution=institution_make(now=now), rule=attendance, first_on=now.date(),
                until_on=now.date() + dt.timedelta(days=9), created_at=now,
            )  # fmt: skip
        made["rows"] = rows
        last = WaitRequest.objects.order_by("-id").first()
        assert last is not None
        session = Appointment.objects.filter(booked_by_id=resident.resident_id).order_by("id")[0].session_id
        plain = ResidentClient(resident.resident_id, resident.token)
        paths = (
            "clinics/departments", f"clinics/departments/{department.pk}/sessions?from=2026-03-10&to=2026-04-09",
            f"clinics/sessions/{session}/slots", "patients", "clinics/appointments?limit=100", "clinics/waitlist?limit=100",
            "clinics/restrictions",
        )  # fmt: skip
        return {path.split("?")[0].replace(str(session), "id"): counted(plain, path) for path in paths}

    return grow


def test_lists_take_as_many_statements_at_20_rows_as_at_2(counts, department):
    two, twenty = counts(2), counts(20)

    assert two == twenty
    assert twenty == {
        "clinics/departments": 1, f"clinics/departments/{department.pk}/sessions": 3, "clinics/sessions/id/slots": 3,
        "patients": 2, "clinics/appointments": 2, "clinics/waitlist": 4, "clinics/restrictions": 2,
    }  # fmt: skip


def test_what_was_booked_for_a_patient_at_the_counter_is_theirs_to_see_and_cancel(
    resident, department, tomorrow, now
):
    held = session_make(department, starts_at=tomorrow, now=now)
    department.institution.department = Unit.objects.get(code="WJ")
    department.institution.save()
    me = patient_make(resident.resident_id, now=now)
    made = services.appointment_book_by_staff(
        slot_id=held.slots[0].pk, patient_id=me.pk, staff=staff_make("service_operator", unit="WJ"),
        channel=Channel.COUNTER, now=now,
    ).appointment  # fmt: skip

    assert [one["number"] for one in resident.get("clinics/appointments").json()["results"]] == [made.number]
    assert resident_make().get(f"clinics/appointments/{made.number}").status_code == 404
    answer = resident.post(f"clinics/appointments/{made.number}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_an_offer_of_a_session_that_is_suspended_is_taken_back_and_the_place_in_the_line_stays(
    resident, department, tomorrow, now
):
    held = session_make(department, starts_at=tomorrow, now=now, slots=1)
    first = resident_make()
    taken = book(first, held.slots[0], patient_make(first.resident_id, now=now)).json()["number"]
    wait = services.waitlist_join(
        department_id=department.pk, patient_id=patient_make(resident.resident_id, now=now).pk,
        resident_id=resident.resident_id, first_on=held.session.on, last_on=held.session.on + dt.timedelta(days=3),
        now=now,
    )  # fmt: skip
    first.post(f"clinics/appointments/{taken}/cancel")
    boss = staff_make("service_operator")
    boss.is_superuser = True

    services.session_suspend(session_id=held.session.pk, staff=boss, reason="停诊", now=now)

    shown = resident.get("clinics/waitlist").json()["results"][0]
    assert (shown["state"], shown["position"], shown["offer"]) == ("waiting", 1, None)
    assert code_of(resident.post(f"clinics/waitlist/{wait.pk}/accept")) == "offer_gone"
    assert not Appointment.objects.filter(booked_by_id=resident.resident_id).exists()


def test_who_is_restricted_can_not_wait_either(resident, department, tomorrow, now):
    held = session_make(department, starts_at=tomorrow, now=now, slots=1)
    other = resident_make()
    book(other, held.slots[0], patient_make(other.resident_id, now=now))
    me = patient_make(resident.resident_id, now=now)
    Restriction.objects.create(
        patient=me, institution=department.institution, rule=attendance_make(), first_on=now.date(),
        until_on=now.date() + dt.timedelta(days=9), created_at=now,
    )  # fmt: skip
    day = held.session.on.isoformat()

    answer = resident.post(
        "clinics/waitlist",
        {"department": department.pk, "patient": str(me.pk), "from": day, "to": day},
        key="k",
    )

    assert (answer.status_code, code_of(answer)) == (409, "booking_restricted")
    assert not WaitRequest.objects.exists()


def test_a_reminder_that_the_night_would_hold_back_until_it_is_over_is_not_written(
    resident, department, now, clock
):
    early = dt.datetime(2026, 3, 11, 7, 40, tzinfo=now.tzinfo).replace(
        tzinfo=dt.timezone(dt.timedelta(hours=8))
    )
    book(
        resident,
        session_make(department, starts_at=early, now=now).slots[0],
        patient_make(resident.resident_id, now=now),
    )
    for minutes in (5, 50, 85):
        services.reminders_tell(now=early - dt.timedelta(hours=2) + dt.timedelta(minutes=minutes))

    assert list(InboxMessage.objects.values_list("kind", flat=True)) == ["clinics.booked"]


def test_an_institution_without_a_rule_keeps_no_other_from_its_sessions(now, db):
    from apps.clinics.models import SessionTemplate

    bare, ruled = institution_make(now=now), institution_make(now=now)
    rule_make(ruled)
    for institution in (bare, ruled):
        SessionTemplate.objects.create(
            department=department_make(institution), weekday=2, starts=dt.time(9), ends=dt.time(10), pools={"public": 1},
            valid_from=dt.date(2026, 1, 1),
        )  # fmt: skip

    assert services.sessions_generate(now=now, days=7) == 1


def test_numbers_read_well_and_are_never_given_twice(db):
    numbers = [number_next(on=dt.date(2026, 3, 10)) for _each in range(100)]

    assert len(set(numbers)) == 100
    assert all(one.startswith("YY260310") and len(one) == 16 for one in numbers)
    assert all(check_digit(one[2:-1]) == one[-1] for one in numbers)
