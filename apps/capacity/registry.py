"""What upper apps say about their waiting lists: how long an offer stands, and who tells of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Offer:
    """A unit kept for the next in a waiting list.  ``expires_at`` the moment until which it can be accepted."""

    entry_id: UUID
    claim_id: UUID
    capacity_id: UUID
    capacity_key: str
    queue: str
    owner: str
    units: int
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class QueueKind:
    """The waiting lists whose names begin with ``prefix``.

    ``offer_until``  gets the waiting list, the moment at which the thing takes place and now; returns until when an offer
                     stands, None to make none: too late
    ``on_offer``     called in the transaction that makes the offer    ``on_lapse``  in the one that finds it unanswered
    """

    prefix: str
    offer_until: Callable[[str, dt.datetime, dt.datetime], dt.datetime | None]
    on_offer: Callable[[Offer, dt.datetime], None]
    on_lapse: Callable[[Offer, dt.datetime], None]


_kinds: dict[str, QueueKind] = {}


def queue_register(kind: QueueKind) -> QueueKind:
    """Make waiting lists known; called from ``AppConfig.ready``.  Raises ValueError when a prefix begins another one."""
    if any(kind.prefix.startswith(one) or one.startswith(kind.prefix) for one in _kinds):
        raise ValueError(f"waiting lists {kind.prefix}: another app names them")
    _kinds[kind.prefix] = kind
    return kind


def queue_kind(queue: str) -> QueueKind | None:
    """Return who speaks for ``queue``, or None: then nothing is offered."""
    return next((kind for prefix, kind in _kinds.items() if queue.startswith(prefix)), None)
