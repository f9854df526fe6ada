"""One place per home for some years (六年一学位): taking it and releasing it.

The database has the last word between two children (``place_lock_one_per_home``).  Those who take a home's place come one
after the other all the same: a sibling's lock stands beside the first child's under no constraint, and two inserts that
exclude each other can end in a deadlock instead of an answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction

from apps.common.errors import constraint_of
from apps.common.locks import Lock, lock_hold
from apps.schools.errors import ReasonMissing
from apps.schools.ground_errors import PlaceLocked, PlaceLockReleased, PlaceLockUnknown
from apps.schools.ground_selectors import lock_rule
from apps.schools.models import PlaceLock

REASON_CHARS = 200


def place_lock_take(
    *,
    stage: str,
    address_hash: str,
    child_hash: str,
    school_code: str,
    on: dt.date,
    source: str,
    sibling_hashes: Iterable[str] = (),
) -> PlaceLock | None:
    """Use the home's place for a child from ``on`` for the years of the rule in force; None where no rule is.

    Again for the same child: the lock that it has.  Where the rule exempts siblings and all who used the place are of
    ``sibling_hashes``, the lock stands beside theirs (``of_sibling``).
    ``address_hash``  not empty, else ValueError: homes without an address are not one home
    4 queries and a savepoint, 1 query where no rule is in force.  Raises PlaceLocked.
    """
    if not address_hash:
        raise ValueError("a home without a hash")
    rule = lock_rule(stage, on)
    if rule is None:
        return None
    wanted = PlaceLock(
        stage=stage, address_hash=address_hash, child_hash=child_hash, school_id=school_code, locked_from=on,
        locked_to=_years_later(on, rule.years), source=source[:80],
    )  # fmt: skip
    exempt = frozenset(sibling_hashes) if rule.siblings_exempt else frozenset()
    with transaction.atomic():
        lock_hold(Lock.HOMES, of=f"{stage}:{address_hash}")
        held = list(
            PlaceLock.objects.select_for_update()
            .filter(
                stage=stage, address_hash=address_hash, released_at=None, locked_from__lt=wanted.locked_to,
                locked_to__gt=wanted.locked_from,
            )
            .order_by("id")
        )  # fmt: skip
        own = next((one for one in held if one.child_hash == child_hash), None)
        if own is not None:
            return own
        if any(one.child_hash not in exempt for one in held):
            raise PlaceLocked
        wanted.of_sibling_id = (held[0].of_sibling_id or held[0].pk) if held else None
        return _kept(wanted)


def _kept(wanted: PlaceLock) -> PlaceLock:
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) == "place_lock_one_per_home":
            raise PlaceLocked from None
        raise
    return wanted


def _years_later(on: dt.date, years: int) -> dt.date:
    try:
        return on.replace(year=on.year + years)
    except ValueError:  # 29 February
        return dt.date(on.year + years, 3, 1)


def place_lock_release(*, lock_id: UUID, reason: str, staff: Any, now: dt.datetime) -> PlaceLock:
    """Release a home's place before its years are over; who and why stand in the admin's log.

    Locks of siblings beside it stay.  ``reason``  1 to 200 characters, without personal data
    3 queries, 1 more the first time in a process.  Raises PlaceLockUnknown, PlaceLockReleased, ReasonMissing.
    """
    words = reason.strip()
    if not 1 <= len(words) <= REASON_CHARS:
        raise ReasonMissing(attr="reason")
    with transaction.atomic():
        row = PlaceLock.objects.select_for_update().filter(pk=lock_id).first()
        if row is None:
            raise PlaceLockUnknown
        if row.released_at is not None:
            raise PlaceLockReleased
        row.released_at = now
        row.save(update_fields=["released_at"])
        LogEntry.objects.create(
            user_id=staff.pk, content_type=ContentType.objects.get_for_model(PlaceLock), object_id=str(row.pk),
            object_repr=row.source, action_flag=CHANGE, change_message=words, action_time=now,
        )  # fmt: skip
        return row
