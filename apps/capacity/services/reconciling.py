"""Counting all claims against all counters."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import connection

from apps.capacity.models import Reconciliation
from apps.common.changes import announce

log = structlog.get_logger(__name__)

_COUNT = """
SELECT count(*), coalesce(sum(p.total), 0), coalesce(sum(p.used), 0), coalesce(sum(coalesce(live.units, 0)), 0),
    count(*) FILTER (WHERE p.used <> coalesce(live.units, 0))
FROM capacity_pool p
LEFT JOIN (
    SELECT pool_id, sum(units) AS units FROM capacity_claim WHERE ended_at IS NULL GROUP BY pool_id
) live ON live.pool_id = p.id
"""


def reconcile(*, now: dt.datetime) -> Reconciliation:
    """Count every live claim against every pool's counter in one statement, and keep what was found.

    2 queries; reads both tables whole, so at night.  ``differing`` must be zero: triggers move the counters.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        pools, units, used, claimed, differing = cursor.fetchone()
    if differing:
        log.error("capacity_differs", pools=differing)
    announce("capacity")
    return Reconciliation.objects.create(
        at=now, pools=pools, units=units, used=used, claimed=claimed, differing=differing
    )
