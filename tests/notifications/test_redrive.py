"""Sending failed messages again: who was told is not told twice, and each re-drive has its reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Delivery, Redrive
from apps.notifications.services.redriving import RedriveNothing, RedriveReason, RedriveWindow
from apps.notifications.states import DeliveryState
from tests.conftest import MORNING

S = DeliveryState


@pytest.fixture
def head(staff):
    return staff(Role.DESK_HEAD.value, unit="XZSP")


@pytest.fixture
def failed(resident, reply):
    """A failed delivery: ``failed(key, code=…, state=…)``."""

    def make(key: str = "k", *, code: str = "45168", state: str = "failed", at: Any = None) -> Delivery:
        row = reply(resident, key=key)
        over = at or clock.now() - dt.timedelta(minutes=5)
        Delivery.objects.filter(id=row.id).update(state=state, last_code=code, finished_at=over, attempts=1)
        row.refresh_from_db()
        return row

    return make


def redrive(head, **given) -> Redrive:
    now = clock.now()
    values = {"code": "45168", "since": now - dt.timedelta(days=1), "until": now, "reason": "文字已改"}
    return services.deliveries_redrive(staff=head, now=now, **(values | given))


def rounds(row: Delivery) -> list[tuple[str, int, str]]:
    rows = Delivery.objects.filter(message_id=row.message_id).order_by("id")
    return list(rows.values_list("channel", "round", "state"))


def test_a_failed_message_gets_a_new_round_with_the_rest_of_its_chain(failed, head):
    row = failed()
    other = failed("other", code="40037")

    done = redrive(head)

    assert (done.count, done.code, done.reason, done.staff) == (1, "45168", "文字已改", head)
    assert rounds(row) == [("wechat", 1, "failed"), ("wechat", 2, "queued")]
    again = Delivery.objects.get(message_id=row.message_id, round=2)
    assert (again.fallbacks, again.data, again.attempts, again.lane) == (["sms"], row.data, 0, row.lane)
    assert rounds(other) == [("wechat", 1, "failed")]


def test_a_second_re_drive_finds_nothing_and_writes_nothing(failed, head):
    row = failed()
    redrive(head)

    with pytest.raises(RedriveNothing):
        redrive(head)

    assert rounds(row) == [("wechat", 1, "failed"), ("wechat", 2, "queued")]
    assert Redrive.objects.count() == 1


def test_what_fails_again_can_be_sent_once_more(failed, head):
    row = failed()
    redrive(head)
    Delivery.objects.filter(message_id=row.message_id, round=2).update(
        state="failed", last_code="45168", finished_at=clock.now() - dt.timedelta(seconds=1)
    )

    assert redrive(head).count == 1

    assert rounds(row) == [("wechat", 1, "failed"), ("wechat", 2, "failed"), ("wechat", 3, "queued")]


@pytest.mark.parametrize("state", [S.QUEUED, S.RETRY, S.SENDING, S.UNKNOWN, S.SENT, S.DELIVERED])
def test_who_was_told_may_have_been_or_will_be_in_another_channel_is_left_alone(failed, head, state):
    row = failed()
    over = state in (S.SENT, S.DELIVERED, S.UNKNOWN)
    Delivery.objects.create(
        message_id=row.message_id, resident_id=row.resident_id, channel="sms", lane=row.lane, state=state.value,
        due_at=clock.now(), created_at=clock.now(), finished_at=clock.now() if over else None,
        claimed_until=clock.now() + dt.timedelta(minutes=1) if state is S.SENDING else None,
    )  # fmt: skip

    with pytest.raises(RedriveNothing):
        redrive(head)

    assert rounds(row) == [("wechat", 1, "failed"), ("sms", 1, state.value)]


def test_of_two_failed_channels_the_first_goes_again_and_one_message_leaves(failed, head):
    row = failed(code="unavailable")
    Delivery.objects.create(
        message_id=row.message_id, resident_id=row.resident_id, channel="sms", lane=row.lane, state="failed",
        last_code="unavailable", due_at=row.due_at, created_at=clock.now(), finished_at=row.finished_at,
    )  # fmt: skip

    assert redrive(head, code="unavailable").count == 1

    assert rounds(row) == [("wechat", 1, "failed"), ("sms", 1, "failed"), ("wechat", 2, "queued")]


def test_suppressed_messages_and_those_outside_of_the_period_stay(failed, head):
    failed("suppressed", state="suppressed")
    failed("old", at=clock.now() - dt.timedelta(days=2))

    with pytest.raises(RedriveNothing):
        redrive(head)

    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": "  "}, RedriveReason),
        ({"since": dt.timedelta(days=8)}, RedriveWindow),
        ({"since": dt.timedelta(minutes=-1)}, RedriveWindow),
        ({"until": dt.timedelta(minutes=-1)}, RedriveWindow),
    ],
)
def test_a_re_drive_without_a_reason_or_over_a_wrong_period_is_refused(failed, head, given, error):
    row = failed()
    now = clock.now()
    values = {
        name: now - value if isinstance(value, dt.timedelta) else value for name, value in given.items()
    }

    with pytest.raises(error):
        redrive(head, **values)

    assert rounds(row) == [("wechat", 1, "failed")]
    assert Redrive.objects.count() == 0


def test_at_night_a_text_message_waits_for_the_morning(failed, head, clock):
    row = failed()
    Delivery.objects.filter(id=row.id).update(channel="sms", fallbacks=[])
    clock.move_to(MORNING.replace(hour=23))

    redrive(head)

    again = Delivery.objects.get(message_id=row.message_id, round=2)
    assert (again.channel, again.due_at) == ("sms", MORNING.replace(day=11, hour=7, minute=30))


def test_two_who_press_at_once_send_once(whole_db, at_once, failed, head):
    row = failed()

    def press() -> int:
        try:
            return redrive(head).count
        except RedriveNothing:
            return 0

    assert sorted(at_once(2, press)) == [0, 1]
    assert rounds(row) == [("wechat", 1, "failed"), ("wechat", 2, "queued")]


@pytest.mark.parametrize("role", Role)
def test_the_heads_and_administrators_send_again_after_a_look_at_how_many(role, failed, staff, desk):
    row = failed()
    browser = desk(staff(role.value, unit="XZSP"))
    local = clock.local(clock.now())
    form = {
        "code": "45168", "since": f"{local - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}", "until": f"{local:%Y-%m-%dT%H:%M}",
        "reason": "文字已改",
    }  # fmt: skip
    page = reverse("admin:notifications_operators_redrive")
    may = role in (Role.DESK_HEAD, Role.ADMINISTRATOR)

    shown = browser.post(page, form)
    before = Delivery.objects.count()
    done = browser.post(page, form | {"confirmed": "1"})

    assert (shown.status_code, done.status_code) == ((200, 302) if may else (403, 403))
    assert before == 1
    assert rounds(row)[1:] == ([("wechat", 2, "queued")] if may else [])
    if may:
        assert shown.context["count"] == 1
