"""Sessions made from weekly ones: days, exceptions, pools, the moment of release."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.capacity.models import Capacity, Pool
from apps.clinics import services
from apps.clinics.models import (
    BookingRule,
    ClinicSession,
    Practitioner,
    SessionTemplate,
    Slot,
    TemplateException,
)
from apps.clinics.services.sessions import _made, release_moment, session_plan
from apps.common import clock as the_clock
from tests.factories.clinics import department_make, rule_make, session_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly(department):
    return SessionTemplate.objects.create(
        department=department, weekday=2, starts=dt.time(9), ends=dt.time(10, 20), slot_minutes=30,
        pools={"public": 2, "referral": 1}, opens_to_all_hours=24, valid_from=dt.date(2026, 1, 1),
        practitioner=Practitioner.objects.create(institution=department.institution, name="演示医生"),
    )  # fmt: skip


def test_the_sessions_of_the_next_weeks_are_made_once(weekly, now):
    assert services.sessions_generate(now=now, days=14) == 2
    assert services.sessions_generate(now=now, days=14) == 0

    session = ClinicSession.objects.order_by("on").first()
    assert (session.on, session.starts_at) == (
        dt.date(2026, 3, 11),
        dt.datetime(2026, 3, 11, 1, tzinfo=dt.UTC),
    )
    assert session.release_at == dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC)
    slots = list(Slot.objects.filter(session=session).order_by("starts_at"))
    assert [slot.starts_at.minute for slot in slots] == [0, 30]
    pools = {one.name: one for one in Pool.objects.filter(capacity=slots[0].capacity_id)}
    assert {name: one.total for name, one in pools.items()} == {"public": 2, "referral": 1}
    assert pools["public"].opens_at == session.release_at
    assert pools["referral"].opens_to_all_at == slots[0].starts_at - dt.timedelta(hours=24)
    assert Capacity.objects.get(pk=slots[0].capacity_id).queue == f"clinics.department:{weekly.department_id}"


@pytest.mark.parametrize(
    ("on_holidays", "excepted", "days"),
    [(False, False, [30, 14]), (True, False, [30, 7, 14]), (False, True, [30, 7, 14])],
)
def test_public_holidays_have_no_weekly_session_unless_it_says_so(weekly, clock, on_holidays, excepted, days):
    clock.move_to(dt.datetime(2026, 9, 28, 2, tzinfo=dt.UTC))
    SessionTemplate.objects.update(on_holidays=on_holidays)
    if excepted:
        TemplateException.objects.create(
            template=weekly, on=dt.date(2026, 10, 7), starts=dt.time(9), ends=dt.time(10), reason="国庆值班"
        )
    services.sessions_generate(now=the_clock.now(), days=18)
    # 7 October 2026 is a Wednesday of the National Day holiday.
    assert [one.on.day for one in ClinicSession.objects.order_by("on")] == days


def test_exceptions_leave_a_day_out_or_move_it(weekly, now):
    TemplateException.objects.create(template=weekly, on=dt.date(2026, 3, 11), reason="学习")
    TemplateException.objects.create(
        template=weekly, on=dt.date(2026, 3, 18), starts=dt.time(14), ends=dt.time(15), reason="下午"
    )

    services.sessions_generate(now=now, days=14)

    assert [(one.on, one.starts_at.hour) for one in ClinicSession.objects.all()] == [
        (dt.date(2026, 3, 18), 6)
    ]


def test_a_practitioner_in_two_rooms_is_left_out_and_the_database_says_so_too(weekly, now, department):
    twin = SessionTemplate.objects.get()
    twin.pk, twin.starts = None, dt.time(9, 30)
    twin.department = department_make(department.institution)
    twin.save()

    assert services.sessions_generate(now=now, days=7) == 1
    first = ClinicSession.objects.get()
    with pytest.raises(IntegrityError, match="practitioner_in_one_session"), transaction.atomic():
        session_make(department, starts_at=first.starts_at, now=now, practitioner=first.practitioner)


def test_the_moment_of_release_is_within_the_rules_spread(department):
    rule = BookingRule.objects.get()
    rule.release_jitter_s = 600
    moments = {release_moment(day=dt.date(2026, 3, 11), rule=rule) for _draw in range(200)}
    opens = dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC)

    assert min(moments) >= opens
    assert max(moments) <= opens + dt.timedelta(seconds=600)
    assert len(moments) > 100


def test_rules_of_one_institution_never_overlap(department):
    with pytest.raises(IntegrityError, match="booking_rules_apart"), transaction.atomic():
        rule_make(valid_from=dt.date(2026, 1, 1))
    with transaction.atomic():
        rule_make(department.institution, valid_from=dt.date(2026, 1, 1))


def test_days_without_a_rule_keep_no_later_day_from_its_session(weekly, now):
    BookingRule.objects.update(valid_from=dt.date(2026, 3, 12))

    assert services.sessions_generate(now=now, days=14) == 1
    assert ClinicSession.objects.get().on == dt.date(2026, 3, 18)


def test_what_another_run_made_meanwhile_is_left_alone(weekly, now):
    weekly.practitioner = None
    weekly.save()
    rule, day = BookingRule.objects.get(), dt.date(2026, 3, 11)
    here, there = (
        session_plan(template=weekly, day=day, times=(weekly.starts, weekly.ends), rule=rule)
        for _each in range(2)
    )

    assert [_made(here, weekly, now), _made(there, weekly, now)] == [True, False]
    assert (ClinicSession.objects.count(), Slot.objects.count()) == (1, 2)
