"""What the database refuses, whoever asks: statements written by hand go by no other rules."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from apps.capacity import services
from apps.capacity.errors import ClaimKeyReused, IntervalTaken
from apps.capacity.models import Claim, Interval, Pool, Reconciliation, TotalChange
from apps.capacity.services import PoolPlan
from apps.capacity.states import LIVE, MOVES, ClaimState
from apps.common import clock as the_clock
from apps.common.ids import uuid7
from tests.factories.capacity import opened
from tests.factories.capacity import unit_taken as take

pytestmark = pytest.mark.django_db

INSERT = """INSERT INTO capacity_claim
    (id, pool_id, units, owner, idempotency_key, state, expires_at, created_at, ended_at, ended_why)
    VALUES (%s, %s, %s, 'by hand', %s, %s, NULL, now(), NULL, '')"""


def raw(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def by_hand(units: int = 1, state: str = "taken") -> None:
    raw(INSERT, uuid7(), Pool.objects.get().pk, units, str(uuid7()), state)


@pytest.fixture
def now(clock) -> dt.datetime:
    return the_clock.now()


def test_a_claim_by_hand_takes_its_unit_or_is_refused(now):
    opened(now)

    by_hand()

    assert Pool.objects.get().used == 1
    with pytest.raises(IntegrityError, match="full or closed"):
        by_hand()
    assert (Pool.objects.get().used, Claim.objects.count()) == (1, 1)


def test_a_claim_by_hand_on_what_is_closed_is_refused(now):
    capacity = opened(now)
    services.capacity_close(capacity_ids=[capacity], reason="停诊")

    with pytest.raises(IntegrityError, match="full or closed"):
        by_hand()


def test_a_claim_can_not_begin_ended(now):
    opened(now)

    with pytest.raises(IntegrityError):
        by_hand(state="released")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE capacity_pool SET used = 0",
        "UPDATE capacity_pool SET used = used + 1",
        "UPDATE capacity_pool SET total = 9",
        "UPDATE capacity_claim SET units = 2",
        "UPDATE capacity_claim SET owner = 'someone else'",
        "UPDATE capacity_claim SET state = 'held', expires_at = now()",
        "DELETE FROM capacity_claim",
        "INSERT INTO capacity_pool (capacity_id, name, total, used, is_closed) SELECT id, 'x', 5, 1, FALSE FROM capacity_capacity",
    ],
)
def test_counters_and_claims_are_not_moved_by_hand(now, statement):
    take(opened(now, PoolPlan("public", 3)), now)

    with pytest.raises(IntegrityError):
        raw(statement)

    assert list(Pool.objects.values_list("used", "total")) == [(1, 3)]
    assert list(Claim.objects.values_list("units", "owner", "state")) == [(1, "trial.person:1", "taken")]


@pytest.mark.parametrize("source", list(ClaimState))
@pytest.mark.parametrize("target", list(ClaimState))
def test_the_database_lets_no_move_pass_that_is_not_in_the_table(now, source, target):
    if source == target:
        return
    capacity = opened(now)
    until = None if source == ClaimState.TAKEN else now + dt.timedelta(hours=1)
    begun = source if source in LIVE else ClaimState.HELD
    claim = Claim.objects.create(
        pool=Pool.objects.get(capacity_id=capacity), owner="o", idempotency_key="k", state=begun,
        expires_at=until or now, created_at=now,
    )  # fmt: skip
    if source not in LIVE:
        Claim.objects.filter(pk=claim.pk).update(state=source, ended_at=now)
    allowed = any(move.source == source and move.target == target for move in MOVES)
    ends = {"ended_at": None if target in LIVE else now}

    def move() -> None:
        with transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(state=target, **ends)

    if allowed:
        move()
    elif (source, target) in {(ClaimState.COOLING, ClaimState.TAKEN), *_MEANING_ONLY}:
        # The counter stays right; only the services know that these words would be wrong.
        return
    else:
        with pytest.raises(IntegrityError):
            move()
    used = Pool.objects.get(capacity_id=capacity).used
    assert used == (1 if Claim.objects.get().state in LIVE else 0)


# Live to ended under another word: the unit is free either way.
_MEANING_ONLY = {
    (ClaimState.TAKEN, ClaimState.EXPIRED),
    (ClaimState.COOLING, ClaimState.RELEASED),
}


def test_a_total_changes_by_its_journal_alone_and_the_journal_stays(now):
    opened(now, PoolPlan("public", 2))
    pool = Pool.objects.get()

    with pytest.raises(IntegrityError, match="another total"), transaction.atomic():
        TotalChange.objects.create(pool=pool, before=5, after=6, reason="r", actor="a", at=now)
    TotalChange.objects.create(pool=pool, before=2, after=6, reason="r", actor="a", at=now)

    assert Pool.objects.get().total == 6
    with pytest.raises(IntegrityError):
        raw("UPDATE capacity_totalchange SET reason = 'another'")


def test_one_person_is_not_in_two_places_and_ends_meet(now):
    hour = dt.timedelta(hours=1)

    def attend(start: int, key: str, resource: str = "trial.person:1") -> object:
        return services.interval_take(
            resource=resource, starts_at=now + start * hour, ends_at=now + (start + 2) * hour, owner="o", key=key, now=now
        )  # fmt: skip

    first = attend(0, "a")

    assert attend(0, "a") == first
    with pytest.raises(IntervalTaken):
        attend(1, "b")
    with pytest.raises(ClaimKeyReused):
        attend(5, "a")
    attend(2, "c")
    attend(1, "d", "trial.person:2")
    assert services.interval_end(key="a", now=now) is True
    assert services.interval_end(key="a", now=now) is False
    attend(0, "e")
    assert Interval.objects.filter(ended_at=None).count() == 3


def test_a_night_counts_every_unit_and_finds_no_difference(now):
    one, two = opened(now, PoolPlan("public", 3)), opened(now, PoolPlan("public", 2), key="trial.slot:2")
    take(one, now, units=2)
    services.claim_release(claim_id=take(two, now).id, why="changed_mind", now=now)

    found = services.reconcile(now=now)

    assert (found.pools, found.units, found.used, found.claimed, found.differing) == (2, 5, 2, 2, 0)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE capacity_pool DISABLE TRIGGER capacity_pool_guard_update")
        cursor.execute("UPDATE capacity_pool SET used = 1 WHERE capacity_id = %s", [two])
        cursor.execute("ALTER TABLE capacity_pool ENABLE TRIGGER capacity_pool_guard_update")
    assert services.reconcile(now=now).differing == 1
    with pytest.raises(IntegrityError):
        raw("DELETE FROM capacity_reconciliation")
    assert Reconciliation.objects.count() == 2
