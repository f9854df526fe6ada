"""Cancelling, checking in, not coming: what follows, and how it is undone."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.capacity.models import Claim
from apps.clinics import services
from apps.clinics.errors import (
    AppointmentChanged,
    AppointmentMoveRefused,
    AppointmentUnknown,
    MissTooEarly,
    ReasonMissing,
)
from apps.clinics.models import Appointment, AppointmentEvent, BookingRule, Restriction, Strike
from apps.clinics.states import MOVES, Actor, AppointmentState, Verb, move_of
from apps.common import clock as the_clock
from apps.notifications.models import InboxMessage
from tests.factories.clinics import attendance_make, book, patient_make, session_make
from tests.factories.people import code_of, resident_make, staff_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(department, tomorrow, now):
    return session_make(department, starts_at=tomorrow, now=now)


@pytest.fixture
def patient(resident, now):
    return patient_make(resident.resident_id, now=now)


@pytest.fixture
def booked(resident, held, patient) -> Appointment:
    number = book(resident, held.slots[0], patient).json()["number"]
    return Appointment.objects.get(number=number)


@pytest.fixture
def staff(department):
    from apps.accounts.models import Department as Unit

    unit = Unit.objects.first()
    department.institution.department = unit
    department.institution.save()
    return staff_make("service_operator", unit=unit.code)


def fresh(appointment: Appointment) -> Appointment:
    return Appointment.objects.get(pk=appointment.pk)


def act(appointment, staff, verb, **more):
    return services.appointment_act(
        appointment_id=appointment.pk, staff=staff, verb=verb, version=fresh(appointment).version, now=the_clock.now(),
        **more,
    )  # fmt: skip


def test_a_cancelled_place_cools_for_a_time_that_nobody_knows(resident, booked, held, now):
    answer = resident.post(f"clinics/appointments/{booked.number}/cancel")
    again = resident.post(f"clinics/appointments/{booked.number}/cancel")

    assert (answer.status_code, answer.json()["state"], again.status_code) == (200, "cancelled", 200)
    cooling = Claim.objects.get(state="cooling")
    assert 300 <= (cooling.expires_at - now).total_seconds() <= 600
    friend = resident_make()
    theirs = patient_make(friend.resident_id, now=now)
    assert code_of(book(friend, held.slots[0], theirs)) == "slot_full"
    assert [one.kind for one in InboxMessage.objects.order_by("id")] == [
        "clinics.booked",
        "clinics.cancelled",
    ]


def test_nobody_cancels_what_another_booked_or_what_has_begun(booked, resident, clock):
    assert resident_make().post(f"clinics/appointments/{booked.number}/cancel").status_code == 404
    clock.move_to(booked.starts_at)

    assert (
        code_of(resident.post(f"clinics/appointments/{booked.number}/cancel")) == "appointment_move_refused"
    )
    assert fresh(booked).state == "booked"


def test_a_late_cancellation_counts_only_where_the_rule_says_so(resident, booked, clock, held, now, patient):
    rule = attendance_make(late_cancel_counts=True)
    clock.move_to(booked.starts_at - dt.timedelta(hours=11))
    resident.post(f"clinics/appointments/{booked.number}/cancel")
    assert Strike.objects.count() == 1

    rule.late_cancel_counts = False
    rule.save()
    number = book(resident, held.slots[1], patient).json()["number"]
    resident.post(f"clinics/appointments/{number}/cancel")
    assert Strike.objects.count() == 1


@pytest.mark.parametrize(("before", "strikes"), [(dt.timedelta(0), 0), (dt.timedelta(seconds=1), 1)])
def test_a_rule_may_name_a_time_of_the_day_before(resident, booked, clock, before, strikes):
    attendance_make(late_cancel_counts=True)
    BookingRule.objects.update(cancel_by=dt.time(17))
    eve = the_clock.local(booked.starts_at - dt.timedelta(days=1)).replace(hour=17, minute=0, second=0)
    clock.move_to(eve + before)
    assert resident.post(f"clinics/appointments/{booked.number}/cancel").status_code == 200
    assert Strike.objects.count() == strikes


def test_a_patient_checks_in_with_the_code_at_the_door_in_time(resident, booked, clock):
    path, door = f"clinics/appointments/{booked.number}/check-in", booked.department.institution.door_code

    assert code_of(resident.post(path, {"code": "wrong"})) == "check_in_code_wrong"
    assert code_of(resident.post(path, {"code": door})) == "check_in_too_early"
    clock.move_to(booked.starts_at - dt.timedelta(minutes=60))
    answer = resident.post(path, {"code": door})
    again = resident.post(path, {"code": door})

    assert (answer.json()["state"], again.status_code) == ("arrived", 200)
    assert fresh(booked).arrived_at == booked.starts_at - dt.timedelta(minutes=60)


def test_too_late_for_the_phone_is_not_too_late_for_the_desk(resident, booked, clock, staff):
    clock.move_to(booked.starts_at + dt.timedelta(minutes=31))
    door = booked.department.institution.door_code

    assert (
        code_of(resident.post(f"clinics/appointments/{booked.number}/check-in", {"code": door}))
        == "check_in_too_late"
    )
    services.check_in_by_code(code=booked.check_in_code, staff=staff, now=the_clock.now())

    assert fresh(booked).state == "arrived"


def test_the_desk_sees_patients_through_and_undoes_what_was_wrong(booked, staff, clock):
    clock.move_to(booked.starts_at)
    act(booked, staff, Verb.CHECK_IN)
    act(booked, staff, Verb.FULFIL)
    assert fresh(booked).state == "fulfilled"
    with pytest.raises(ReasonMissing):
        act(booked, staff, Verb.UNDO)
    act(booked, staff, Verb.UNDO, reason="点错了")

    assert fresh(booked).state == "arrived"
    assert list(AppointmentEvent.objects.order_by("id").values_list("verb", flat=True)) == [
        "book", "check_in", "fulfil", "undo",
    ]  # fmt: skip


def test_a_stale_page_and_a_stranger_change_nothing(booked, staff, clock):
    clock.move_to(booked.starts_at)
    with pytest.raises(AppointmentChanged):
        services.appointment_act(
            appointment_id=booked.pk, staff=staff, verb=Verb.CHECK_IN, version=7, now=the_clock.now()
        )
    with pytest.raises(AppointmentUnknown):
        act(booked, staff_make("service_operator"), Verb.CHECK_IN)

    assert fresh(booked).state == "booked"


@pytest.mark.parametrize("state", list(AppointmentState))
@pytest.mark.parametrize(
    "verb", [verb for verb in Verb if verb not in (Verb.HOLD, Verb.BOOK, Verb.SUSPEND, Verb.EXPIRE)]
)
def test_staff_make_only_the_moves_of_the_table(booked, staff, clock, state, verb):
    clock.move_to(booked.starts_at)
    until = the_clock.now() + dt.timedelta(hours=1)
    Appointment.objects.filter(pk=booked.pk).update(
        state=state, hold_until=until if state == AppointmentState.PROPOSED else None
    )
    move = move_of(state=state, verb=verb, actor=Actor.STAFF)

    if move is None:
        with pytest.raises(AppointmentMoveRefused):
            act(booked, staff, verb, reason="r")
        assert fresh(booked).state == state
    else:
        act(booked, staff, verb, reason="r")
        assert fresh(booked).state == move.target


def test_each_state_can_be_reached():
    reached = {"proposed", "booked"}
    for _round in AppointmentState:
        reached |= {move.target for move in MOVES if move.source in reached}
    assert reached == set(AppointmentState)


def miss(resident, department, patient, now, clock, day: int) -> Appointment:
    starts_at = the_clock.local(now).replace(hour=9, minute=0) + dt.timedelta(days=day)
    held = session_make(department, starts_at=starts_at, now=now, slots=1)
    number = book(resident, held.slots[0], patient).json()["number"]
    clock.move_to(held.session.ends_at)
    assert services.noshow_sweep(now=the_clock.now()) == 1
    return Appointment.objects.get(number=number)


def test_the_third_miss_in_the_window_restricts_and_an_appeal_lifts_it(
    resident, department, patient, now, clock, staff
):
    attendance_make()
    for day in (1, 2):
        assert miss(resident, department, patient, now, clock, day).state == "noshow"
    assert not Restriction.objects.exists()
    miss(resident, department, patient, now, clock, 3)

    held = Restriction.objects.get()
    assert (held.first_on, held.until_on) == (dt.date(2026, 3, 13), dt.date(2026, 4, 12))
    assert InboxMessage.objects.order_by("-id")[0].kind == "clinics.restricted"
    shown = resident.get("clinics/restrictions").json()["results"]
    assert [(one["id"], one["appeal"]) for one in shown] == [(str(held.pk), "none")]
    assert resident_make().post(f"clinics/restrictions/{held.pk}/appeal", {"text": "x"}).status_code == 404
    assert (
        resident.post(f"clinics/restrictions/{held.pk}/appeal", {"text": "那天地铁停运"}).json()["appeal"]
        == "open"
    )
    assert (
        code_of(resident.post(f"clinics/restrictions/{held.pk}/appeal", {"text": "再说一次"}))
        == "appeal_refused"
    )
    services.restriction_decide(
        restriction_id=held.pk, staff=staff, lift=True, words="情况属实", now=the_clock.now()
    )

    assert Strike.objects.filter(voided_at=None).count() == 0
    later = session_make(
        department, starts_at=the_clock.now() + dt.timedelta(days=1), now=the_clock.now(), slots=1
    )
    assert book(resident, later.slots[0], patient).status_code == 201


def test_misses_outside_the_window_or_in_a_suspended_session_do_not_count(
    resident, department, patient, now, clock, staff
):
    attendance_make(window_days=2, strikes=2)
    miss(resident, department, patient, now, clock, 1)
    miss(resident, department, patient, now, clock, 4)
    assert not Restriction.objects.exists()
    held = session_make(
        department, starts_at=the_clock.now() + dt.timedelta(days=1), now=the_clock.now(), slots=1
    )
    book(resident, held.slots[0], patient)
    services.session_suspend(session_id=held.session.pk, staff=staff, reason="医生生病", now=the_clock.now())
    clock.move_to(held.session.ends_at)

    assert services.noshow_sweep(now=the_clock.now()) == 0
    assert (Strike.objects.count(), Restriction.objects.count()) == (2, 0)


def test_an_undone_miss_takes_its_strike_and_the_restriction_back(
    resident, department, patient, now, clock, staff
):
    attendance_make(strikes=1)
    missed = miss(resident, department, patient, now, clock, 1)
    assert Restriction.objects.get().until_on == dt.date(2026, 4, 10)

    act(missed, staff, Verb.UNDO, reason="人来过，漏点了")

    assert fresh(missed).state == "arrived"
    assert Strike.objects.get().voided_why == "人来过，漏点了"
    assert Restriction.objects.get().until_on == dt.date(2026, 3, 11)


def test_a_cancellation_the_evening_before_counts_at_once(resident, booked, clock):
    attendance_make(strikes=1, late_cancel_counts=True)
    clock.move_to(booked.starts_at - dt.timedelta(hours=11))

    resident.post(f"clinics/appointments/{booked.number}/cancel")

    assert Strike.objects.get().on == dt.date(2026, 3, 10)
    assert Restriction.objects.get().first_on == dt.date(2026, 3, 10)


def test_a_miss_undone_the_same_day_leaves_no_restriction(
    resident, department, patient, now, clock, staff, held
):
    attendance_make(strikes=1)
    missed = miss(resident, department, patient, now, clock, 1)

    act(missed, staff, Verb.UNDO, reason="人来过，漏点了")

    assert (Restriction.objects.get().first_on, Restriction.objects.get().until_on) == (
        dt.date(2026, 3, 11),
        dt.date(2026, 3, 11),
    )
    later = session_make(
        department, starts_at=the_clock.now() + dt.timedelta(days=1), now=the_clock.now(), slots=1
    )
    assert book(resident, later.slots[0], patient).status_code == 201


def test_nobody_has_missed_what_has_not_begun(booked, staff, clock):
    clock.move_to(booked.starts_at - dt.timedelta(seconds=1))

    with pytest.raises(MissTooEarly):
        act(booked, staff, Verb.MISS)

    assert (fresh(booked).state, Strike.objects.count()) == ("booked", 0)


def test_who_booked_is_told_when_the_desk_strikes_it_out(booked, staff):
    act(booked, staff, Verb.VOID, reason="录错")

    assert [one.kind for one in InboxMessage.objects.order_by("id")] == [
        "clinics.booked",
        "clinics.cancelled",
    ]
    assert Claim.objects.get().state == "released"


def test_an_undone_arrival_has_no_moment(booked, staff, clock):
    clock.move_to(booked.starts_at)
    act(booked, staff, Verb.CHECK_IN)

    act(booked, staff, Verb.UNDO, reason="点错了")

    assert (fresh(booked).state, fresh(booked).arrived_at) == ("booked", None)
