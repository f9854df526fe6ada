"""Receipts and doubts: what is known about a message whose answer was lost."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.common import clock as project_clock
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, Receipt, WechatGrant, WechatTemplate
from apps.notifications.services import push_events, receipts
from apps.notifications.services.receipts import Reported
from apps.notifications.states import Channel
from apps.wechat.pushes import PushEvent


def pumped(delivery: Delivery) -> Delivery:
    notifications.pump(lane="interactive", channel=Channel.WECHAT)
    delivery.refresh_from_db()
    return delivery


def sent_event(phone, *, msgid: str, code: str = "0", status: str = "success", after_s: int = 0) -> PushEvent:
    now = project_clock.now()
    template_id = WechatTemplate.objects.get(name="case_progress").template_id
    item = {"TemplateId": template_id, "MsgID": msgid, "ErrorCode": code, "ErrorStatus": status}
    return PushEvent(
        id=None, event=push_events.SENT, openid=phone.openid,
        created_at=now.replace(microsecond=0) + dt.timedelta(seconds=after_s), items=(item,), received_at=now, raw={},
    )  # fmt: skip


def receipts_make_known(phone, wechat, reply, grant, count: int = 6) -> None:
    """Send some messages and confirm each: so receipts are known to come."""
    for number in range(count):
        grant(phone)
        wechat.permit(phone)
        one = pumped(reply(phone, key=f"known-{number}"))
        push_events.messages_sent([sent_event(phone, msgid=one.provider_id)], project_clock.now())


def test_a_receipt_confirms_what_was_sent(phone, reply):
    delivery = pumped(reply(phone))

    push_events.messages_sent([sent_event(phone, msgid=delivery.provider_id)], project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("delivered", "success")
    assert Receipt.objects.get().delivery_id == delivery.id


def test_a_receipt_that_says_no_fails_the_message_and_the_text_message_follows(phone, reply):
    delivery = pumped(reply(phone))

    push_events.messages_sent(
        [sent_event(phone, msgid=delivery.provider_id, code="20", status="user block")], project_clock.now()
    )

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("failed", "20 user block")
    following = Delivery.objects.get(message_id=delivery.message_id, channel="sms")
    assert (following.state, following.data, following.fallbacks) == ("queued", ["2026031000000019"], [])


def test_a_receipt_before_the_outcome_is_kept_and_found(phone, reply, monkeypatch):
    from apps.notifications.services import outbox

    delivery = reply(phone)
    land = outbox._land

    def receipt_first(lane, flight):
        msgid = flight.results.result()[0].provider_id
        push_events.messages_sent([sent_event(phone, msgid=msgid)], project_clock.now())
        assert Receipt.objects.get().delivery_id is None
        land(lane, flight)

    monkeypatch.setattr(outbox, "_land", receipt_first)
    pumped(delivery)

    assert delivery.state == "delivered"
    assert Receipt.objects.get().delivery_id == delivery.id


def test_a_receipt_that_comes_twice_or_for_nobody_changes_nothing(phone, reply):
    delivery = pumped(reply(phone))
    event = sent_event(phone, msgid=delivery.provider_id)
    push_events.messages_sent([event, event], project_clock.now())
    late_no = sent_event(phone, msgid=delivery.provider_id, code="20", status="user block")

    push_events.messages_sent([late_no], project_clock.now())
    push_events.messages_sent([sent_event(phone, msgid="999")], project_clock.now())

    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    kept = Receipt.objects.order_by("id").values_list("provider_id", "arrived", "delivery_id")
    assert list(kept) == [(delivery.provider_id, True, delivery.id), ("999", True, None)]


def test_a_final_state_is_kept_by_the_database(phone, reply):
    delivery = pumped(reply(phone))
    push_events.messages_sent([sent_event(phone, msgid=delivery.provider_id)], project_clock.now())

    for state in ("failed", "queued", "sent"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(state=state)


def test_a_lost_answer_is_settled_by_its_receipt(clock, phone, wechat, reply):
    wechat.fault("cut_after")
    delivery = pumped(reply(phone))
    assert delivery.state == "unknown"
    push_events.messages_sent([sent_event(phone, msgid="77")], project_clock.now())

    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.provider_id, len(wechat.messages(phone))) == ("delivered", "77", 1)


def test_without_a_receipt_while_others_have_theirs_it_was_never_taken_and_goes_again(
    clock, phone, wechat, reply, grant, remaining
):
    receipts_make_known(phone, wechat, reply, grant)
    assert receipts.receipts_trusted(before=project_clock.now())
    wechat.fault("cut_before")
    delivery = pumped(reply(phone, key="lost"))
    assert (delivery.state, remaining(phone)) == ("unknown", 0)

    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())
    pumped(delivery)

    assert (delivery.state, delivery.attempts) == ("sent", 2)
    assert len(wechat.messages(phone)) == 7


def test_where_no_receipts_come_a_lost_answer_is_given_up_and_the_chain_goes_on(clock, phone, wechat, reply):
    wechat.fault("cut_after")
    delivery = pumped(reply(phone))

    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.finished_at is None) == ("unknown", False)
    assert Delivery.objects.filter(message_id=delivery.message_id, channel="sms").count() == 1
    assert len(wechat.messages(phone)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state="retry", finished_at=None)


def test_while_receipts_are_late_for_all_it_waits_on(clock, phone, wechat, reply, settings):
    settings.WECHAT_PUSH_TOKEN = "t" * 16
    wechat.fault("cut_after")
    delivery = pumped(reply(phone))

    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.finished_at) == ("unknown", None)
    push_events.messages_sent([sent_event(phone, msgid="78", after_s=-100)], project_clock.now())
    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, len(wechat.messages(phone))) == ("delivered", 1)


def test_a_receipt_written_at_the_same_moment_as_the_outcome_is_found_by_the_sweep(phone, reply):
    event = sent_event(phone, msgid="placeholder")
    delivery = pumped(reply(phone))
    # As two workers leave it that committed side by side: both rows, neither seen by the other.
    Receipt.objects.create(
        channel="wechat", provider_id=delivery.provider_id, arrived=True, code="success",
        reported_at=event.created_at, received_at=event.received_at,
    )  # fmt: skip

    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, Receipt.objects.get().delivery_id) == ("delivered", delivery.id)


def test_of_two_in_doubt_the_receipt_is_the_later_ones(clock, phone, wechat, reply, settings):
    settings.WECHAT_PUSH_TOKEN = "t" * 16
    wechat.fault("cut_before")
    never_taken = pumped(reply(phone, key="a"))
    clock.shift(dt.timedelta(seconds=60))
    WechatGrant.objects.update(remaining=1)
    wechat.fault("cut_after")
    taken = pumped(reply(phone, key="b"))
    push_events.messages_sent([sent_event(phone, msgid="91")], project_clock.now())

    clock.shift(dt.timedelta(seconds=125))
    notifications.sweep(now=project_clock.now())

    never_taken.refresh_from_db()
    taken.refresh_from_db()
    assert (never_taken.state, never_taken.finished_at) == ("unknown", None)
    assert (taken.state, taken.provider_id) == ("delivered", "91")


def test_while_another_message_is_in_hand_its_receipt_is_not_taken_for_the_one_in_doubt(
    clock, phone, wechat, reply, settings
):
    settings.WECHAT_PUSH_TOKEN = "t" * 16
    wechat.fault("cut_before")
    in_doubt = pumped(reply(phone, key="a"))
    in_hand = reply(phone, key="b")
    clock.shift(dt.timedelta(seconds=121))
    now = project_clock.now()
    Delivery.objects.filter(pk=in_hand.pk).update(
        state="sending", claimed_at=now, claimed_until=now + dt.timedelta(seconds=60), attempts=1
    )
    push_events.messages_sent([sent_event(phone, msgid="92")], now)

    notifications.sweep(now=now)

    in_doubt.refresh_from_db()
    assert (in_doubt.state, in_doubt.provider_id) == ("unknown", "")


def test_an_older_receipt_is_not_taken_for_the_one_in_doubt(clock, phone, wechat, reply, grant):
    push_events.messages_sent([sent_event(phone, msgid="5", after_s=-60)], project_clock.now())
    wechat.fault("cut_after")
    delivery = pumped(reply(phone))

    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.provider_id) == ("unknown", "")


def test_an_sms_report_finds_its_delivery_by_the_serial_number(phone, reply):
    delivery = reply(phone)
    now = project_clock.now()
    Delivery.objects.filter(pk=delivery.pk).update(
        channel="sms", state="sent", provider_id="2100:1", sent_at=now, finished_at=now
    )

    receipts.receipts_take(channel=Channel.SMS, reported=[Reported("2100:1", True, "DELIVRD", now)], now=now)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("delivered", "DELIVRD")
