"""Text messages through the provider's protocol: each number has its own answer, and each answer its consequence."""

import datetime as dt

import pytest

from apps.accounts.models import Resident
from apps.common import clock as project_clock
from apps.common.crypto import lookup_hash
from apps.notifications import services as notifications
from apps.notifications.channels import gates
from apps.notifications.channels.tencent_sms import CODES, classified
from apps.notifications.models import Delivery, Receipt
from apps.notifications.services import receipts
from apps.notifications.states import Channel, Outcome
from tests.factories.people import resident_make

BLACKLISTED, SENSITIVE, IN_DOUBT, NO_MONEY = (f"1990000900{n}" for n in (1, 2, 3, 4))


@pytest.fixture
def provider(simulator, settings):
    settings.SMS_BASE_URL = simulator.base_url
    account = simulator.state.sms_account
    settings.SMS_SECRET_ID, settings.SMS_SECRET_KEY = account.secret_id, account.secret_key
    settings.SMS_SDK_APP_ID = account.app_id
    return simulator


@pytest.fixture
def text_to(reply):
    """Queue an answer's notice whose WeChat part finds no permission: ``text_to("19900001234")`` → the text message."""

    def queue(phone: str | None, key: str = "sms") -> Delivery:
        person = resident_make()
        if phone:
            Resident.objects.filter(id=person.resident_id).update(
                phone=phone, phone_hash=lookup_hash(phone, purpose="phone")
            )
        delivery = reply(person, key=key)
        notifications.pump(lane="interactive", channel=Channel.WECHAT)
        return Delivery.objects.get(message_id=delivery.message_id, channel="sms")

    return queue


def pumped(delivery: Delivery) -> Delivery:
    notifications.pump(lane="interactive", channel=Channel.SMS)
    delivery.refresh_from_db()
    return delivery


def test_where_wechat_is_not_permitted_a_text_message_tells(clock, provider, text_to, wechat):
    delivery = pumped(text_to("19900001234"))

    assert (delivery.state, delivery.last_code, delivery.attempts) == ("sent", "Ok", 1)
    (sent,) = wechat.ask("GET", "/control/sms?phone=19900001234")
    assert "2026031000000019" in sent["text"]


@pytest.mark.parametrize(
    ("phone", "state", "code"),
    [
        (BLACKLISTED, "failed", "FailedOperation.PhoneNumberInBlacklist"),
        (SENSITIVE, "failed", "FailedOperation.ContainSensitiveWord"),
        (IN_DOUBT, "unknown", "InternalError.OtherError"),
        (NO_MONEY, "retry", "FailedOperation.InsufficientBalanceInSmsPackage"),
    ],
)
def test_each_code_of_a_number_has_its_consequence(clock, provider, text_to, phone, state, code):
    delivery = pumped(text_to(phone))

    assert (delivery.state, delivery.last_code) == (state, code)


def test_without_money_the_channel_rests_and_the_message_waits(clock, provider, text_to):
    pumped(text_to(NO_MONEY))

    why, _left = gates.resting(channel=Channel.SMS)
    assert why == "FailedOperation.InsufficientBalanceInSmsPackage"


def test_without_a_phone_or_without_a_provider_it_is_not_told(clock, provider, text_to, settings):
    delivery = pumped(text_to(None))
    assert (delivery.state, delivery.last_code) == ("suppressed", "no_recipient")

    settings.SMS_SECRET_ID = ""
    delivery = pumped(text_to("19900001235", key="second"))
    assert (delivery.state, delivery.last_code) == ("suppressed", "no_provider")


def test_a_wrong_key_is_an_alarm_and_loses_nothing(clock, provider, text_to, settings):
    settings.SMS_SECRET_KEY = "another"

    delivery = pumped(text_to("19900001236"))

    assert (delivery.state, delivery.last_code) == ("retry", "AuthFailure.SignatureFailure")
    assert gates.resting(channel=Channel.SMS) is not None


def test_a_lost_answer_is_in_doubt_and_not_repeated(clock, provider, text_to, wechat):
    delivery = text_to("19900001237")
    wechat.ask("POST", "/control/faults", {"path": "/", "kind": "cut_after", "times": 1})

    pumped(delivery)
    assert (delivery.state, delivery.last_code) == ("unknown", "answer_lost")
    clock.shift(dt.timedelta(seconds=121))
    notifications.sweep(now=project_clock.now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.finished_at is None) == ("unknown", False)
    assert len(wechat.ask("GET", "/control/sms?phone=19900001237")) == 1


def test_its_report_confirms_it(clock, provider, text_to):
    delivery = pumped(text_to("19900001238"))

    receipts.receipts_take(
        channel=Channel.SMS,
        reported=[receipts.Reported(delivery.provider_id, True, "DELIVRD", project_clock.now())],
        now=project_clock.now(),
    )

    delivery.refresh_from_db()
    assert (delivery.state, Receipt.objects.get().delivery_id) == ("delivered", delivery.id)


def test_at_night_nobody_is_woken_by_a_text_message(clock, provider, text_to):
    clock.move_to(dt.datetime(2026, 3, 10, 23, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    delivery = text_to("19900001239")

    assert project_clock.local(delivery.due_at).isoformat() == "2026-03-11T07:30:00+08:00"
    assert pumped(delivery).state == "queued"


def test_an_unknown_code_needs_an_operator_and_a_family_has_a_class():
    assert classified("Nobody.KnowsThis")[0] is Outcome.RETRY
    assert classified("InternalError.Timeout")[0] is Outcome.UNKNOWN
    assert classified("LimitExceeded.PhoneNumberThirtySecondLimit")[0] is Outcome.RETRY
    assert classified("LimitExceeded.PhoneNumberDailyLimit")[0] is Outcome.LATER
    assert all(outcome in Outcome for outcome, _trouble in CODES.values())
