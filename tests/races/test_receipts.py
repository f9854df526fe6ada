"""Receipts, sweeps and permissions met by several workers at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from apps.common import clock
from apps.feedback import notices
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, Receipt, WechatGrant, WechatTemplate
from apps.notifications.services import ledger, receipts
from apps.notifications.services.receipts import Reported
from apps.notifications.states import Channel
from tests.factories.people import resident_make

PEOPLE = 12


@pytest.fixture
def deliveries(whole_db):
    """A reply's delivery for each of some residents."""
    now = clock.now()
    for number in range(PEOPLE):
        with transaction.atomic():
            notifications.notice_enqueue(
                kind=notices.REPLIED, resident_id=resident_make().resident_id, fields=notices.REPLIED.samples,
                dedup_key=f"race:{number}", now=now,
            )  # fmt: skip
    return Delivery.objects.filter(channel="wechat")


def test_four_sweeps_at_once_decide_about_each_doubt_once(at_once, deliveries):
    long_ago = clock.now() - dt.timedelta(hours=1)
    deliveries.update(
        state="unknown", last_code="answer_lost", attempts=1, claimed_at=long_ago, due_at=long_ago
    )

    swept = at_once(4, lambda: notifications.sweep(now=clock.now())["settled"])

    assert sum(swept) == PEOPLE
    assert deliveries.filter(state="unknown", finished_at__isnull=False).count() == PEOPLE
    assert Delivery.objects.filter(channel="sms").count() == PEOPLE


def test_four_sweeps_at_once_put_each_lost_claim_in_doubt_once(at_once, deliveries):
    long_ago = clock.now() - dt.timedelta(hours=1)
    deliveries.update(state="sending", attempts=1, claimed_at=long_ago, claimed_until=long_ago)

    swept = at_once(4, lambda: notifications.sweep(now=clock.now())["claims_expired"])

    assert sum(swept) == PEOPLE
    assert deliveries.filter(state="unknown", attempt_rows__outcome="claim_expired").count() == PEOPLE


def test_receipts_taken_by_four_at_once_count_once(at_once, deliveries):
    now = clock.now()
    for number, row in enumerate(deliveries.order_by("id")):
        Delivery.objects.filter(pk=row.pk).update(
            state="sent", provider_id=f"m{number}", sent_at=now, finished_at=now
        )
    reported = [Reported(f"m{number}", number != 0, "success", now) for number in range(PEOPLE)]

    at_once(4, lambda: receipts.receipts_take(channel=Channel.WECHAT, reported=reported, now=now))

    assert Receipt.objects.filter(delivery__isnull=False).count() == PEOPLE
    assert deliveries.filter(state="delivered").count() == PEOPLE - 1
    # The one that did not arrive goes on by text message, once.
    assert Delivery.objects.filter(channel="sms").count() == 1


def test_the_last_permission_is_set_aside_for_one_of_eight(at_once):
    template = WechatTemplate.objects.get(name="case_progress")
    resident_id, now = resident_make().resident_id, clock.now()
    WechatGrant.objects.create(resident_id=resident_id, template=template, remaining=3, updated_at=now)

    allowed = at_once(8, lambda: ledger.grants_reserve(rows=[(resident_id, template.pk, 1)], now=now))

    assert sum(len(one) for one in allowed) == 2
    assert WechatGrant.objects.get().remaining == 1
