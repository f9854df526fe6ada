"""Which places residents can follow, and what the topic of one is called."""

from __future__ import annotations

from uuid import UUID

from apps.facilities.models import Facility

# The list is kept in memory and shown as a whole; the district has some hundreds of places.
MOST = 5_000


def facilities_followable() -> dict[str, str]:
    """Return id → name of the places that are not gone, by name, at most 5,000.  1 query."""
    rows = Facility.objects.public().order_by("pinyin", "id").values_list("id", "name")[:MOST]
    return {str(pk): name for pk, name in rows}


def topic_of(*, facility_id: UUID) -> str:
    """Return the topic that the followers of a place follow."""
    return f"facility:{facility_id}"
