"""Each answer of WeChat and what becomes of the delivery, the ledger and the inbox."""

import datetime as dt
from concurrent.futures import Future

import pytest
from django.db import IntegrityError, transaction

from apps.common import clock as project_clock
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, DeliveryAttempt, InboxMessage, WechatGrant
from apps.notifications.states import (
    FINAL,
    MOVES,
    Channel,
    DeliveryState,
    MoveRefused,
    Outcome,
    move_target,
    retry_delay,
)


def clock_at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def codes(delivery: Delivery) -> list[tuple[str, str]]:
    return list(delivery.attempt_rows.order_by("number").values_list("outcome", "code"))


def test_a_permitted_message_is_sent_once_and_uses_the_permission(phone, wechat, reply, remaining):
    delivery = reply(phone)

    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 1
    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 0

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, codes(delivery)) == ("sent", 1, [("sent", "0")])
    assert delivery.provider_id != ""
    assert remaining(phone) == 0
    message = wechat.messages(phone)[0]
    assert message["data"]["thing5"]["value"] != ""
    assert message["page"] == "pages/feedback/case?number=2026031000000019"


def test_without_permission_nothing_is_asked_of_wechat_and_the_inbox_still_tells(phone, wechat, reply):
    WechatGrant.objects.all().delete()
    delivery = reply(phone)

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code, delivery.attempts) == ("suppressed", "no_permission", 0)
    assert wechat.messages(phone) == []
    assert phone.get("inbox").json()["results"][0]["kind"] == "feedback.replied"


@pytest.mark.parametrize(
    ("errcode", "state", "left"),
    [
        (40003, "failed", 1),  # not this app's user: give the permission back
        (40037, "failed", 1),
        (47003, "failed", 1),
        (45009, "retry", 1),
        (45011, "retry", 1),
        (-1, "retry", 1),
        (43108, "retry", 1),
        (43101, "suppressed", 0),  # WeChat says that nothing is permitted: believe it
    ],
)
def test_each_error_of_wechat_has_its_consequence(phone, wechat, reply, remaining, errcode, state, left):
    wechat.fault("errcode", errcode)
    delivery = reply(phone)

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code, remaining(phone)) == (state, str(errcode), left)
    assert wechat.messages(phone) == []


def test_a_retry_comes_after_its_delay_and_is_delivered(clock, phone, wechat, reply):
    wechat.fault("errcode", -1)
    delivery = reply(phone)
    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    delivery.refresh_from_db()
    assert 15 <= (delivery.due_at - project_clock.now()).total_seconds() <= 22.5
    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 0

    clock.shift(dt.timedelta(seconds=23))
    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, len(wechat.messages(phone))) == ("sent", 1)
    assert codes(delivery) == [("retry", "-1"), ("sent", "0")]


def test_a_daily_quota_waits_for_the_next_beijing_day(clock, phone, wechat, reply):
    wechat.fault("errcode", 45009)
    delivery = reply(phone)

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    # Spread over ten minutes, so that what waited does not come at once.
    after_ten = project_clock.local(delivery.due_at) - clock_at("2026-03-11T00:10:00+08:00")
    assert dt.timedelta() <= after_ten < dt.timedelta(minutes=10)


def test_a_cut_before_wechat_took_it_is_not_known_to_be_harmless_and_is_not_repeated(phone, wechat, reply):
    wechat.fault("cut_after")
    delivery = reply(phone)

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("unknown", "answer_lost")
    assert len(wechat.messages(phone)) == 1
    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 0


def test_wechat_out_of_reach_is_tried_again(phone, reply, settings, remaining):
    settings.WECHAT_BASE_URL = "http://127.0.0.1:9"
    delivery = reply(phone)

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code, remaining(phone)) == ("retry", "unavailable", 1)


def test_after_eight_attempts_it_fails_for_good(clock, phone, wechat, reply):
    wechat.fault("errcode", -1, times=20)
    delivery = reply(phone)

    for _each in range(10):
        notifications.pump(lane="interactive", channel=Channel.WECHAT)
        clock.shift(dt.timedelta(hours=2))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", 8)


def test_the_same_key_writes_one_message(phone, reply):
    assert reply(phone, key="same") is not None
    assert reply(phone, key="same") is None

    assert InboxMessage.objects.filter(dedup_key="same").count() == 1
    assert Delivery.objects.count() == 1


def test_news_on_the_way_leave_the_last_permission_for_the_reply(phone, wechat, reply, remaining):
    made = phone.post("feedback/cases", {"request_type": "help", "text": "路灯不亮"})
    assert made.status_code == 201

    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    receipt = Delivery.objects.get()
    assert (receipt.state, remaining(phone)) == ("suppressed", 1)

    reply(phone)
    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    assert len(wechat.messages(phone)) == 1


def test_with_two_permissions_the_receipt_goes_out_too(phone, wechat, grant):
    grant(phone)
    wechat.permit(phone)
    phone.post("feedback/cases", {"request_type": "help", "text": "路灯不亮"})

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    assert [m["data"]["phrase3"]["value"] for m in wechat.messages(phone)] == ["已提交"]


