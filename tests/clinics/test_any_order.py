"""Whatever is held, booked, moved, cancelled, waited for, suspended, undone, in any order: nobody is in two places at once."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.capacity import services as capacity
from apps.clinics import services
from apps.clinics.errors import Overlapping
from apps.clinics.models import Appointment, Slot, WaitRequest
from apps.clinics.services import PatientDraft
from apps.clinics.states import Channel, Verb
from apps.common import clock as the_clock
from apps.common.errors import Refused
from tests.factories.clinics import (
    attendance_make,
    department_make,
    id_number,
    institution_make,
    patient_make,
    rule_make,
    session_make,
)
from tests.factories.people import resident_make, staff_make

pytestmark = pytest.mark.django_db
PICKS, PERSONS, DEPARTMENTS = st.integers(0, 99), st.integers(0, 2), st.integers(0, 2)


class AnyOrder(RuleBasedStateMachine):
    """Three persons, three departments whose slots overlap, on two mornings; one unit a slot and one at the counter."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = the_clock.now()
        rule_make(hold_s=600, offer_s=3600, offer_least_s=600)
        attendance_make(strikes=200)
        self.departments = [department_make(institution_make(now=self.now)) for _each in range(3)]
        self.staff = staff_make("administrator")
        self.staff.is_superuser = True
        nine = the_clock.local(self.now).replace(hour=9, minute=0) + dt.timedelta(days=1)
        self.slots: list[Slot] = []
        for day in range(2):
            for place, (late, minutes, count) in enumerate(((0, 30, 2), (15, 30, 2), (0, 60, 1))):
                starts_at = nine + dt.timedelta(days=day, minutes=late)
                self.slots += session_make(
                    self.departments[place], starts_at=starts_at, now=self.now, slots=count, minutes=minutes,
                    pools={"public": 1, "counter": 1},
                ).slots  # fmt: skip
        self.cards = [{"name": f"演示{place}", "number": id_number()} for place in range(3)]
        self.persons: list[tuple[UUID, UUID]] = []
        for card in self.cards:
            resident_id = resident_make().resident_id
            self.persons.append((resident_id, patient_make(resident_id, now=self.now, **card).pk))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    # --- What must be so, reckoned apart from the constraints ---

    def busy(self, patient_id: UUID, slot: Slot, *, but: Any = None) -> bool:
        """Whether a person has a place at the slot's time, or that day in its department, by the clock alone."""
        session = slot.session
        return any(
            (one.starts_at < slot.ends_at and slot.starts_at < one.ends_at)
            or (one.on == session.on and one.department_id == session.department_id)
            for one in Appointment.objects.filter(
                patient_id=patient_id, state__in=["proposed", "booked", "arrived"]
            ).exclude(pk=but)
            if one.state != "proposed" or one.hold_until > self.now  # type: ignore[operator]
        )

    def tried(self, patient_id: UUID, slot: Slot, act: Any, *, but: Any = None) -> Any:
        """Do ``act``: refused as overlapping where the person is busy and only there; anything unforeseen fails."""
        busy = self.busy(patient_id, slot, but=but)
        try:
            with transaction.atomic():
                done = act()
        except Overlapping:
            assert busy
            return None
        except Refused:
            return None
        assert not busy
        return done

    def some(self, pick: int, **by: Any) -> Appointment | None:
        found = list(Appointment.objects.filter(**by).order_by("id"))
        return found[pick % len(found)] if found else None

    # --- What people do ---

    @rule(person=PERSONS, pick=PICKS)
    def hold(self, person: int, pick: int) -> None:
        resident_id, patient_id = self.persons[person]
        slot = self.slots[pick % len(self.slots)]
        self.tried(
            patient_id, slot,
            lambda: services.hold_make(
                slot_id=slot.pk, patient_id=patient_id, resident_id=resident_id, now=self.now
            ),
        )  # fmt: skip

    @rule(person=PERSONS, pick=PICKS)
    def book(self, person: int, pick: int) -> None:
        resident_id, patient_id = self.persons[person]
        slot = self.slots[pick % len(self.slots)]
        self.tried(
            patient_id, slot,
            lambda: services.appointment_book(
                slot_id=slot.pk, patient_id=patient_id, resident_id=resident_id, now=self.now
            ),
        )  # fmt: skip

    @rule(person=PERSONS, pick=PICKS, known=st.booleans())
    def book_at_the_counter(self, person: int, pick: int, known: bool) -> None:
        card, (_resident, patient_id) = self.cards[person], self.persons[person]
        slot = self.slots[pick % len(self.slots)]
        draft = PatientDraft(relation="self", name=card["name"], id_kind="resident", id_number=card["number"])

        def act() -> Any:
            if not known:
                return services.walk_in(slot_id=slot.pk, draft=draft, staff=self.staff, now=self.now)
            return services.appointment_book_by_staff(
                slot_id=slot.pk,
                patient_id=patient_id,
                staff=self.staff,
                channel=Channel.COUNTER,
                now=self.now,
            )

        self.tried(patient_id, slot, act)

    @rule(pick=PICKS)
    def confirm(self, pick: int) -> None:
        held = self.some(pick, state="proposed")
        if held is not None:
            self.tried(
                held.patient_id, held.slot,
                lambda: services.hold_book(hold_id=held.pk, resident_id=held.booked_by_id, now=self.now), but=held.pk,
            )  # fmt: skip

    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        one = self.some(pick, state__in=["proposed", "booked"], booked_by__isnull=False)
        if one is not None:
            self.cancelled(one)

    def cancelled(self, one: Appointment) -> bool:
        try:
            with transaction.atomic():
                services.appointment_cancel(number=one.number, resident_id=one.booked_by_id, now=self.now)
        except Refused:
            assert one.starts_at <= self.now
            return False
        return True

    @rule(pick=PICKS, there=PICKS)
    def move(self, pick: int, there: int) -> None:
        """Give a place back and take another, as people do who come at another time."""
        one = self.some(pick, state="booked", booked_by__isnull=False)
        if one is not None and self.cancelled(one):
            slot = self.slots[there % len(self.slots)]
            self.tried(
                one.patient_id, slot,
                lambda: services.appointment_book(
                    slot_id=slot.pk, patient_id=one.patient_id, resident_id=one.booked_by_id, now=self.now
                ),
            )  # fmt: skip

    @rule(person=PERSONS, department=DEPARTMENTS, days=st.integers(0, 1))
    def wait(self, person: int, department: int, days: int) -> None:
        resident_id, patient_id = self.persons[person]
        first = self.slots[0].session.on
        try:
            with transaction.atomic():
                services.waitlist_join(
                    department_id=self.departments[department].pk, patient_id=patient_id, resident_id=resident_id,
                    first_on=first, last_on=first + dt.timedelta(days=days), now=self.now,
                )  # fmt: skip
        except Refused:
            return

    @rule(pick=PICKS, answer=st.sampled_from(["accept", "accept", "decline", "leave"]))
    def answer(self, pick: int, answer: str) -> None:
        waits = list(
            WaitRequest.objects.filter(entry__state="offered")
            .select_related("entry__claim__pool")
            .order_by("id")
        )
        if not waits:
            return
        wait = waits[pick % len(waits)]
        asked = {"wait_id": wait.pk, "resident_id": wait.resident_id, "now": self.now}
        if answer == "accept":
            slot = next(one for one in self.slots if one.capacity_id == wait.entry.claim.pool.capacity_id)
            self.tried(wait.patient_id, slot, lambda: services.waitlist_accept(**asked))
            return
        try:
            with transaction.atomic():
                (services.waitlist_decline if answer == "decline" else services.waitlist_leave)(**asked)
        except Refused:
            return

    @rule(
        pick=PICKS,
        verb=st.sampled_from([Verb.CHECK_IN, Verb.FULFIL, Verb.MISS, Verb.UNDO, Verb.UNDO, Verb.VOID]),
    )
    def act(self, pick: int, verb: Verb) -> None:
        """At the desk; an undo brings a place back to life."""
        one = self.some(pick, state__in=["booked", "arrived", "fulfilled", "noshow"])
        if one is None:
            return

        def work() -> Any:
            return services.appointment_act(
                appointment_id=one.pk,
                staff=self.staff,
                verb=verb,
                version=one.version,
                reason="演示",
                now=self.now,
            )

        if verb is Verb.UNDO:
            self.tried(one.patient_id, one.slot, work, but=one.pk)
            return
        try:
            with transaction.atomic():
                work()
        except Refused:
            return

    @rule(pick=PICKS, sure=st.integers(0, 3))
    def suspend(self, pick: int, sure: int) -> None:
        """Now and then a session does not take place, and another time is kept for those whom it met."""
        if sure:
            return
        session_id = self.slots[pick % len(self.slots)].session_id
        try:
            with transaction.atomic():
                services.session_suspend(session_id=session_id, staff=self.staff, reason="停诊", now=self.now)
        except Refused:
            return
        services.suspension_rebook(session_id=session_id, now=self.now)

    @rule(minutes=st.sampled_from([5, 10, 30, 60, 22 * 60, 23 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        capacity.expired_sweep(now=self.now)
        services.holds_sweep(now=self.now)
        services.noshow_sweep(now=self.now)

    # --- What holds after each step ---

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("""
                SELECT count(*) FROM clinics_appointment a JOIN clinics_appointment b ON b.patient_id = a.patient_id
                    AND b.id > a.id AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at
                WHERE a.state IN ('proposed', 'booked', 'arrived') AND b.state IN ('proposed', 'booked', 'arrived')
            """)
            assert cursor.fetchone() == (0,)

    @invariant()
    def who_has_a_place_has_its_unit_and_nobody_else_does(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("""
                SELECT count(*) FILTER (WHERE a.state IN ('booked', 'arrived', 'fulfilled', 'noshow') AND k.state <> 'taken'),
                    count(*) FILTER (WHERE a.state IN ('cancelled', 'entered-in-error') AND a.ended_why <> 'expired'
                        AND k.ended_at IS NULL)
                FROM clinics_appointment a JOIN capacity_claim k ON k.id = a.claim_id
            """)
            assert cursor.fetchone() == (0, 0)


def test_nobody_is_in_two_places_whatever_is_done_in_any_order(clock):
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
