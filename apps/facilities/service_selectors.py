"""Reads of services and government matters: what to bring, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from apps.facilities.models import Facility, Service

PLACES_SHOWN = 5
_PLACES = """
SELECT service_id, id, name, address, places FROM (
    SELECT o.service_id, f.id, f.name, f.address,
        row_number() OVER (PARTITION BY o.service_id ORDER BY f.pinyin, f.id) AS place,
        count(*) OVER (PARTITION BY o.service_id) AS places
    FROM facilities_serviceatfacility o JOIN facilities_facility f ON f.id = o.facility_id
    WHERE o.service_id = ANY(%(services)s) AND f.status = 'active') numbered
WHERE place <= %(most)s ORDER BY service_id, place
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """A service with the first network points that offer it, by name, and how many do."""

    service: Service
    places: Sequence[Facility]
    places_count: int


def services_public(*, level: str, text: str) -> QuerySet[Service]:
    """Return what is offered, to be paged by code: at ``level`` ("" for all), holding ``text`` in name or description.

    1 query when read.  There are some hundreds of services: no index of words is needed.
    """
    rows = Service.objects.filter(is_active=True)
    if level:
        rows = rows.filter(levels__contains=[level])
    for word in text.split():
        rows = rows.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return rows


def matters_of(*, services: Sequence[Service]) -> list[Matter]:
    """Return ``services`` with at most ``PLACES_SHOWN`` network points in operation for each.  1 query."""
    found: dict[int, list[Any]] = {}
    counts: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"services": [row.pk for row in services], "most": PLACES_SHOWN})
        for service_id, id_, name, address, places in cursor.fetchall():
            found.setdefault(service_id, []).append(Facility(id=id_, name=name, address=address))
            counts[service_id] = places
    return [Matter(row, found.get(row.pk, []), counts.get(row.pk, 0)) for row in services]
