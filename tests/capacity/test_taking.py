"""Taking, keeping, giving back: never more than there are, and what expired is free without anybody saying so."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest

from apps.capacity import selectors, services
from apps.capacity.errors import (
    CapacityClosed,
    CapacityFull,
    CapacityNotOpen,
    CapacityUnknown,
    ClaimExpired,
    ClaimKeyReused,
    TotalBelowUsed,
    TotalChanged,
)
from apps.capacity.models import Claim, Pool, TotalChange
from apps.capacity.services import BulkTake, CapacityPlan, PoolPlan
from apps.capacity.states import ClaimState
from apps.common import clock as the_clock
from apps.common.ids import uuid7
from tests.factories.capacity import opened
from tests.factories.capacity import unit_taken as take

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(clock) -> dt.datetime:
    return the_clock.now()


def test_the_last_unit_is_taken_once(now):
    capacity = opened(now)

    taken = take(capacity, now)

    assert (taken.state, taken.expires_at, taken.replayed) == (ClaimState.TAKEN, None, False)
    with pytest.raises(CapacityFull):
        take(capacity, now, owner="trial.person:2")
    assert (Claim.objects.count(), Pool.objects.get().used) == (1, 1)


def test_the_same_key_gives_the_first_claim_again_and_takes_nothing(now):
    capacity = opened(now, PoolPlan("public", 2))
    first = take(capacity, now, key="k")

    again = take(capacity, now, key="k")

    assert (again.id, again.replayed, Pool.objects.get().used) == (first.id, True, 1)
    with pytest.raises(ClaimKeyReused):
        take(capacity, now, owner="trial.person:2", key="k")
    assert Pool.objects.get().used == 1


def test_units_are_taken_whole_or_not_at_all(now):
    capacity = opened(now, PoolPlan("public", 3))
    take(capacity, now, units=2)

    with pytest.raises(CapacityFull):
        take(capacity, now, owner="trial.person:2", units=2)

    assert Pool.objects.get().used == 2


def test_a_hold_is_free_again_from_its_moment_on_without_a_sweep(now):
    capacity = opened(now)
    until = now + dt.timedelta(minutes=5)
    hold = take(capacity, now, until=until)
    before, at = until - dt.timedelta(seconds=1), until

    assert selectors.free_of(capacity_ids=[capacity], now=before) == {capacity: 0}
    with pytest.raises(CapacityFull):
        take(capacity, before, owner="trial.person:2")
    assert selectors.free_of(capacity_ids=[capacity], now=at) == {capacity: 1}
    assert take(capacity, at, owner="trial.person:2").state == ClaimState.TAKEN
    with pytest.raises(ClaimExpired):
        services.claim_confirm(claim_id=hold.id, now=at)
    assert Claim.objects.get(pk=hold.id).state == ClaimState.EXPIRED


def test_a_hold_confirmed_in_time_stays(now):
    capacity = opened(now)
    hold = take(capacity, now, until=now + dt.timedelta(minutes=5))

    services.claim_confirm(claim_id=hold.id, now=now)
    services.claim_confirm(claim_id=hold.id, now=now)

    claim = Claim.objects.get()
    assert (claim.state, claim.expires_at, Pool.objects.get().used) == (ClaimState.TAKEN, None, 1)


def test_an_expired_hold_can_not_be_confirmed_even_where_nobody_wants_the_unit(now):
    capacity = opened(now)
    hold = take(capacity, now, until=now + dt.timedelta(minutes=5))

    with pytest.raises(ClaimExpired):
        services.claim_confirm(claim_id=hold.id, now=now + dt.timedelta(minutes=5))


def test_what_is_given_back_is_free_at_once_and_only_once(now):
    capacity = opened(now)
    taken = take(capacity, now)

    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)
    services.claim_release(claim_id=taken.id, why="again", now=now)

    claim = Claim.objects.get()
    assert (claim.state, claim.ended_at, claim.ended_why, Pool.objects.get().used) == (
        ClaimState.RELEASED, now, "changed_mind", 0,
    )  # fmt: skip


def test_what_cools_is_free_only_from_its_moment_on(now):
    capacity = opened(now)
    taken = take(capacity, now)

    released = services.claim_release(claim_id=taken.id, why="changed_mind", now=now, cool_s=600)

    assert released.cooling_until == now + dt.timedelta(seconds=600)
    with pytest.raises(CapacityFull):
        take(capacity, now + dt.timedelta(seconds=599), owner="trial.person:2")
    assert take(capacity, released.cooling_until, owner="trial.person:2").state == ClaimState.TAKEN


def test_a_pool_of_others_opens_to_all_at_its_moment(now):
    opens = now + dt.timedelta(hours=2)
    capacity = opened(now, PoolPlan("public", 1), PoolPlan("referral", 2, opens_to_all_at=opens))
    take(capacity, now)
    just_before = opens - dt.timedelta(seconds=1)

    with pytest.raises(CapacityFull):
        take(capacity, just_before, owner="trial.person:2")
    assert selectors.free_of(capacity_ids=[capacity], now=just_before) == {capacity: 0}
    assert selectors.free_of(capacity_ids=[capacity], now=just_before, pool="referral") == {capacity: 2}
    assert selectors.free_of(capacity_ids=[capacity], now=opens) == {capacity: 2}
    taken = take(capacity, opens, owner="trial.person:2")

    assert Claim.objects.get(pk=taken.id).pool.name == "referral"
    assert {one.name: one.used for one in Pool.objects.all()} == {"public": 1, "referral": 1}


def test_referrals_do_not_spill_into_the_public_pool(now):
    capacity = opened(now, PoolPlan("public", 1), PoolPlan("referral", 1))
    take(capacity, now, pool="referral")

    with pytest.raises(CapacityFull):
        take(capacity, now, owner="trial.person:2", pool="referral")


def test_nothing_can_be_taken_before_a_pool_opens(now):
    opens = now + dt.timedelta(hours=1)
    capacity = opened(now, PoolPlan("public", 1, opens_at=opens))

    with pytest.raises(CapacityNotOpen) as refused:
        take(capacity, now)
    assert refused.value.facts == {"opens_at": opens}
    assert selectors.free_of(capacity_ids=[capacity], now=now) == {capacity: 0}
    assert take(capacity, opens).state == ClaimState.TAKEN


def test_what_does_not_exist_is_unknown(now):
    capacity = opened(now)

    with pytest.raises(CapacityUnknown):
        take(capacity, now, pool="nobody")
    with pytest.raises(CapacityUnknown):
        take(UUID(int=0), now)


def test_a_closed_capacity_gives_nothing_and_an_opened_one_gives_again(now):
    capacity = opened(now)
    services.capacity_close(capacity_ids=[capacity], reason="停诊")

    with pytest.raises(CapacityClosed):
        take(capacity, now)
    assert selectors.free_of(capacity_ids=[capacity], now=now) == {capacity: 0}

    services.capacity_reopen(capacity_ids=[capacity])
    assert take(capacity, now).state == ClaimState.TAKEN


def test_a_total_goes_up_and_down_with_its_reason_but_not_below_what_is_taken(now):
    capacity = opened(now, PoolPlan("public", 2))
    take(capacity, now, units=2)

    with pytest.raises(TotalBelowUsed) as refused:
        services.total_change(capacity_id=capacity, pool="public", total=1, reason="少一名医生", actor="staff:1", now=now)  # fmt: skip
    services.total_change(
        capacity_id=capacity, pool="public", total=3, reason="加号", actor="staff:1", now=now
    )
    services.total_change(
        capacity_id=capacity, pool="public", total=3, reason="加号", actor="staff:1", now=now
    )

    assert refused.value.facts == {"used": 2}
    change = TotalChange.objects.get()
    assert (change.before, change.after, change.reason, change.actor) == (2, 3, "加号", "staff:1")
    assert (Pool.objects.get().total, Pool.objects.get().used) == (3, 2)
    assert [one.after for one in selectors.changes_of(capacity_id=capacity)] == [3]


def test_opening_again_changes_nothing(now):
    capacity = opened(now, PoolPlan("public", 2))
    take(capacity, now)

    ids = services.capacities_open(
        plans=[CapacityPlan("trial.slot:1", (PoolPlan("public", 9),)), CapacityPlan("trial.slot:2", ())],
        now=now,
    )

    assert ids["trial.slot:1"] == capacity
    assert (Pool.objects.get().total, Pool.objects.get().used, len(ids)) == (2, 1, 2)


def test_taking_takes_one_statement_and_opening_three(now, django_assert_num_queries):
    plans = [
        CapacityPlan(f"trial.slot:{n}", (PoolPlan("public", 1), PoolPlan("counter", 1))) for n in range(20)
    ]
    with django_assert_num_queries(5):  # three and a savepoint
        ids = services.capacities_open(plans=plans, now=now)
    with django_assert_num_queries(3):
        take(ids["trial.slot:1"], now)
    with django_assert_num_queries(1):
        assert sum(selectors.free_of(capacity_ids=ids.values(), now=now).values()) == 19


def test_a_refusal_waits_for_nobody_and_takes_three_statements(now, django_assert_num_queries):
    capacity = opened(now)
    take(capacity, now)

    with django_assert_num_queries(9), pytest.raises(CapacityFull):  # three, and two savepoints given up
        take(capacity, now, owner="trial.person:2")


def test_a_total_is_changed_as_it_was_seen_or_not_at_all(now):
    capacity = opened(now, PoolPlan("public", 2))
    change = {"capacity_id": capacity, "pool": "public", "reason": "加号", "actor": "staff:1", "now": now}
    services.total_change(total=3, seen=2, **change)

    with pytest.raises(TotalChanged) as refused:
        services.total_change(total=3, seen=2, **change)
    services.total_change(total=4, seen=3, **change)

    assert refused.value.facts == {"total": 3}
    assert list(TotalChange.objects.order_by("id").values_list("before", "after")) == [(2, 3), (3, 4)]


def test_what_expired_keeps_no_total_up_though_nobody_swept(now):
    capacity = opened(now, PoolPlan("public", 2))
    take(capacity, now)
    take(capacity, now, owner="trial.person:2", until=now + dt.timedelta(minutes=5))
    change = {"capacity_id": capacity, "pool": "public", "reason": "减号", "actor": "staff:1"}

    with pytest.raises(TotalBelowUsed):
        services.total_change(total=1, now=now, **change)
    services.total_change(total=1, now=now + dt.timedelta(minutes=5), **change)

    assert (Pool.objects.get().total, Pool.objects.get().used) == (1, 1)


def test_totals_pools_and_changes_of_many_are_read_at_once(now, django_assert_num_queries):
    one, two = opened(now, PoolPlan("public", 2), PoolPlan("counter", 1)), opened(now, key="trial.slot:2")
    services.total_change(capacity_id=two, pool="public", total=4, reason="加号", actor="staff:1", now=now)

    with django_assert_num_queries(3):
        totals = selectors.totals_of(capacity_ids=[one, two])
        pools = selectors.pools_of(capacity_ids=[one, two])
        changes = selectors.changes_of_many(capacity_ids=[one, two])

    assert totals == {one: 2, two: 4}
    assert {key: [(pool.name, pool.total) for pool in found] for key, found in pools.items()} == {
        one: [("counter", 1), ("public", 2)], two: [("public", 4)],
    }  # fmt: skip
    assert {key: [change.after for change in found] for key, found in changes.items()} == {two: [4]}


def test_many_are_taken_at_once_or_none_and_a_refusal_has_its_name(now):
    one, two = opened(now, PoolPlan("public", 2)), opened(now, key="trial.slot:2")
    takes = [BulkTake(one, "a", "a"), BulkTake(one, "b", "b"), BulkTake(two, "c", "c")]
    until = now + dt.timedelta(days=1)

    with pytest.raises(CapacityFull):
        services.units_take(takes=[*takes, BulkTake(two, "d", "d")], until=until, now=now)
    assert not Claim.objects.exists()
    with pytest.raises(CapacityUnknown):
        services.units_take(takes=[BulkTake(uuid7(), "e", "e")], until=until, now=now)
    services.capacity_close(capacity_ids=[two], reason="停办")
    with pytest.raises(CapacityClosed):
        services.units_take(takes=takes, until=until, now=now)
    services.capacity_reopen(capacity_ids=[two])

    assert set(services.units_take(takes=takes, until=until, now=now)) == {"a", "b", "c"}
    assert sorted(Pool.objects.values_list("used", flat=True)) == [1, 2]
