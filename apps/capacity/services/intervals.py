"""What only one can have at a time: a practitioner, a room, a bed, a person."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.capacity.errors import ClaimKeyReused, IntervalTaken
from apps.capacity.models import Interval


def interval_take(
    *, resource: str, starts_at: dt.datetime, ends_at: dt.datetime, owner: str, key: str, now: dt.datetime
) -> UUID:
    """Take ``resource`` from ``starts_at`` to just before ``ends_at``; this function will never let two overlap.

    ``key``  1 to 120 characters; the same key gives the first interval again.  1 query and a savepoint.
    Raises IntervalTaken, ClaimKeyReused.
    """
    span = DateTimeTZRange(starts_at, ends_at)
    try:
        with transaction.atomic():
            return Interval.objects.create(
                resource=resource, span=span, owner=owner, key=key, created_at=now
            ).pk
    except IntegrityError as error:
        before = Interval.objects.filter(key=key).first()
        if before is None:
            if "interval_taken_once" in str(error):
                raise IntervalTaken from None
            raise
        if (before.resource, before.span, before.owner) != (resource, span, owner):
            raise ClaimKeyReused from None
        return before.pk


def interval_end(*, key: str, now: dt.datetime) -> bool:
    """Give an interval back; returns whether it was taken.  1 query."""
    return bool(Interval.objects.filter(key=key, ended_at=None).update(ended_at=now))
