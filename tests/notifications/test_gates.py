"""Buckets and breakers: they hold back, they let through again, and without Redis they hold nothing back."""

import datetime as dt

import pytest

from apps.notifications import services as notifications
from apps.notifications.channels import gates
from apps.notifications.models import Delivery
from apps.notifications.states import Channel

PUMP = {"lane": "interactive", "channel": Channel.WECHAT}


@pytest.fixture
def no_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def test_a_bucket_gives_what_it_holds_and_fills_again():
    assert gates.tokens_take(bucket="t:fill", per_s=100, want=200) == 50  # half a second's worth
    assert gates.tokens_take(bucket="t:fill", per_s=0.001, want=5) == 0


def test_a_bucket_of_another_lane_is_another_bucket():
    assert gates.tokens_take(bucket="t:bulk", per_s=0.001, want=5) == 1
    assert gates.tokens_take(bucket="t:bulk", per_s=0.001, want=5) == 0
    assert gates.tokens_take(bucket="t:interactive", per_s=0.001, want=5) == 1


def test_without_a_rate_or_without_redis_nothing_is_limited(no_redis):
    assert gates.tokens_take(bucket="t:none", per_s=0, want=7) == 7
    assert gates.tokens_take(bucket="t:none", per_s=0.001, want=7) == 7
    assert gates.channel_open(channel=Channel.WECHAT).most is None
    gates.channel_rest(channel=Channel.WECHAT, seconds=5, why="x")
    gates.outcomes_tell(channel=Channel.WECHAT, reached=False, failures=50)
    assert gates.resting(channel=Channel.WECHAT) is None


def test_failures_in_a_row_make_the_channel_rest_and_a_success_between_them_does_not():
    for _each in range(5):
        gates.outcomes_tell(channel=Channel.SMS, reached=False, failures=gates.FAILURES - 1)
        gates.outcomes_tell(channel=Channel.SMS, reached=True, failures=3)
    assert gates.channel_open(channel=Channel.SMS).most is None

    gates.outcomes_tell(channel=Channel.SMS, reached=False, failures=gates.FAILURES - 1)
    gates.outcomes_tell(channel=Channel.SMS, reached=False, failures=1)

    why, left_s = gates.resting(channel=Channel.SMS)
    assert (why, 29 < left_s <= 30) == ("unavailable", True)
    assert gates.channel_open(channel=Channel.SMS).most == 0
    assert gates.channel_open(channel=Channel.WECHAT).most is None


def test_after_a_rest_a_few_try_first_and_one_failure_is_enough_to_rest_again():
    gates.channel_rest(channel=Channel.SMS, seconds=0.001, why="unavailable")
    assert gates.channel_open(channel=Channel.SMS).most in (0, gates.PROBE)
    while gates.resting(channel=Channel.SMS):
        pass
    assert gates.channel_open(channel=Channel.SMS).most == gates.PROBE

    gates.outcomes_tell(channel=Channel.SMS, reached=False, failures=1)
    assert gates.channel_open(channel=Channel.SMS).most == 0
    gates.channel_wake(channel=Channel.SMS)
    assert gates.channel_open(channel=Channel.SMS).most is None


def test_while_wechat_is_down_no_attempt_is_spent(phone, reply, settings):
    gates.channel_rest(channel=Channel.WECHAT, seconds=30, why="unavailable")
    delivery = reply(phone)

    assert notifications.pump(**PUMP) == 0

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("queued", 0)


def test_the_quota_of_the_day_rests_the_channel_until_the_next_beijing_day(clock, phone, wechat, reply):
    wechat.fault("errcode", 45009)
    reply(phone)

    notifications.pump(**PUMP)

    why, left_s = gates.resting(channel=Channel.WECHAT)
    # From 10:00 to ten past midnight.
    assert (why, round(left_s / 60)) == ("quota_day", 14 * 60 + 10)


def test_an_account_that_may_not_send_rests_the_channel_and_loses_no_message(clock, phone, wechat, reply):
    wechat.fault("errcode", 48001, times=20)
    delivery = reply(phone)

    for _each in range(10):
        notifications.pump(**PUMP)
        gates.channel_wake(channel=Channel.WECHAT)
        clock.shift(dt.timedelta(hours=2))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("retry", "48001")
    wechat.ask("DELETE", "/control/faults")
    notifications.pump(**PUMP)
    delivery.refresh_from_db()
    assert (delivery.state, len(wechat.messages(phone))) == ("sent", 1)


def test_each_lane_has_its_own_rate(phone, reply, settings):
    settings.CHANNEL_RATES = {"wechat": {"interactive": 1000, "bulk": 1}}
    for _each in range(3):
        gates.tokens_take(bucket="wechat:bulk", per_s=1, want=1)
    reply(phone)

    assert notifications.pump(**PUMP) == 1
    assert Delivery.objects.get().state == "sent"
