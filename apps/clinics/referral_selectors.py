"""What a referral can be booked into."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import connection

from apps.clinics.models import Referral, Slot
from apps.common.clock import local

SHOWN = 30
_FREE = """
SELECT s.id, sum(p.total - p.used) FROM clinics_slot s JOIN clinics_clinicsession c ON c.id = s.session_id
JOIN clinics_department d ON d.id = c.department_id
JOIN capacity_pool p ON p.capacity_id = s.capacity_id AND p.name IN ('referral', 'public')
WHERE d.institution_id = %(institution)s AND (%(department)s::bigint IS NULL OR d.id = %(department)s) AND d.is_active
    AND c.state = 'open' AND c."on" BETWEEN %(first)s AND %(last)s AND s.starts_at > %(now)s AND NOT p.is_closed
    AND (p.opens_at IS NULL OR p.opens_at <= %(now)s) AND p.used < p.total
GROUP BY s.id, s.starts_at ORDER BY s.starts_at, s.id LIMIT %(limit)s
"""


def slots_for(*, referral: Referral, now: dt.datetime, days: int = 30) -> list[tuple[Slot, int]]:
    """Return the next free slots of the receiver, of the department asked for where one is, with how many units; at most 30.

    2 queries.
    """
    today = local(now).date()
    values = {
        "institution": referral.receiver_id, "department": referral.department_id, "now": now, "limit": SHOWN,
        "first": today, "last": today + dt.timedelta(days=days),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FREE, values)
        free: dict[UUID, int] = {row[0]: int(row[1]) for row in cursor.fetchall()}
    slots = Slot.objects.filter(pk__in=free).select_related("session__department").order_by("starts_at", "id")
    return [(slot, free[slot.pk]) for slot in slots]
