"""Counts of days: what they hold, and that counting again changes nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.notifications import services
from apps.notifications.models import DailyDelivery, Delivery
from apps.notifications.operator_selectors import delivery_shares
from apps.notifications.services.statistics import deliveries_day_rebuild, statistics_run
from tests.conftest import MORNING

DAY = MORNING.date()
EVER = dt.date(2020, 1, 1)


@pytest.fixture
def told(resident, reply):
    """A delivery written at a moment: ``told(key, state, at, sent_after_s)``."""

    def make(key: str, state: str = "sent", at: dt.datetime = MORNING, sent_after_s: int | None = 2) -> None:
        row = reply(resident, key=key)
        sent_at = None if sent_after_s is None else at + dt.timedelta(seconds=sent_after_s)
        code = "" if state == "sent" else "43101"
        Delivery.objects.filter(id=row.id).update(
            state=state, created_at=at, sent_at=sent_at, finished_at=at, attempts=1, last_code=code
        )

    return make


def rows() -> list[tuple]:
    return list(
        DailyDelivery.objects.order_by("day", "state").values_list(
            "day", "kind", "channel", "state", "code", "count", "within_10_s", "attempts"
        )
    )


def test_a_day_is_counted_by_kind_channel_state_and_code(told):
    told("a")
    told("b", sent_after_s=11)
    told("c", "suppressed", sent_after_s=None)

    deliveries_day_rebuild(days=[DAY], kept_since=EVER)

    kind = "feedback.replied"
    assert rows() == [
        (DAY, kind, "wechat", "sent", "", 2, 1, 2),
        (DAY, kind, "wechat", "suppressed", "43101", 1, 0, 1),
    ]


def test_a_day_begins_and_ends_at_midnight_in_beijing(told):
    told("before", at=MORNING.replace(hour=0, minute=0) - dt.timedelta(seconds=1))
    told("first", at=MORNING.replace(hour=0, minute=0))
    told("last", at=MORNING.replace(hour=23, minute=59, second=59))

    deliveries_day_rebuild(days=[DAY - dt.timedelta(days=1), DAY], kept_since=EVER)

    assert [(row[0], row[5]) for row in rows()] == [(DAY - dt.timedelta(days=1), 1), (DAY, 2)]


def test_counting_again_gives_the_same_and_follows_what_changed(told):
    told("a", "sent")
    deliveries_day_rebuild(days=[DAY], kept_since=EVER)
    before = rows()

    deliveries_day_rebuild(days=[DAY, DAY], kept_since=EVER)
    again = rows()
    Delivery.objects.update(state="delivered")
    deliveries_day_rebuild(days=[DAY], kept_since=EVER)

    assert again == before
    assert [row[3] for row in rows()] == ["delivered"]


def test_a_counted_day_whose_messages_may_be_gone_is_not_counted_again(told):
    told("a")
    deliveries_day_rebuild(days=[DAY], kept_since=EVER)
    Delivery.objects.all().delete()

    counted = deliveries_day_rebuild(days=[DAY], kept_since=DAY + dt.timedelta(days=1))

    assert counted == 0
    assert [row[5] for row in rows()] == [1]


def test_each_night_counts_four_days_and_what_was_missed_before(told, clock):
    told("missed", at=MORNING - dt.timedelta(days=6))
    told("today")
    DailyDelivery.objects.create(
        day=DAY - dt.timedelta(days=8), kind="k", channel="sms", text_version=0, state="sent", count=1
    )
    clock.move_to(MORNING)

    assert statistics_run(now=MORNING, kept_since=EVER) == 9
    assert services.statistics_nightly(now=MORNING) == 4

    assert [row[0] for row in rows()] == [DAY - dt.timedelta(days=6), DAY]


def test_shares_are_told_by_day_kind_and_channel(told):
    told("a")
    told("b", sent_after_s=11)
    told("c", "suppressed", sent_after_s=None)
    told("d", "failed", sent_after_s=None)
    deliveries_day_rebuild(days=[DAY], kept_since=EVER)

    (one,) = delivery_shares(since=DAY, until=DAY)

    assert (one.day, one.count, one.delivered, one.within_10_s, one.suppressed, one.failed) == (
        DAY,
        4,
        2,
        1,
        1,
        1,
    )
    assert (one.delivered_percent, one.within_percent) == (50, 50)
