"""Capacities, and a waiting list that tells nobody but writes down what it was asked to tell."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from apps.capacity import registry, services
from apps.capacity.services import CapacityPlan, Offer, PoolPlan, QueueKind, Taken

QUEUE = "trial.list:1"
OFFER_S = 1800


def list_heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Offer]]:
    """Register the waiting list; returns what it is asked to tell from now on."""
    heard: list[tuple[str, Offer]] = []
    monkeypatch.setitem(
        registry._kinds, "trial.",
        QueueKind(
            prefix="trial.",
            offer_until=lambda _queue, happens_at, now: min(now + dt.timedelta(seconds=OFFER_S), happens_at),
            on_offer=lambda offer, _now: heard.append(("offer", offer)),
            on_lapse=lambda offer, _now: heard.append(("lapse", offer)),
        ),
    )  # fmt: skip
    return heard


def opened(
    now: dt.datetime, *pools: PoolPlan, key: str = "trial.slot:1", queue: str = QUEUE, days: int = 3
) -> UUID:
    """Open a capacity that takes place ``days`` from now; without pools given, one public unit."""
    plan = CapacityPlan(key, pools or (PoolPlan("public", 1),), queue, now + dt.timedelta(days=days))
    return services.capacities_open(plans=[plan], now=now)[key]


def unit_taken(
    capacity: UUID, now: dt.datetime, *, owner: str = "trial.person:1", key: str = "", **more: Any
) -> Taken:
    """Take a unit of ``capacity`` under a key of its owner."""
    return services.unit_take(
        capacity_id=capacity, owner=owner, idempotency_key=key or f"{owner}:{capacity}", now=now, **more
    )
