"""Hours, exception days and closures: written as a whole, in the history, and told to those who follow the place."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.common.ids import uuid7
from apps.facilities import services
from apps.facilities.errors import ClosureOver, ClosureWrong
from apps.facilities.models import Closure, DayException, Facility, FacilityEvent, OpeningRule
from apps.facilities.services import DayDraft, FacilityNotFound, HoursWrong, RuleDraft
from apps.notifications import services as notifications
from apps.notifications.models import InboxMessage, TopicNotice
from apps.notifications.services import Wanted
from tests.factories.people import resident_make

pytestmark = pytest.mark.usefixtures("clock")
WEEK = [RuleDraft(day, *span) for day in range(5) for span in ((510, 720), (840, 1050))]


def hours(place, staff, rules=WEEK, **more):
    services.hours_write(facility_id=place.id, rules=rules, staff=staff, now=project_clock.now(), **more)


def close(place, staff, *, starts_h=0, ends_h=None, reason="停电检修"):
    now = project_clock.now()
    ends_at = now + dt.timedelta(hours=ends_h) if ends_h is not None else None
    return services.closure_begin(
        facility_id=place.id, starts_at=now + dt.timedelta(hours=starts_h), ends_at=ends_at, reason=reason,
        staff=staff, now=now,
    )  # fmt: skip


def texts() -> list[str]:
    return [notice.fields["text"] for notice in TopicNotice.objects.order_by("id")]


def test_weekly_hours_are_written_as_a_whole_and_told(enter, operator):
    place = enter()

    hours(place, operator)
    hours(place, operator)  # the same again
    hours(place, operator, rules=[*WEEK, RuleDraft(5, 540, 720)])

    assert OpeningRule.objects.count() == 11
    assert [event.verb for event in FacilityEvent.objects.order_by("id")] == ["add", "hours", "hours"]
    assert texts() == [
        "星期一至星期五 08:30-12:00、14:00-17:30",
        "星期一至星期五 08:30-12:00、14:00-17:30；星期六 09:00-12:00",
    ]
    assert Facility.objects.get().version == 3


def test_hours_that_overlap_are_refused_and_the_old_ones_stay(enter, operator):
    place = enter()
    hours(place, operator)

    with pytest.raises(HoursWrong):
        hours(place, operator, rules=[*WEEK, RuleDraft(0, 700, 900)])

    assert (OpeningRule.objects.count(), TopicNotice.objects.count()) == (10, 1)


def test_hours_of_a_stale_form_are_refused(enter, operator):
    place = enter()
    hours(place, operator)

    with pytest.raises(services.FacilityChanged):
        hours(place, operator, rules=[], version=1)

    assert OpeningRule.objects.count() == 10


def test_hours_from_a_later_day_on_are_not_told_as_those_of_today(enter, operator):
    later = dt.date(2026, 4, 1)
    rules = [RuleDraft(0, 510, 720, valid_to=later), RuleDraft(0, 540, 720, valid_from=later)]

    hours(enter(), operator, rules=rules)

    assert texts() == ["星期一 08:30-12:00"]


def test_exception_days_stand_beside_each_other_and_go_again(enter, operator):
    place, now = enter(), project_clock.now()
    first, second = dt.date(2026, 3, 12), dt.date(2026, 3, 13)

    def write(*days: DayDraft, removed: tuple[dt.date, ...] = ()) -> None:
        services.exceptions_write(facility_id=place.id, days=days, removed=removed, staff=operator, now=now)

    write(DayDraft(first, [], "停水"), DayDraft(second, [(600, 700)], "培训"))
    write(DayDraft(first, [], "停水"))  # the same again
    write(DayDraft(second, [(600, 720)], "培训"), removed=(first,))

    assert list(DayException.objects.values_list("on", "spans", "reason")) == [(second, [[600, 720]], "培训")]
    assert texts() == [
        "2026年3月12日 全天关闭 停水；2026年3月13日 10:00-11:40 培训",
        "2026年3月12日 按平时时间开放；2026年3月13日 10:00-12:00 培训",
    ]


def test_an_exception_day_that_is_over_is_told_to_nobody(enter, operator):
    services.exceptions_write(
        facility_id=enter().id, days=[DayDraft(dt.date(2026, 3, 9), [], "停水")], staff=operator,
        now=project_clock.now(),
    )  # fmt: skip

    assert (DayException.objects.count(), TopicNotice.objects.count()) == (1, 0)


@pytest.mark.parametrize("spans", [[(600, 500)], [(600, 700), (650, 800)], [(1440, 1500)]])
def test_an_exception_day_with_impossible_hours_is_refused(enter, operator, spans):
    with pytest.raises(HoursWrong):
        services.exceptions_write(
            facility_id=enter().id, days=[DayDraft(dt.date(2026, 3, 12), spans, "x")], staff=operator,
            now=project_clock.now(),
        )  # fmt: skip

    assert DayException.objects.count() == 0


def test_followers_find_a_closure_in_their_inbox(enter, operator):
    place, follower = enter("测试服务站"), resident_make()
    notifications.subscriptions_put(
        resident_id=follower.resident_id, wanted=[Wanted(f"facility:{place.id}")], now=project_clock.now()
    )

    close(place, operator, ends_h=26)
    notifications.topics_write(now=project_clock.now())

    message = InboxMessage.objects.get(resident_id=follower.resident_id)
    assert (message.kind, message.title) == ("facilities.closed", "“测试服务站”临时关闭")
    assert message.body == "2026年3月10日 10:00至2026年3月11日 12:00临时关闭：停电检修"
    assert message.params == {"id": str(place.id)}


def test_a_closure_ends_before_its_time(enter, operator, clock):
    closure = close(enter(), operator)
    clock.shift(dt.timedelta(hours=2))

    services.closure_end(closure_id=closure.id, staff=operator, now=project_clock.now())

    assert Closure.objects.get().ends_at == project_clock.now()
    assert [event.verb for event in FacilityEvent.objects.order_by("id")] == ["add", "close", "reopen"]
    with pytest.raises(ClosureOver):
        services.closure_end(closure_id=closure.id, staff=operator, now=project_clock.now())
    assert FacilityEvent.objects.count() == 3


def test_a_closure_that_never_began_goes_and_is_told(enter, operator):
    closure = close(enter("测试服务站"), operator, starts_h=24, ends_h=48)

    services.closure_end(closure_id=closure.id, staff=operator, now=project_clock.now())

    assert Closure.objects.count() == 0
    assert texts()[1] == "“测试服务站”取消临时关闭：停电检修"


@pytest.mark.parametrize(
    "given", [{"reason": " "}, {"reason": "长" * 201}, {"ends_h": 0}, {"starts_h": 5, "ends_h": 4}]
)
def test_a_closure_without_a_reason_or_that_is_over_is_refused(enter, operator, given):
    place = enter()

    with pytest.raises(ClosureWrong):
        close(place, operator, **given)

    assert (Closure.objects.count(), FacilityEvent.objects.count()) == (0, 1)


def test_a_closure_of_nothing_is_refused(operator):
    with pytest.raises(FacilityNotFound):
        services.closure_end(closure_id=uuid7(), staff=operator, now=project_clock.now())


def test_nobody_is_told_of_a_place_that_is_only_planned(enter, operator):
    hours(enter(status="planned"), operator)

    assert (OpeningRule.objects.count(), TopicNotice.objects.count()) == (10, 0)
