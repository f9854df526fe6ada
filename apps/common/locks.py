"""PostgreSQL's advisory locks: for what no row stands for.  Their numbers stand in one place, so that no two are the same."""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """What one transaction at a time may change."""

    FIGURES = 7215_0601
    NOTICE_TEXT = 7215_0701  # of one kind and channel
    REDRIVE = 7215_0702
    DELIVERY_STATISTICS = 7215_0703
    CAPACITY_QUEUE = 7215_0801  # a waiting list: who joins, and whom a free unit goes to
    PATIENTS = 7215_0802  # of one resident
    STRIKES = 7215_0803  # missed appointments of one patient at one institution
    CHILDREN = 7215_0804  # of one resident
    HOMES = 7215_0805  # who uses the place of one home at a school stage
    COLUMN_TREE = 7_310_001
    PREVIEW_LINKS = 7_310_002  # of one member of staff
    FAVOURITES = 0x464156  # of one resident
    FOLLOWS = 0x464F4C  # of one resident


def lock_hold(lock: Lock, *, of: str = "") -> None:
    """Wait for ``lock`` and hold it until the transaction ends.  1 query.

    ``of``  whose it is, where several may be held at once: two names may share a lock, which is only slower
    """
    with connection.cursor() as cursor:
        if of:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [lock.value, of])
        else:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock.value])
