"""Clinics when many act at once: one place a unit, one place a person, nobody booked in what does not take place."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter

import pytest

from apps.capacity import services as capacity
from apps.capacity.models import Claim, Pool
from apps.clinics import services
from apps.clinics.models import (
    Appointment,
    AppointmentEvent,
    Restriction,
    Strike,
    Suspension,
    WaitRequest,
)
from apps.clinics.states import Verb
from apps.common import clock as the_clock
from apps.notifications.models import InboxMessage
from tests.factories.clinics import (
    attendance_make,
    department_make,
    institution_make,
    patient_make,
    rule_make,
    session_make,
)
from tests.factories.people import resident_make, staff_make
from tests.races.test_news import code_or, taking_turns

LIVE = ("proposed", "booked", "arrived")


@pytest.fixture
def now(clock, whole_db) -> dt.datetime:
    return the_clock.now()


@pytest.fixture
def tomorrow(now) -> dt.datetime:
    return the_clock.local(now).replace(hour=9, minute=0) + dt.timedelta(days=1)


@pytest.fixture
def department(now):
    rule_make()
    return department_make(institution_make(now=now))


def people(count: int, now: dt.datetime) -> list[tuple]:
    """Return residents with themselves as patients."""
    made = [resident_make().resident_id for _each in range(count)]
    return [(one, patient_make(one, now=now).pk) for one in made]


def booking(slots, persons, now):
    """Return a function that books for another of ``persons`` with each call, the slots in turn."""
    turns = itertools.count()

    def book() -> str:
        place = next(turns)
        resident_id, patient_id = persons[place % len(persons)]
        return code_or(
            "booked",
            lambda: services.appointment_book(
                slot_id=slots[place % len(slots)].pk, patient_id=patient_id, resident_id=resident_id, now=now
            ),
        )  # fmt: skip

    return book


def test_fifty_want_the_last_slot_and_one_gets_it(at_once, department, tomorrow, now):
    held = session_make(department, starts_at=tomorrow, now=now, slots=1)

    answers = at_once(50, booking(held.slots, people(50, now), now))

    assert Counter(answers) == {"booked": 1, "slot_full": 49}
    assert (Appointment.objects.count(), Claim.objects.count(), Pool.objects.get().used) == (1, 1, 1)
    assert AppointmentEvent.objects.count() == InboxMessage.objects.count() == 1


def test_one_person_is_in_one_place_whatever_is_booked_at_once(at_once, department, tomorrow, now):
    other = department_make(department.institution)
    for round_ in range(8):
        starts_at = tomorrow + dt.timedelta(days=round_)
        here = session_make(department, starts_at=starts_at, now=now, slots=1)
        there = session_make(other, starts_at=starts_at + dt.timedelta(minutes=15), now=now, slots=1)
        slots = [here.slots[0], there.slots[0]]

        answers = at_once(2, booking(slots, people(1, now), now))

        assert sorted(answers) == ["booked", "overlapping_appointment"]
        assert (
            sum(
                Pool.objects.filter(capacity__in=[one.capacity_id for one in slots]).values_list(
                    "used", flat=True
                )
            )
            == 1
        )


def test_a_hold_that_expired_is_taken_by_one_of_many_without_a_sweep(
    at_once, department, tomorrow, now, clock
):
    held = session_make(department, starts_at=tomorrow, now=now, slots=1)
    (resident_id, patient_id), *others = people(31, now)
    services.hold_make(slot_id=held.slots[0].pk, patient_id=patient_id, resident_id=resident_id, now=now)
    later = now + dt.timedelta(seconds=300)

    answers = at_once(30, booking(held.slots, others, later))

    assert Counter(answers) == {"booked": 1, "slot_full": 29}
    assert Pool.objects.get().used == 1


def test_who_books_while_the_session_is_suspended_is_told_or_refused(at_once, department, tomorrow, now):
    held = session_make(department, starts_at=tomorrow, now=now, slots=4, pools={"public": 10})
    doctor = staff_make("service_operator", unit="XZSP")
    doctor.is_superuser = True
    persons = people(19, now)
    book = booking(held.slots, persons, now)
    turns = itertools.count()

    def act() -> str:
        if next(turns) == 9:
            return code_or(
                "suspended",
                lambda: services.session_suspend(
                    session_id=held.session.pk, staff=doctor, reason="停诊", now=now
                ),
            )
        return book()

    answers = Counter(at_once(20, act))

    assert set(answers) <= {"suspended", "booked", "session_suspended"}
    assert answers["suspended"] == 1
    assert not Appointment.objects.filter(state__in=LIVE).exists()
    assert Appointment.objects.count() == Suspension.objects.get().met == answers["booked"]
    assert InboxMessage.objects.filter(kind="clinics.suspended").count() == answers["booked"]
    assert set(Pool.objects.values_list("used", "is_closed")) == {(0, True)}


def test_cancelling_and_suspending_at_once_end_each_appointment_once(at_once, department, tomorrow, now):
    doctor = staff_make("service_operator", unit="XZSP")
    doctor.is_superuser = True
    for round_ in range(5):
        held = session_make(department, starts_at=tomorrow + dt.timedelta(days=round_), now=now, slots=1)
        resident_id, patient_id = people(1, now)[0]
        made = services.appointment_book(
            slot_id=held.slots[0].pk, patient_id=patient_id, resident_id=resident_id, now=now
        ).appointment

        def cancel(made=made, resident_id=resident_id) -> str:
            return code_or(
                "cancelled",
                lambda: services.appointment_cancel(number=made.number, resident_id=resident_id, now=now),
            )

        def suspend(held=held) -> str:
            services.session_suspend(session_id=held.session.pk, staff=doctor, reason="停诊", now=now)
            return "suspended"

        assert sorted(at_once(2, taking_turns(cancel, suspend))) == ["cancelled", "suspended"]
        ends = AppointmentEvent.objects.filter(appointment=made, target="cancelled")
        assert (
            ends.count(),
            Claim.objects.filter(owner__endswith=str(patient_id), ended_at=None).count(),
        ) == (1, 0)


def test_an_offer_is_accepted_once_and_never_beside_its_lapse(at_once, department, tomorrow, now):
    held = session_make(department, starts_at=tomorrow, now=now, slots=1)
    first, *waiting = people(3, now)
    booked = services.appointment_book(
        slot_id=held.slots[0].pk, patient_id=first[1], resident_id=first[0], now=now
    )
    day = held.session.on
    waits = [
        services.waitlist_join(
            department_id=department.pk, patient_id=patient_id, resident_id=resident_id, first_on=day, last_on=day, now=now
        )
        for resident_id, patient_id in waiting
    ]  # fmt: skip
    services.appointment_cancel(number=booked.appointment.number, resident_id=first[0], now=now)
    just_before, over = now + dt.timedelta(seconds=7199), now + dt.timedelta(seconds=7200)

    def accept() -> str:
        return code_or(
            "accepted",
            lambda: services.waitlist_accept(wait_id=waits[0].pk, resident_id=waiting[0][0], now=just_before),
        )

    def sweep() -> str:
        capacity.expired_sweep(now=over)
        return "swept"

    answers = Counter(at_once(6, taking_turns(accept, sweep)))

    entry = WaitRequest.objects.select_related("entry").get(pk=waits[0].pk).entry
    live = Appointment.objects.filter(state__in=LIVE).values_list("patient_id", flat=True)
    assert Pool.objects.get().used == 1
    if answers["accepted"]:
        assert (answers["accepted"], entry.state, list(live)) == (3, "accepted", [waiting[0][1]])
    else:
        assert (answers["offer_gone"], entry.state, list(live)) == (3, "lapsed", [])


def test_two_sweeps_at_once_count_one_miss(at_once, department, tomorrow, now):
    attendance_make()
    held = session_make(department, starts_at=tomorrow, now=now, slots=2)
    for slot, (resident_id, patient_id) in zip(held.slots, people(2, now), strict=True):
        services.appointment_book(slot_id=slot.pk, patient_id=patient_id, resident_id=resident_id, now=now)
    over = held.session.ends_at

    at_once(4, lambda: services.noshow_sweep(now=over))

    assert set(Appointment.objects.values_list("state", flat=True)) == {"noshow"}
    assert (Strike.objects.count(), AppointmentEvent.objects.filter(verb="miss").count()) == (2, 2)


def test_two_runs_keep_one_other_time_for_each_whom_a_suspension_met(at_once, department, tomorrow, now):
    doctor = staff_make("service_operator", unit="XZSP")
    doctor.is_superuser = True
    held = session_make(department, starts_at=tomorrow, now=now, slots=3)
    later = session_make(department, starts_at=tomorrow + dt.timedelta(days=1), now=now, slots=3)
    for slot, (resident_id, patient_id) in zip(held.slots, people(3, now), strict=True):
        services.appointment_book(slot_id=slot.pk, patient_id=patient_id, resident_id=resident_id, now=now)
    services.session_suspend(session_id=held.session.pk, staff=doctor, reason="停诊", now=now)

    at_once(4, lambda: services.suspension_rebook(session_id=held.session.pk, now=now))

    kept = Appointment.objects.filter(session=later.session, state="proposed")
    assert (kept.count(), len(set(kept.values_list("instead_of_id", flat=True)))) == (3, 3)
    assert (
        sum(
            Pool.objects.filter(capacity__in=[one.capacity_id for one in later.slots]).values_list(
                "used", flat=True
            )
        )
        == 3
    )
    assert InboxMessage.objects.filter(kind="clinics.rebook").count() == 3


def test_who_cancels_and_books_the_same_slot_again_at_once_is_answered(at_once, department, tomorrow, now):
    resident_id, patient_id = people(1, now)[0]
    for round_ in range(8):
        held = session_make(
            department, starts_at=tomorrow + dt.timedelta(days=round_), now=now, slots=1, pools={"public": 2}
        )
        made = services.appointment_book(
            slot_id=held.slots[0].pk, patient_id=patient_id, resident_id=resident_id, now=now
        ).appointment

        def cancel(made=made) -> str:
            return code_or(
                "cancelled",
                lambda: services.appointment_cancel(number=made.number, resident_id=resident_id, now=now),
            )

        answers = at_once(2, taking_turns(cancel, booking(held.slots, [(resident_id, patient_id)], now)))

        assert sorted(answers) in (["booked", "cancelled"], ["cancelled", "overlapping_appointment"])
        live = Appointment.objects.filter(session=held.session, state__in=LIVE).count()
        assert live == answers.count("booked")


def test_misses_of_one_person_at_once_are_counted_together_and_restrict_once(
    at_once, department, tomorrow, now
):
    attendance_make(strikes=2)
    resident_id, patient_id = people(1, now)[0]
    for round_ in range(2):
        other = department_make(department.institution)
        held = session_make(other, starts_at=tomorrow + dt.timedelta(hours=round_), now=now, slots=1)
        services.appointment_book(
            slot_id=held.slots[0].pk, patient_id=patient_id, resident_id=resident_id, now=now
        )
    doctor = staff_make("service_operator", unit="XZSP")
    doctor.is_superuser = True
    over = tomorrow + dt.timedelta(hours=3)
    missed = iter(list(Appointment.objects.order_by("id")))

    def miss() -> str:
        one = next(missed)
        services.appointment_act(
            appointment_id=one.pk, staff=doctor, verb=Verb.MISS, version=one.version, now=over
        )
        return "missed"

    assert at_once(2, miss) == ["missed", "missed"]
    assert (Strike.objects.count(), Restriction.objects.count()) == (2, 1)
