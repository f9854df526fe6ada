"""``python -m benchmarks.takers THREADS EACH ROUNDS``: threads that take units, by the kernel and by bare statements."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import django

_BARE_TABLES = """
CREATE TABLE IF NOT EXISTS bare_pool (id bigint PRIMARY KEY, total integer NOT NULL, used integer NOT NULL,
    CHECK (used >= 0 AND used <= total));
CREATE TABLE IF NOT EXISTS bare_claim (LIKE capacity_claim INCLUDING ALL);
TRUNCATE bare_pool, bare_claim;
"""
_BARE_UPDATE = "UPDATE bare_pool SET used = used + 1 WHERE id = %s AND used + 1 <= total"
_BARE_INSERT = """
INSERT INTO bare_claim (id, pool_id, units, owner, idempotency_key, state, created_at, ended_why)
VALUES (%s, %s, 1, %s, %s, 'taken', now(), '')
"""


def _together(threads: int, each: int, act: Callable[[int, int], None]) -> float:
    """Return acts a second of ``threads`` that each act ``each`` times, begun together on open connections."""
    from django.db import connection

    ready, begin = threading.Barrier(threads + 1), threading.Barrier(threads + 1)
    failed: list[BaseException] = []

    def one(place: int) -> None:
        try:
            connection.ensure_connection()
            ready.wait()
            begin.wait()
            for number in range(each):
                act(place, number)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=one, args=(place,)) for place in range(threads)]
    for thread in running:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    begin.wait()
    for thread in running:
        thread.join()
    if failed:
        raise failed[0]
    return threads * each / (time.perf_counter() - begun)


def _kernel(capacities: Sequence[UUID]) -> Callable[[int, int], None]:
    from apps.capacity import services
    from apps.common import clock

    def act(place: int, _number: int) -> None:
        key = str(uuid4())
        services.unit_take(
            capacity_id=capacities[place % len(capacities)], owner=f"bench:{place}", idempotency_key=key, now=clock.now()
        )  # fmt: skip

    return act


def _bare(pools: int) -> Callable[[int, int], None]:
    from django.db import connection

    def act(place: int, _number: int) -> None:
        driver: Any = connection.connection  # the same connection, without Django's part of the work
        pool = place % pools
        with driver.transaction(), driver.cursor() as cursor:
            cursor.execute(_BARE_UPDATE, [pool])
            if cursor.rowcount != 1:
                raise RuntimeError("the bare counter is full")
            cursor.execute(_BARE_INSERT, [uuid4(), pool, f"bench:{place}", str(uuid4())])

    return act


def main(threads: int, each: int, rounds: int) -> dict[str, Any]:
    """Take in turns; returns takes a second by shape and way, and what the kernel's counters say after it."""
    from django.db import connection

    from apps.capacity import services
    from apps.capacity.services import CapacityPlan, PoolPlan
    from apps.common import clock

    rates: dict[str, dict[str, list[float]]] = {}
    for shape, pools in (("one", 1), ("own", threads)):
        plans = [
            CapacityPlan(f"bench.{shape}:{n}", (PoolPlan("public", threads * each * rounds),))
            for n in range(pools)
        ]
        capacities = list(services.capacities_open(plans=plans, now=clock.now()).values())
        with connection.cursor() as cursor:
            cursor.execute(_BARE_TABLES)
            for pool in range(pools):
                cursor.execute("INSERT INTO bare_pool VALUES (%s, 1000000, 0)", [pool])
        rates[shape] = {"kernel": [], "bare": []}
        for _turn in range(rounds):
            rates[shape]["bare"].append(_together(threads, each, _bare(pools)))
            rates[shape]["kernel"].append(_together(threads, each, _kernel(capacities)))
    found = services.reconcile(now=clock.now())
    return {
        "rates": rates, "asked": 2 * threads * each * rounds, "taken": found.used, "differing": found.differing,
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*(int(one) for one in sys.argv[1:4]))))
