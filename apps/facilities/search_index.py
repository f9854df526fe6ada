"""Writing what network points are found by: pinyin, initials and words, made of names, services, place and description."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import batched
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch

from apps.facilities.models import Facility, ServiceAtFacility
from apps.facilities.search_text import Described, Name, initials_of, pinyin_of, vector_of

_BATCH = 500
_WRITE = """
UPDATE facilities_facility f SET pinyin = n.pinyin, initials = n.initials, search = n.search::tsvector
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS n (id, pinyin, initials, search) WHERE f.id = n.id
"""


def search_refresh(*, facility_ids: Iterable[UUID]) -> int:
    """Make pinyin, initials and words of these network points anew from what their rows say; returns how many there are.

    Call it in the transaction that wrote a network point, its other names or what is offered there, and for all of a kind
    or service whose name changed.  4 queries for each 500.
    """
    written = 0
    for ids in batched(facility_ids, _BATCH):
        offers = ServiceAtFacility.objects.filter(service__is_active=True).select_related("service")
        rows = Facility.objects.filter(id__in=ids).select_related(
            "kind", "street", "community", "organisation"
        )
        found = list(rows.prefetch_related("aliases", Prefetch("offers", queryset=offers)))
        values = [
            [row.id for row in found],
            [pinyin_of(text=row.name) for row in found],
            [initials_of(text=row.name) for row in found],
            [vector_of(described=_described(row)) for row in found],
        ]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, values)
            written += cursor.rowcount
    return written


def _described(row: Facility) -> Described:
    names = [row.name, *(alias.name for alias in row.aliases.all())]
    return Described(
        names=[Name(name, pinyin_of(text=name)) for name in names],
        offers=[row.kind.name, *(offer.service.name for offer in row.offers.all())],
        place=[row.address, *(str(part) for part in (row.street, row.community) if part is not None)],
        about=[row.description, *(org.name for org in (row.organisation,) if org is not None)],
    )
