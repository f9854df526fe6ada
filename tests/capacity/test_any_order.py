"""Whatever is taken, kept, given back, expired, opened, closed, waited for, in any order: the sums hold."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.capacity import selectors, services
from apps.capacity.errors import (
    CapacityClosed,
    CapacityFull,
    CapacityNotOpen,
    ClaimExpired,
    OfferGone,
    UnitsFree,
)
from apps.capacity.models import Claim, Pool, WaitEntry
from apps.capacity.services import CapacityPlan, PoolPlan
from apps.capacity.states import TIMED, ClaimState, EntryState
from apps.common.errors import Refused
from tests.factories.capacity import QUEUE

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 10, 2, 0, tzinfo=dt.UTC)
PLACES = st.integers(0, 2)


class AnyOrder(RuleBasedStateMachine):
    """Three capacities with a public and a referral pool; the referral pools open to all after two hours."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now, self.count, self.waiters = START, 0, []
        opens = START + dt.timedelta(hours=2)
        plans = [
            CapacityPlan(
                f"trial.slot:{place}", (PoolPlan("public", place + 1), PoolPlan("referral", 1, opens_to_all_at=opens)),
                QUEUE, START + dt.timedelta(days=1 + place),
            )
            for place in range(3)
        ]  # fmt: skip
        self.ids = list(services.capacities_open(plans=plans, now=self.now).values())
        self.closed: set[int] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    def live(self, *of: ClaimState) -> list[Claim]:
        return list(Claim.objects.filter(state__in=of).exclude(owner="capacity.cooling").order_by("id"))

    @rule(place=PLACES, pool=st.sampled_from(["public", "referral"]), minutes=st.sampled_from([None, 5, 60]))
    def take(self, place: int, pool: str, minutes: int | None) -> None:
        until = None if minutes is None else self.now + dt.timedelta(minutes=minutes)
        free = selectors.free_of(capacity_ids=[self.ids[place]], now=self.now, pool=pool)[self.ids[place]]
        waiting = WaitEntry.objects.filter(state=EntryState.WAITING).exists()
        try:
            services.unit_take(
                capacity_id=self.ids[place], pool=pool, owner=self.key(), idempotency_key=self.key(), now=self.now,
                until=until,
            )  # fmt: skip
        except CapacityFull:
            assert free == 0 or waiting
        except (CapacityClosed, CapacityNotOpen):
            assert place in self.closed
        else:
            assert free >= 1

    @rule(pick=st.integers(0, 99), cool_s=st.sampled_from([0, 900]))
    def give_back(self, pick: int, cool_s: int) -> None:
        found = self.live(ClaimState.HELD, ClaimState.TAKEN)
        if found:
            services.claim_release(
                claim_id=found[pick % len(found)].pk, why="trial", now=self.now, cool_s=cool_s
            )

    @rule(pick=st.integers(0, 99))
    def confirm(self, pick: int) -> None:
        found = self.live(ClaimState.HELD)
        if found:
            claim = found[pick % len(found)]
            try:
                services.claim_confirm(claim_id=claim.pk, now=self.now)
            except ClaimExpired:
                assert claim.expires_at <= self.now  # type: ignore[operator]

    @rule(first=PLACES, days=st.integers(0, 2), pools=st.sampled_from([("public",), ("public", "referral")]))
    def wait(self, first: int, days: int, pools: tuple[str, ...]) -> None:
        day = dt.date(2026, 3, 11) + dt.timedelta(days=first)
        try:
            entry = services.wait_join(
                queue=QUEUE, first_on=day, last_on=day + dt.timedelta(days=days), pools=pools, owner=self.key(),
                idempotency_key=self.key(), now=self.now,
            )  # fmt: skip
        except UnitsFree:
            return
        self.waiters.append(entry)

    @precondition(lambda self: self.waiters)
    @rule(pick=st.integers(0, 99), answer=st.sampled_from(["accept", "decline", "leave"]))
    def answer(self, pick: int, answer: str) -> None:
        entry = WaitEntry.objects.select_related("claim").get(pk=self.waiters[pick % len(self.waiters)])
        act = {
            "accept": services.offer_accept,
            "decline": services.offer_decline,
            "leave": services.wait_leave,
        }[answer]
        try:
            act(entry_id=entry.pk, now=self.now)
        except OfferGone:
            assert entry.state != EntryState.OFFERED or entry.claim.expires_at <= self.now

    @rule(minutes=st.sampled_from([1, 5, 30, 120]))
    def time_passes(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        services.expired_sweep(now=self.now)
        assert not Claim.objects.filter(state__in=TIMED, expires_at__lte=self.now).exists()

    @rule(place=PLACES, total=st.integers(0, 4))
    def total(self, place: int, total: int) -> None:
        try:
            services.total_change(
                capacity_id=self.ids[place], pool="public", total=total, reason="trial", actor="trial", now=self.now
            )  # fmt: skip
        except Refused:
            assert Pool.objects.get(capacity_id=self.ids[place], name="public").used > total

    @rule(place=PLACES)
    def close_or_open(self, place: int) -> None:
        if place in self.closed:
            services.capacity_reopen(capacity_ids=[self.ids[place]])
        else:
            services.capacity_close(capacity_ids=[self.ids[place]], reason="trial")
        self.closed ^= {place}

    @invariant()
    def used_is_the_sum_of_live_claims_and_fits(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("""
                SELECT p.used, p.total, coalesce(sum(c.units) FILTER (WHERE c.ended_at IS NULL), 0)
                FROM capacity_pool p LEFT JOIN capacity_claim c ON c.pool_id = p.id GROUP BY p.id
            """)
            for used, total, claimed in cursor.fetchall():
                assert used == claimed
                assert 0 <= used <= total

    @invariant()
    def each_offer_has_its_claim_and_each_offered_claim_its_place(self) -> None:
        offered = set(Claim.objects.filter(state=ClaimState.OFFERED).values_list("pk", flat=True))
        entries = list(WaitEntry.objects.filter(state=EntryState.OFFERED).values_list("claim_id", flat=True))
        assert offered == set(entries)
        assert len(entries) == len(set(entries))


def test_the_sums_hold_in_any_order(told):
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
