"""Every write of the kernel.  Locks are taken in one order everywhere: the caller's own rows, queue, pool, claim, entry."""

from apps.capacity.registry import Offer, QueueKind, queue_register
from apps.capacity.services.bulk import BulkTake, BulkWait, units_take, waits_join
from apps.capacity.services.intervals import interval_end, interval_take
from apps.capacity.services.opening import (
    CapacityPlan,
    PoolPlan,
    capacities_open,
    capacity_close,
    capacity_reopen,
    total_change,
    unit_grant,
)
from apps.capacity.services.reconciling import reconcile
from apps.capacity.services.taking import (
    Released,
    Taken,
    claim_confirm,
    claim_release,
    claims_release,
    unit_take,
)
from apps.capacity.services.tending import expired_sweep, queue_lock
from apps.capacity.services.waiting import offer_accept, offer_decline, wait_join, wait_leave

__all__ = [
    "BulkTake", "BulkWait", "CapacityPlan", "Offer", "PoolPlan", "QueueKind", "Released", "Taken",
    "capacities_open", "capacity_close", "capacity_reopen", "claim_confirm", "claim_release", "claims_release", "expired_sweep",
    "interval_end", "interval_take", "offer_accept", "offer_decline", "queue_lock", "queue_register", "reconcile", "total_change",
    "unit_grant", "unit_take", "units_take", "wait_join", "wait_leave", "waits_join",
]  # fmt: skip