def test_an_expired_claim_is_delivered_and_the_inbox_row_stays_one(clock, phone, wechat, reply, remaining):
    delivery = reply(phone)
    # As a worker leaves it that was killed between claim and outcome.
    Delivery.objects.filter(pk=delivery.pk).update(
        state="sending",
        claimed_until=project_clock.now() + dt.timedelta(seconds=60),
        attempts=1,
        reserved=True,
    )
    WechatGrant.objects.update(remaining=0)
    assert notifications.sweep(now=project_clock.now())["claims_expired"] == 0

    clock.shift(dt.timedelta(seconds=61))
    assert notifications.sweep(now=project_clock.now()) == {"claims_expired": 1, "settled": 0, "woken": 0}
    clock.shift(dt.timedelta(seconds=121))
    assert notifications.sweep(now=project_clock.now()) == {"claims_expired": 0, "settled": 1, "woken": 1}
    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, len(wechat.messages(phone))) == ("sent", 1)
    assert codes(delivery) == [("claim_expired", "worker_lost"), ("sent", "0")]
    assert InboxMessage.objects.count() == 1
    assert remaining(phone) == 0


def test_a_late_outcome_does_not_change_a_row_that_was_claimed_anew(phone, reply, monkeypatch):
    from apps.notifications.channels.results import SendResult
    from apps.notifications.services import outbox

    delivery = reply(phone)

    def slow_send(_channel, batch):
        # While this worker sends, its claim runs out and another one takes the row.
        Delivery.objects.filter(pk=delivery.pk).update(attempts=2)
        done = Future()
        done.set_result([SendResult(Outcome.FAILED, "x") for _send in batch.sends])
        return done

    monkeypatch.setattr(outbox, "_start", slow_send)
    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("sending", 2)
    assert DeliveryAttempt.objects.count() == 0


def test_a_cancelled_account_gets_nothing(phone, reply):
    from tests.factories.people import resident_row

    delivery = reply(phone)
    row = resident_row(phone)
    row.openid = row.openid_hash = None
    row.cancelled_at = project_clock.now()
    row.save()

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("suppressed", "no_recipient")


def test_two_messages_for_one_phone_go_one_after_the_other(phone, wechat, reply, grant):
    grant(phone)
    wechat.permit(phone)
    reply(phone, key="a")
    reply(phone, key="b")

    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 2
    assert len(wechat.messages(phone)) == 2


def test_fields_that_do_not_fit_the_kind_are_a_defect_and_nothing_is_written(phone):
    from apps.feedback import notices

    with pytest.raises(ValueError, match=r"feedback\.replied"), transaction.atomic():
        notifications.notice_enqueue(
            kind=notices.REPLIED, resident_id=phone.resident_id, fields={"number": "1"}, dedup_key="k",
            now=project_clock.now(),
        )  # fmt: skip

    assert InboxMessage.objects.count() == 0


def test_the_table_is_the_whole_truth():
    allowed = {(m.source, m.outcome) for m in MOVES}

    for source in DeliveryState:
        for outcome in Outcome:
            if (source, outcome) not in allowed:
                with pytest.raises(MoveRefused):
                    move_target(source=source, outcome=outcome)
    assert {state.value for state in FINAL} == {"delivered", "failed", "suppressed", "cancelled"}


def test_delays_double_up_to_an_hour():
    assert [retry_delay(attempts=n, spread=0).total_seconds() for n in (1, 2, 3, 8, 20)] == [
        15,
        30,
        60,
        1920,
        3600,
    ]
    assert retry_delay(attempts=1, spread=1).total_seconds() == 22.5


def test_the_database_refuses_a_claim_without_an_end(phone, reply):
    delivery = reply(phone)

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state="sending")
    with pytest.raises(IntegrityError), transaction.atomic():
        WechatGrant.objects.update(remaining=-1)


def test_in_doubt_news_on_the_way_are_not_repeated_at_the_cost_of_the_reply(
    clock, phone, wechat, grant, remaining
):
    grant(phone)  # two permitted: the receipt may use one
    phone.post("feedback/cases", {"request_type": "help", "text": "路灯不亮"})
    receipt = Delivery.objects.get()
    Delivery.objects.filter(pk=receipt.pk).update(
        state="sending",
        claimed_until=project_clock.now() + dt.timedelta(seconds=60),
        attempts=1,
        reserved=True,
    )
    WechatGrant.objects.update(remaining=1)
    clock.shift(dt.timedelta(seconds=61))
    notifications.sweep(now=project_clock.now())
    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    notifications.pump(lane="interactive", channel=Channel.WECHAT)

    receipt.refresh_from_db()
    assert (receipt.state, receipt.last_code, remaining(phone)) == ("suppressed", "no_permission", 1)


def test_while_one_message_is_in_hand_the_next_for_that_phone_waits(phone, reply, wechat, grant):
    grant(phone)
    wechat.permit(phone)
    first, second = reply(phone, key="a"), reply(phone, key="b")
    Delivery.objects.filter(pk=first.pk).update(
        state="sending",
        claimed_until=project_clock.now() + dt.timedelta(seconds=60),
        attempts=1,
        reserved=True,
    )

    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 0

    second.refresh_from_db()
    assert (second.state, second.attempts) == ("queued", 0)
