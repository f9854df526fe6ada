"""Waiting lists: the first in line gets what comes free, before anybody else can."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.capacity import selectors, services
from apps.capacity.errors import CapacityFull, ClaimExpired, OfferGone, UnitsFree, WaitingAlready
from apps.capacity.models import Claim, Pool, WaitEntry
from apps.capacity.services import PoolPlan
from apps.capacity.states import ClaimState, EntryState
from apps.common import clock as the_clock
from tests.factories.capacity import OFFER_S, QUEUE, opened
from tests.factories.capacity import unit_taken as take

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(clock) -> dt.datetime:
    return the_clock.now()


def join(now, owner, *, first=0, last=7, **more):
    day = the_clock.local(now).date()
    return services.wait_join(
        queue=QUEUE, first_on=day + dt.timedelta(days=first), last_on=day + dt.timedelta(days=last),
        owner=owner, idempotency_key=f"wait:{owner}", now=now, **more,
    )  # fmt: skip


def states() -> dict[str, str]:
    return dict(WaitEntry.objects.values_list("owner", "state"))


def test_who_waits_longest_is_offered_what_is_given_back_and_nobody_else_can_have_it(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    first, second = join(now, "b"), join(now, "c")

    released = services.claim_release(claim_id=taken.id, why="changed_mind", now=now, cool_s=600)

    assert [(what, offer.owner, offer.entry_id) for what, offer in told] == [("offer", "b", first)]
    assert (released.cooling_until, released.offers) == (None, (told[0][1],))
    assert states() == {"b": EntryState.OFFERED, "c": EntryState.WAITING}
    assert told[0][1].expires_at == now + dt.timedelta(seconds=OFFER_S)
    with pytest.raises(CapacityFull):
        take(capacity, now, owner="bot")
    accepted = services.offer_accept(entry_id=first, now=now)

    claim = Claim.objects.get(pk=accepted.id)
    assert (claim.state, claim.owner, claim.expires_at) == (ClaimState.TAKEN, "b", None)
    assert (states()["b"], Pool.objects.get().used) == (EntryState.ACCEPTED, 1)
    assert selectors.wait_position(entry_id=second) == 1


def test_an_offer_unanswered_goes_to_the_next_even_before_a_bot_that_asks_first(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    first, _second = join(now, "b"), join(now, "c")
    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)
    late = now + dt.timedelta(seconds=OFFER_S)

    assert selectors.free_of(capacity_ids=[capacity], now=late) == {capacity: 0}
    with pytest.raises(OfferGone):
        services.offer_accept(entry_id=first, now=late)
    with pytest.raises(CapacityFull):
        take(capacity, late, owner="bot")
    services.expired_sweep(now=late)

    assert [(what, offer.owner) for what, offer in told[-2:]] == [("lapse", "b"), ("offer", "c")]
    assert states() == {"b": EntryState.LAPSED, "c": EntryState.OFFERED}


def test_who_declines_waits_on_and_is_not_asked_again_about_the_same(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    first = join(now, "b")
    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)

    services.offer_decline(entry_id=first, now=now)

    assert states() == {"b": EntryState.WAITING}
    assert len(told) == 1
    assert take(capacity, now, owner="d").state == ClaimState.TAKEN
    with pytest.raises(OfferGone):
        services.offer_decline(entry_id=first, now=now)


def test_who_leaves_hands_the_offer_on(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    first, _second = join(now, "b"), join(now, "c")
    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)

    services.wait_leave(entry_id=first, now=now)
    services.wait_leave(entry_id=first, now=now)

    assert states() == {"b": EntryState.LEFT, "c": EntryState.OFFERED}
    assert Pool.objects.get().used == 1


def test_only_days_pools_and_units_that_fit_are_offered(now, told):
    capacity = opened(now, PoolPlan("public", 1), PoolPlan("referral", 1))
    public = take(capacity, now)
    take(capacity, now, owner="x", pool="referral")
    join(now, "wrong-day", first=0, last=2)
    join(now, "wrong-pool", pools=("referral",))
    join(now, "too-many", units=2)
    fitting = join(now, "fits")

    services.claim_release(claim_id=public.id, why="changed_mind", now=now)

    assert [offer.entry_id for _what, offer in told] == [fitting]


def test_a_lower_class_comes_first_and_the_position_says_so(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    ordinary, urgent = join(now, "b"), join(now, "c", priority=10)

    assert (selectors.wait_position(entry_id=ordinary), selectors.wait_position(entry_id=urgent)) == (2, 1)
    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)

    assert [offer.entry_id for _what, offer in told] == [urgent]
    assert selectors.wait_position(entry_id=urgent) is None


def test_nobody_waits_for_what_is_free_and_nobody_twice(now, told):
    capacity = opened(now)
    with pytest.raises(UnitsFree):
        join(now, "b")
    take(capacity, now)
    entry = join(now, "b")

    assert join(now, "b") == entry
    with pytest.raises(WaitingAlready):
        services.wait_join(
            queue=QUEUE, first_on=the_clock.today(), last_on=the_clock.today(), owner="b",
            idempotency_key="another", now=now,
        )  # fmt: skip
    assert WaitEntry.objects.count() == 1


def test_added_units_go_to_those_who_wait(now, told):
    capacity = opened(now)
    take(capacity, now)
    for owner in ("b", "c", "d"):
        join(now, owner)

    offers = services.total_change(
        capacity_id=capacity, pool="public", total=3, reason="加号", actor="staff:1", now=now
    )

    assert [offer.owner for offer in offers] == ["b", "c"]
    assert (Pool.objects.get().used, states()["d"]) == (3, EntryState.WAITING)


def test_what_opens_by_the_clock_while_someone_waits_is_offered_by_the_sweep(now, told):
    opens = now + dt.timedelta(hours=1)
    capacity = opened(now, PoolPlan("public", 1), PoolPlan("referral", 1, opens_to_all_at=opens))
    take(capacity, now)
    join(now, "b")

    assert services.expired_sweep(now=now) == 0
    services.expired_sweep(now=opens)

    assert [offer.owner for _what, offer in told] == ["b"]
    assert Claim.objects.get(state=ClaimState.OFFERED).pool.name == "referral"


def test_no_offer_is_made_when_it_is_too_late(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    join(now, "b")

    services.claim_release(claim_id=taken.id, why="changed_mind", now=now + dt.timedelta(days=3))

    assert (told, states()) == ([], {"b": EntryState.WAITING})


def test_an_unknown_list_offers_nothing(now):
    capacity = opened(now, queue="strange.list")
    taken = take(capacity, now)

    assert services.claim_release(claim_id=taken.id, why="changed_mind", now=now).offers == ()


def test_what_is_given_back_cools_though_somebody_is_offered_another_pools_unit(now, told):
    opens = now + dt.timedelta(hours=1)
    capacity = opened(now, PoolPlan("referral", 1, opens_to_all_at=opens), PoolPlan("public", 1))
    taken = take(capacity, now)
    join(now, "b")

    released = services.claim_release(claim_id=taken.id, why="changed_mind", now=opens, cool_s=600)

    assert [offer.owner for offer in released.offers] == ["b"]
    assert Claim.objects.get(state=ClaimState.OFFERED).pool.name == "referral"
    assert released.cooling_until == opens + dt.timedelta(seconds=600)
    with pytest.raises(CapacityFull):
        take(capacity, opens, owner="friend")


def test_an_offer_is_accepted_not_confirmed(now, told):
    capacity = opened(now)
    taken = take(capacity, now)
    join(now, "b")
    services.claim_release(claim_id=taken.id, why="changed_mind", now=now)

    with pytest.raises(ClaimExpired):
        services.claim_confirm(claim_id=told[0][1].claim_id, now=now)

    assert states() == {"b": EntryState.OFFERED}
