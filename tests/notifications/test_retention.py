"""What is deleted after its term, what stays, and that nothing goes uncounted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.states import Role
from apps.common.ids import uuid7
from apps.notifications import services
from apps.notifications.models import (
    DailyDelivery,
    Delivery,
    DeliveryAttempt,
    InboxMessage,
    Receipt,
    Retention,
    StaffNotice,
)
from apps.notifications.services import retention
from apps.notifications.services.statistics import deliveries_day_rebuild
from tests.conftest import MORNING

TERMS = {"delivery": 184, "inbox": 730, "receipt": 30, "staff_notice": 365}
EVER = dt.date(2020, 1, 1)


def ago(days: int) -> dt.datetime:
    return MORNING - dt.timedelta(days=days)


@pytest.fixture
def old(resident, reply):
    """A message with a sent delivery, an attempt and a receipt, so many days old."""

    def make(key: str, days: int, *, state: str = "sent", counted: bool = True) -> None:
        row = reply(resident, key=key)
        InboxMessage.objects.filter(id=row.message_id).update(created_at=ago(days))
        waits = state in ("queued", "retry")
        Delivery.objects.filter(id=row.id).update(
            state=state, created_at=ago(days), finished_at=None if waits else ago(days)
        )
        DeliveryAttempt.objects.create(
            delivery=row, number=1, outcome="sent", started_at=ago(days), ended_at=ago(days)
        )
        Receipt.objects.create(
            id=uuid7(), channel="wechat", provider_id=key, arrived=True, reported_at=ago(days),
            received_at=ago(days), delivery=row,
        )  # fmt: skip
        if counted:
            deliveries_day_rebuild(days=[ago(days).date()], kept_since=EVER)

    return make


def left() -> tuple[list[str], int, int, int]:
    return (
        list(InboxMessage.objects.order_by("dedup_key").values_list("dedup_key", flat=True)),
        Delivery.objects.count(), DeliveryAttempt.objects.count(), Receipt.objects.count(),
    )  # fmt: skip


@pytest.mark.django_db
def test_the_terms_that_come_with_the_program_are_loaded_once_and_staffs_stay():
    assert services.retention_terms(on=MORNING.date()) == TERMS
    Retention.objects.filter(subject="receipt").update(days=60)

    services.retention_load(
        rows=[{"subject": "receipt", "days": 30, "valid_from": "2026-01-01", "source": "x"}]
    )

    assert services.retention_terms(on=MORNING.date()) == TERMS | {"receipt": 60}


@pytest.mark.django_db
def test_a_later_term_holds_from_its_day_on():
    Retention.objects.create(subject="inbox", days=1000, valid_from=dt.date(2026, 4, 1), source="试")

    assert services.retention_terms(on=dt.date(2026, 3, 31))["inbox"] == 730
    assert services.retention_terms(on=dt.date(2026, 4, 1))["inbox"] == 1000


@pytest.mark.django_db
def test_records_of_sending_are_kept_for_half_a_year_at_least():
    with pytest.raises(IntegrityError), transaction.atomic():
        Retention.objects.create(subject="delivery", days=182, valid_from=dt.date(2026, 4, 1), source="试")


def test_each_thing_goes_after_its_own_term_and_the_counts_stay(old):
    old("a-two-years", 731)
    old("b-one-year", 401)
    old("c-at-the-edge", 184)

    deleted = services.retention_run(now=MORNING)

    assert deleted == {"delivery": 2, "inbox": 1, "receipt": 0, "staff_notice": 0}
    assert left() == (["b-one-year", "c-at-the-edge"], 1, 1, 1)
    assert DailyDelivery.objects.count() == 3


def test_what_was_not_counted_or_is_still_under_way_stays(old):
    old("a-uncounted", 500, counted=False)
    old("b-queued", 501, state="queued")

    deleted = services.retention_run(now=MORNING)

    assert deleted == {"delivery": 0, "inbox": 0, "receipt": 0, "staff_notice": 0}
    assert left() == (["a-uncounted", "b-queued"], 2, 2, 2)


def test_receipts_without_a_delivery_and_notices_to_staff_go_too(clerk):
    for days in (29, 31):
        Receipt.objects.create(
            id=uuid7(), channel="wechat", provider_id=f"r{days}", arrived=True, reported_at=ago(days),
            received_at=ago(days),
        )  # fmt: skip
    for days in (364, 366):
        StaffNotice.objects.create(
            staff=clerk, kind="k", title="t", path="/", dedup_key=f"s{days}", created_at=ago(days)
        )

    services.retention_run(now=MORNING)

    assert list(Receipt.objects.values_list("provider_id", flat=True)) == ["r29"]
    assert list(StaffNotice.objects.values_list("dedup_key", flat=True)) == ["s364"]


def test_without_a_term_nothing_goes(old):
    old("a", 3000)
    Retention.objects.all().delete()

    assert services.retention_run(now=MORNING) == {}
    assert left() == (["a"], 1, 1, 1)


def test_a_run_takes_so_many_chunks_and_queues_the_next(old, monkeypatch):
    queued: list[str] = []
    monkeypatch.setattr(retention, "send_after_commit", lambda name, **_more: queued.append(name))
    monkeypatch.setattr(retention, "CHUNK", 1)
    for number in range(3):
        old(f"k{number}", 401 + number)

    first = services.retention_run(now=MORNING, chunks=2)
    second = services.retention_run(now=MORNING)

    assert (first, second["delivery"]) == ({"delivery": 2}, 1)
    assert queued == ["notifications.retention"]


def test_a_term_in_the_admin_is_followed_by_another_and_never_changed(staff, desk):
    browser = desk(staff(Role.ADMINISTRATOR.value))
    row = Retention.objects.get(subject="inbox")
    given = {"subject": "inbox", "days": "900", "valid_from": "2026-06-01", "source": "区里文件"}

    browser.post(reverse("admin:notifications_retention_change", args=[row.pk]), given)
    added = browser.post(reverse("admin:notifications_retention_add"), given)

    assert added.status_code == 302
    rows = Retention.objects.filter(subject="inbox").order_by("valid_from").values_list("days", flat=True)
    assert list(rows) == [730, 900]
