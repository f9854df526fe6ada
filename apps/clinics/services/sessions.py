"""Sessions and their slots, made from weekly sessions some days ahead; and single ones."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.capacity.services import CapacityPlan, PoolPlan, capacities_open
from apps.clinics.errors import RuleMissing
from apps.clinics.models import BookingRule, ClinicSession, SessionTemplate, Slot, TemplateException
from apps.clinics.selectors import booking_rule
from apps.clinics.states import slots_of
from apps.common.clock import local
from apps.common.ids import uuid7
from apps.common.selectors import calendar_load

PUBLIC, COUNTER = "public", "counter"
log = structlog.get_logger(__name__)
Times = tuple[dt.time, dt.time]


def sessions_generate(*, now: dt.datetime, days: int = 35) -> int:
    """Make the sessions of the next ``days`` days that are not there yet; returns how many.

    What can not be made because its practitioner or room is taken is left out and stays visible as missing.  Nothing is
    made for who works there no more.  About 2 queries for each weekly session, 8 for each session made.
    """
    today = local(now).date()
    last = today + dt.timedelta(days=days)
    templates = SessionTemplate.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=today),
        Q(practitioner=None) | Q(practitioner__is_active=True),
        valid_from__lte=last,
        department__is_active=True,
        department__institution__is_active=True,
    ).select_related("department__institution")
    made = 0
    for template in templates.order_by("id").iterator(chunk_size=200):
        made += _generate(template, today, last, now)
    return made


def _generate(template: SessionTemplate, first: dt.date, last: dt.date, now: dt.datetime) -> int:
    there = set(
        ClinicSession.objects.filter(template=template, on__range=(first, last)).values_list("on", flat=True)
    )
    days = [day for day in _days(template, first, last) if day not in there]
    if not days:
        return 0
    rules = {} if template.on_holidays else calendar_load(start=first).rules
    exceptions = {one.on: one for one in TemplateException.objects.filter(template=template, on__in=days)}
    made = 0
    for day in days:
        times = _times(template, exceptions.get(day), is_off=day in rules and not rules[day].is_workday)
        if times is None:
            continue
        try:
            # The rule of the session's day: another one may begin before it.
            rule = booking_rule(institution_id=template.department.institution_id, on=day)
        except RuleMissing:
            # One institution without a rule keeps no other from its sessions, nor a day without one the days that have.
            log.warning(
                "booking_rule_missing", institution=template.department.institution_id, on=day.isoformat()
            )
            continue
        session = session_plan(template=template, day=day, times=times, rule=rule)
        if session.ends_at > now and _made(session, template, now):
            made += 1
    return made


def _days(template: SessionTemplate, first: dt.date, last: dt.date) -> Iterable[dt.date]:
    for ahead in range((last - first).days + 1):
        day = first + dt.timedelta(days=ahead)
        if (
            day.weekday() == template.weekday
            and template.valid_from <= day
            and (template.valid_to is None or day < template.valid_to)
        ):
            yield day


def _times(template: SessionTemplate, exception: TemplateException | None, *, is_off: bool) -> Times | None:
    if exception is None:
        return None if is_off else (template.starts, template.ends)
    if exception.starts is None or exception.ends is None:
        return None
    return exception.starts, exception.ends


def session_plan(
    *, template: SessionTemplate, day: dt.date, times: Times, rule: BookingRule
) -> ClinicSession:
    """Return the session of a weekly session on a day, not saved; the moment of its release is drawn here, once."""
    zone = dt.timezone(dt.timedelta(hours=8))
    return ClinicSession(
        id=uuid7(), template=template, department=template.department, practitioner=template.practitioner,
        room=template.room, on=day, starts_at=dt.datetime.combine(day, times[0], zone),
        ends_at=dt.datetime.combine(day, times[1], zone), release_at=release_moment(day=day, rule=rule),
    )  # fmt: skip


def release_moment(*, day: dt.date, rule: BookingRule) -> dt.datetime:
    """Return from when a session on ``day`` can be booked: the rule's moment and a delay drawn for it alone.

    Sessions open at seconds of their own, not all at one stroke.  The moment is public, for people to count down to.
    """
    zone = dt.timezone(dt.timedelta(hours=8))
    opens = dt.datetime.combine(day - dt.timedelta(days=rule.days_ahead), rule.release_time, zone)
    return opens + dt.timedelta(seconds=secrets.randbelow(rule.release_jitter_s + 1))


_TAKEN = ("practitioner_in_one_session", "room_for_one_session", "clinic_session_once_a_day")


def _made(session: ClinicSession, template: SessionTemplate, now: dt.datetime) -> bool:
    """Write a session with slots and capacities; False where its practitioner or room is taken, or another run made it."""
    try:
        with transaction.atomic():
            session.save(force_insert=True)
            slots_make(
                session=session, pools=template.pools, minutes=template.slot_minutes,
                opens_to_all_hours=template.opens_to_all_hours, now=now,
            )  # fmt: skip
    except IntegrityError as error:
        if any(name in str(error) for name in _TAKEN):
            return False
        raise
    return True


def slots_make(
    *, session: ClinicSession, pools: dict[str, int], minutes: int, opens_to_all_hours: int, now: dt.datetime
) -> list[Slot]:
    """Write the slots of a session, each with a capacity: the public pool opens at the release, others help out later.

    What is kept for the counter stays there until the end: who stands there has no other way.

    5 queries, whatever the number of slots.
    """
    slots = [
        Slot(id=uuid7(), session=session, starts_at=starts_at, ends_at=ends_at)
        for starts_at, ends_at in slots_of(
            starts_at=session.starts_at, ends_at=session.ends_at, minutes=minutes
        )
    ]
    plans = [
        CapacityPlan(
            key=f"clinics.slot:{slot.pk}", queue=session.department.queue, happens_at=slot.starts_at,
            pools=tuple(
                PoolPlan(
                    name, units, opens_at=session.release_at if name == PUBLIC else None,
                    opens_to_all_at=None if name in (PUBLIC, COUNTER)
                    else max(session.release_at, slot.starts_at - dt.timedelta(hours=opens_to_all_hours)),
                )
                for name, units in sorted(pools.items())
            ),
        )
        for slot in slots
    ]  # fmt: skip
    ids = capacities_open(plans=plans, now=now)
    for slot in slots:
        slot.capacity_id = ids[f"clinics.slot:{slot.pk}"]
    Slot.objects.bulk_create(slots)
    return slots
