"""What a worker does with pushes that were kept: handlers, bad ones, repeats, the sweep, and what is deleted when."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.common import dispatch
from apps.wechat import handlers, selectors, services, tasks
from apps.wechat.models import ProviderPush
from apps.wechat.pushes import PushEvent, event_of
from apps.wechat.services import pushes as work
from tests.factories.people import staff_make


@pytest.fixture
def registry(monkeypatch) -> Any:
    """An empty registry of handlers, for one test."""
    monkeypatch.setattr(handlers, "_handlers", {})
    return handlers.push_handler_register


@pytest.fixture
def queued(monkeypatch, django_capture_on_commit_callbacks) -> Any:
    """Call something and return the names of the tasks that it queues."""

    def run(call: Any) -> list[str]:
        names: list[str] = []
        monkeypatch.setattr(
            dispatch._sender, "add", lambda wake_up: names.append(f"{wake_up[0]} {wake_up[1]}")
        )
        with django_capture_on_commit_callbacks(execute=True):
            call()
        return names

    return run


def push(number: int = 0, *, event: str = "demo", at: dt.datetime | None = None) -> PushEvent:
    """Keep a push and return it."""
    made = event_of(
        message={
            "FromUserName": f"o{number}",
            "Event": event,
            "CreateTime": 1620973045,
            "MsgId": str(number),
        },
        row_id=None,
        received_at=at or project_clock.now(),
    )
    services.pushes_store(source=ProviderPush.Source.WECHAT, events=[made])
    return made


def process() -> int:
    return services.pushes_process(now=project_clock.now())


def states() -> list[tuple[str, int, str]]:
    return list(ProviderPush.objects.order_by("id").values_list("state", "attempts", "last_error"))


def test_a_handler_gets_all_events_of_its_kind_at_once_in_the_order_they_came(db, clock, registry):
    seen: list[tuple[str, list[str], dt.datetime]] = []
    registry("demo", lambda events, now: seen.append(("demo", [e.openid for e in events], now)))
    registry("other", lambda events, now: seen.append(("other", [e.openid for e in events], now)))
    for number in range(3):
        push(number)
    push(3, event="other")

    assert process() == 4

    assert seen == [
        ("demo", ["o0", "o1", "o2"], project_clock.now()),
        ("other", ["o3"], project_clock.now()),
    ]
    assert states() == [("done", 1, "")] * 4
    assert set(ProviderPush.objects.values_list("done_at", flat=True)) == {project_clock.now()}
    assert process() == 0


def test_an_event_carries_its_row_and_when_it_came(db, clock, registry):
    seen: list[PushEvent] = []
    registry("demo", lambda events, _now: seen.extend(events))
    kept = push()
    clock.shift(dt.timedelta(seconds=5))

    process()

    (row,) = ProviderPush.objects.all()
    (event,) = seen
    assert (event.id, event.received_at, event.created_at) == (row.id, row.received_at, kept.created_at)
    assert (event.items, event.raw) == (kept.items, kept.raw)


def test_an_event_without_a_handler_is_done_at_once_and_not_decrypted(db, clock, registry, monkeypatch):
    push()
    monkeypatch.setattr("apps.common.crypto.decrypt", lambda *_a, **_k: pytest.fail("decrypted"))

    assert process() == 1
    assert states() == [("done", 1, "")]


def test_a_second_handler_for_an_event_is_refused_and_the_same_one_is_not(registry):
    def handler(_events: Any, _now: Any) -> None:
        """Do nothing."""

    registry("demo", handler)
    registry("demo", handler)
    with pytest.raises(ValueError, match="demo has a handler already"):
        registry("demo", lambda _events, _now: None)
    assert handlers.push_handler_of("demo") is handler


def test_a_bad_push_marks_itself_and_the_others_go_through(db, clock, registry):
    seen: list[list[str]] = []

    def handler(events: Any, _now: Any) -> None:
        Staff.objects.filter(is_active=True).update(is_active=False)
        seen.append([e.openid for e in events])
        if "o1" in seen[-1]:
            raise KeyError("oABC, who must not be told of")
        Staff.objects.update(is_active=True)

    staff_make("intake_clerk")
    registry("demo", handler)
    for number in range(3):
        push(number)

    assert process() == 3

    assert seen == [["o0", "o1", "o2"], ["o0"], ["o1"], ["o2"]]
    assert states() == [("done", 1, ""), ("pending", 1, "KeyError"), ("done", 1, "")]
    # What the failed calls wrote was undone with them.
    assert not Staff.objects.filter(is_active=False).exists()


def test_an_error_of_the_database_spoils_one_push_only(db, clock, registry):
    def handler(events: Any, _now: Any) -> None:
        for event in events:
            if event.openid == "o1":
                ProviderPush.objects.filter(id=event.id).update(state="nonsense")

    registry("demo", handler)
    for number in range(3):
        push(number)

    process()

    assert states() == [("done", 1, ""), ("pending", 1, "IntegrityError"), ("done", 1, "")]


def test_a_push_whose_key_is_gone_spoils_itself_only(db, clock, registry, settings):
    seen: list[str] = []
    registry("demo", lambda events, _now: seen.extend(e.openid for e in events))
    push(0)
    ring = settings.FIELD_KEYS
    settings.FIELD_KEYS = {"gone": bytes(range(32))}
    push(1)
    settings.FIELD_KEYS = ring
    push(2)

    process()

    assert seen == ["o0", "o2"]
    assert states() == [("done", 1, ""), ("pending", 1, "DecryptionFailed"), ("done", 1, "")]


def test_a_bad_push_is_tried_five_times_within_15_minutes_and_then_failed(db, clock, registry):
    def handler(_events: Any, _now: Any) -> None:
        raise LookupError

    registry("demo", handler)
    push()

    for wait_s in (0, 60, 120, 240, 480):
        clock.shift(dt.timedelta(seconds=wait_s - 1 if wait_s else 0))
        if wait_s:
            assert process() == 0
            clock.shift(dt.timedelta(seconds=1))
        assert process() == 1

    (row,) = ProviderPush.objects.all()
    assert (row.state, row.attempts, row.last_error, row.retry_at) == ("failed", 5, "LookupError", None)
    assert row.done_at == project_clock.now()
    clock.shift(dt.timedelta(days=1))
    assert process() == 0


def test_a_push_that_goes_through_later_forgets_its_error(db, clock, registry):
    calls: list[int] = []

    def handler(_events: Any, _now: Any) -> None:
        calls.append(1)
        if len(calls) <= 2:
            raise LookupError

    registry("demo", handler)
    push()
    process()
    clock.shift(dt.timedelta(seconds=60))

    assert process() == 1
    assert states() == [("done", 2, "")]


def test_a_call_takes_200_a_round_and_queues_itself_again_after_20_rounds(
    db, clock, registry, queued, monkeypatch
):
    sizes: list[int] = []
    registry("demo", lambda events, _now: sizes.append(len(events)))
    monkeypatch.setattr(work, "BATCH", 2)
    monkeypatch.setattr(work, "ROUNDS", 3)
    for number in range(7):
        push(number)

    assert queued(process) == ["wechat.pushes_process callback"]
    assert sizes == [2, 2, 2]
    assert queued(process) == []
    assert sizes == [2, 2, 2, 1]
    assert (work.__dict__["BATCH"], work.__dict__["ROUNDS"]) == (2, 3)


def test_a_round_takes_three_statements_and_the_handlers_own(db, clock, registry, django_assert_num_queries):
    registry("demo", lambda _events, _now: None)
    for number in range(20):
        push(number)

    # Two rounds: marks of the round, claim, mark of the handler, bodies, release, done, release; then an empty one.
    with django_assert_num_queries(7 + 3):
        assert process() == 20


def test_the_sweep_wakes_the_worker_for_what_is_due_and_only_then(db, clock, registry, queued):
    def handler(_events: Any, _now: Any) -> None:
        raise LookupError

    registry("demo", handler)
    assert queued(tasks.pushes_sweep) == []
    push()
    assert queued(tasks.pushes_sweep) == ["wechat.pushes_process callback"]
    tasks.pushes_process()
    assert queued(tasks.pushes_sweep) == []
    clock.shift(dt.timedelta(seconds=60))
    assert queued(tasks.pushes_sweep) == ["wechat.pushes_process callback"]


def test_whether_an_earlier_push_still_waits_is_told(db, clock, registry):
    push()
    received = project_clock.now()

    assert selectors.pushes_pending_before(received) is False
    assert selectors.pushes_pending_before(received + dt.timedelta(microseconds=1)) is True
    process()
    assert selectors.pushes_pending_before(received + dt.timedelta(days=1)) is False


def test_handled_pushes_go_after_7_days_and_failed_ones_after_90(db, clock, registry, monkeypatch):
    monkeypatch.setattr(work, "PURGE_CHUNK", 2)
    for number in range(5):
        push(number)
    process()
    ProviderPush.objects.filter(id=ProviderPush.objects.order_by("-id").first().id).update(state="failed")
    push(9)

    clock.shift(dt.timedelta(days=7))
    tasks.pushes_purge()
    assert ProviderPush.objects.count() == 6
    clock.shift(dt.timedelta(seconds=1))
    assert services.pushes_purge(now=project_clock.now()) == 4
    assert sorted(ProviderPush.objects.values_list("state", flat=True)) == ["failed", "pending"]
    clock.shift(dt.timedelta(days=83))
    assert services.pushes_purge(now=project_clock.now()) == 1
    assert list(ProviderPush.objects.values_list("state", flat=True)) == ["pending"]


def test_the_list_of_pushes_shows_how_they_fare_and_nothing_of_whom_they_are_about(db, clock, registry, desk):
    push(7)
    administrator, clerk = staff_make("administrator"), staff_make("intake_clerk")

    listed = desk(administrator).get("/admin/wechat/providerpush/")
    page = desk(administrator).get(f"/admin/wechat/providerpush/{ProviderPush.objects.get().pk}/change/")

    assert (listed.status_code, page.status_code) == (200, 200)
    assert "其他事件" in listed.content.decode()
    assert "o7" not in listed.content.decode() + page.content.decode()
    assert desk(clerk).get("/admin/wechat/providerpush/").status_code == 403


def test_waiting_pushes_are_found_by_their_index_also_with_a_plan_made_for_any_value(db, clock):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")
    for rows in (ProviderPush.objects.due(now=project_clock.now()), ProviderPush.objects.pending()):
        assert "provider_push_pending" in rows.order_by("received_at", "id").explain()
