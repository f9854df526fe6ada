"""Fifty threads on the last unit of each sort of thing, and what frees a unit beside what takes it."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.db import IntegrityError, connection, transaction

from apps.capacity import services
from apps.capacity.models import Claim, Interval, Pool, WaitEntry
from apps.capacity.services import CapacityPlan, PoolPlan
from apps.capacity.states import ClaimState, EntryState
from apps.common import clock
from apps.common.ids import uuid7
from tests.factories.capacity import QUEUE, list_heard, opened
from tests.races.test_news import code_or, taking_turns

KINDS = ("clinics.slot", "schools.place", "eldercare.meal", "eldercare.bed", "eldercare.voucher")


@pytest.fixture
def told(monkeypatch):
    return list_heard(monkeypatch)


def take(capacity, *, key=None, owner=None, **more):
    owner = owner or f"person:{uuid7()}"
    return services.unit_take(
        capacity_id=capacity, owner=owner, idempotency_key=key or owner, now=clock.now(), **more
    )


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_want_the_last_unit_and_one_gets_it(at_once, kind):
    now = clock.now()
    key = f"{kind}:1"
    plan = CapacityPlan(key, (PoolPlan("public", 3),), QUEUE, now + dt.timedelta(days=2))
    capacity = services.capacities_open(plans=[plan], now=now)[key]
    take(capacity, units=2)

    answers = at_once(50, lambda: code_or("taken", lambda: take(capacity)))

    assert sorted(answers) == ["capacity_full"] * 49 + ["taken"]
    assert (Pool.objects.get().used, Claim.objects.count()) == (3, 2)


def test_statements_written_by_hand_are_refused_as_well(at_once):
    capacity = opened(clock.now())
    pool = Pool.objects.get(capacity_id=capacity).pk

    def by_hand() -> str:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO capacity_claim (id, pool_id, units, owner, idempotency_key, state, created_at, ended_why)"
                    " VALUES (%s, %s, 1, 'o', %s, 'taken', now(), '')",
                    [uuid7(), pool, str(uuid7())],
                )
        except IntegrityError:
            return "refused"
        return "taken"

    assert sorted(at_once(20, by_hand)) == ["refused"] * 19 + ["taken"]
    assert Pool.objects.get().used == 1


def test_one_key_from_many_threads_is_one_claim(at_once):
    capacity = opened(clock.now(), PoolPlan("public", 50))

    taken = at_once(20, lambda: take(capacity, key="the same", owner="o"))

    assert len({one.id for one in taken}) == 1
    assert [one.replayed for one in taken].count(False) == 1
    assert Pool.objects.get().used == 1


def test_one_bed_is_taken_once_for_a_night(at_once):
    now = clock.now()

    def stay() -> str:
        key = str(uuid7())
        return code_or(
            "taken",
            lambda: services.interval_take(
                resource="eldercare.bed:1", starts_at=now, ends_at=now + dt.timedelta(days=1), owner=key, key=key, now=now
            ),
        )  # fmt: skip

    assert sorted(at_once(50, stay)) == ["interval_taken"] * 49 + ["taken"]
    assert Interval.objects.count() == 1


def test_an_expired_hold_is_taken_by_one_of_many(at_once):
    now = clock.now()
    capacity = opened(now)
    take(capacity, until=now + dt.timedelta(milliseconds=1))

    answers = at_once(30, lambda: code_or("taken", lambda: take(capacity)))

    assert sorted(answers) == ["capacity_full"] * 29 + ["taken"]
    assert Pool.objects.get().used == 1


def test_what_is_given_back_goes_to_who_waits_and_never_to_those_who_grab(at_once, told):
    now = clock.now()
    capacity = opened(now)
    held = take(capacity)
    day = clock.local(now).date()
    services.wait_join(
        queue=QUEUE, first_on=day, last_on=day + dt.timedelta(days=9), owner="patient", idempotency_key="w", now=now
    )  # fmt: skip

    def release() -> str:
        services.claim_release(claim_id=held.id, why="changed_mind", now=clock.now())
        return "released"

    def grab() -> str:
        return code_or("grabbed", lambda: take(capacity))

    answers = at_once(20, taking_turns(release, grab))

    assert "grabbed" not in answers
    assert WaitEntry.objects.get().state == EntryState.OFFERED
    assert Claim.objects.get(state=ClaimState.OFFERED).owner == "patient"


def test_joining_and_giving_back_at_once_leave_nobody_waiting_beside_a_free_unit(at_once, told):
    day = clock.local(clock.now()).date()
    for round_ in range(10):
        capacity = opened(clock.now(), key=f"trial.slot:{round_}", queue=f"trial.list:r{round_}")
        held = take(capacity)
        owners = itertools.count()

        def release(held=held) -> str:
            services.claim_release(claim_id=held.id, why="changed_mind", now=clock.now())
            return "released"

        def join(round_=round_, owners=owners) -> str:
            owner = f"{round_}-{next(owners)}"
            return code_or(
                "waiting",
                lambda: services.wait_join(
                    queue=f"trial.list:r{round_}", first_on=day, last_on=day + dt.timedelta(days=9), owner=owner,
                    idempotency_key=owner, now=clock.now(),
                ),
            )  # fmt: skip

        answers = at_once(2, taking_turns(release, join))
        pool = Pool.objects.get(capacity_id=capacity)
        if "waiting" in answers:
            assert (pool.used, WaitEntry.objects.get(owner=f"{round_}-0").state) == (1, EntryState.OFFERED)
        else:
            assert sorted(answers) == ["released", "units_free"]
            assert pool.used == 0


def test_closing_beside_those_who_take_leaves_no_claim_unseen(at_once):
    capacity = opened(clock.now(), PoolPlan("public", 50))

    def close() -> int:
        with transaction.atomic():
            services.capacity_close(capacity_ids=[capacity], reason="停诊")
            live = list(Claim.objects.filter(ended_at=None).values_list("pk", flat=True))
            return services.claims_release(claim_ids=live, why="clinic", now=clock.now())

    at_once(20, taking_turns(lambda: code_or("taken", lambda: take(capacity)), close))

    assert Claim.objects.filter(ended_at=None).count() == 0
    assert (Pool.objects.get().used, Pool.objects.get().is_closed) == (0, True)


def test_an_offer_accepted_and_declined_at_once_is_one_of_both(at_once, told):
    now = clock.now()
    day = clock.today() + dt.timedelta(days=2)
    for round_ in range(8):
        queue = f"{QUEUE}:{round_}"
        capacity = opened(now, key=f"trial.slot:{round_}", queue=queue, days=2)
        taken = take(capacity)
        entry = services.wait_join(
            queue=queue, first_on=day, last_on=day, owner="b", idempotency_key=f"b:{round_}", now=now
        )
        services.claim_release(claim_id=taken.id, why="changed_mind", now=now)

        def accept(entry=entry) -> str:
            return code_or("accepted", lambda: services.offer_accept(entry_id=entry, now=now))

        def decline(entry=entry) -> str:
            return code_or("declined", lambda: services.offer_decline(entry_id=entry, now=now))

        answers = at_once(2, taking_turns(accept, decline))

        state = WaitEntry.objects.get(pk=entry).state
        used = Pool.objects.get(capacity_id=capacity).used
        assert (sorted(answers), state, used) in (
            (["accepted", "offer_gone"], EntryState.ACCEPTED, 1),
            (["declined", "offer_gone"], EntryState.WAITING, 0),
        )
