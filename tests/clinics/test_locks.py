"""What touches the same rows from two sides takes its locks in one order: nobody is ended by a deadlock."""

from __future__ import annotations

import datetime as dt
import time

from apps.accounts.models import Department as Unit
from apps.clinics import services
from apps.clinics.models import Appointment, Restriction, Strike
from apps.clinics.services import striking
from apps.clinics.states import Verb
from apps.common import clock as the_clock
from tests.factories.clinics import (
    attendance_make,
    department_make,
    institution_make,
    patient_make,
    rule_make,
    session_make,
)
from tests.factories.people import resident_make, staff_make
from tests.races.test_news import taking_turns


def test_an_undo_and_the_decision_of_an_appeal_at_once_both_come_to_an_end(
    at_once, clock, whole_db, monkeypatch
):
    now = the_clock.now()
    rule_make()
    attendance_make(strikes=1)
    unit = Unit.objects.get(code="WJ")
    department = department_make(institution_make(now=now, unit=unit))
    staff = staff_make("service_operator", unit=unit.code)
    starts_at = the_clock.local(now).replace(hour=9, minute=0) + dt.timedelta(days=1)
    held = session_make(department, starts_at=starts_at, now=now, slots=1)
    resident_id = resident_make().resident_id
    patient = patient_make(resident_id, now=now)
    services.appointment_book(
        slot_id=held.slots[0].pk, patient_id=patient.pk, resident_id=resident_id, now=now
    )
    over = held.session.ends_at
    assert services.noshow_sweep(now=over) == 1
    missed, restriction = Appointment.objects.get(), Restriction.objects.get()
    services.restriction_appeal(
        restriction_id=restriction.pk, resident_id=resident_id, text="地铁停运", now=over
    )
    assert unit.pk in staff.department_ids
    hold = striking.lock_hold

    def held_for_a_while(*args, **more) -> None:
        hold(*args, **more)
        time.sleep(0.5)  # so that each side has begun before either goes on

    monkeypatch.setattr(striking, "lock_hold", held_for_a_while)

    def undo() -> str:
        services.appointment_act(
            appointment_id=missed.pk,
            staff=staff,
            verb=Verb.UNDO,
            version=missed.version,
            reason="登记错误",
            now=over,
        )
        return "undone"

    def decide() -> str:
        time.sleep(0.1)
        services.restriction_decide(
            restriction_id=restriction.pk, staff=staff, lift=True, words="情况属实", now=over
        )
        return "decided"

    assert sorted(at_once(2, taking_turns(undo, decide))) == ["decided", "undone"]
    assert Restriction.objects.get().appeal == "lifted"
    assert Strike.objects.get().voided_why == "登记错误"
    assert Appointment.objects.get().state == "arrived"
