"""The directory as open data (开放数据): everything that residents see, with its sources, as JSON and as CSV.

Streamed in pieces, so that its size costs no memory.  Nothing of people is in it: neither who verified nor who reported.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max, Prefetch
from django.http import HttpRequest, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from apps.common import clock
from apps.common.api.public_cache import etag_of
from apps.common.spreadsheets import cell_inert
from apps.facilities.models import Facility, FacilityEvent, ServiceAtFacility
from apps.facilities.states import freshness_of
from apps.facilities.times import clock_text

# As the district's other publications; whoever puts the files online confirms it.
LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
# Counted up with each change of the files' shape, so that a kept copy is fetched anew.
SHAPE = 1
MAX_AGE_S = 300
_AT_ONCE = 1000
FIELDS = (
    "id", "code", "name", "aliases", "kind", "kind_name", "organisation", "address", "street", "street_name", "community",
    "community_name", "lng", "lat", "crs", "phone", "languages", "status", "hours", "holiday_mode", "services",
    "accessible_for", "freshness", "assured_on", "assured_until", "updated_at", "provenance", "licence",
)  # fmt: skip
Row = dict[str, Any]


@require_safe
def facilities_json(request: HttpRequest) -> HttpResponseBase:
    """Answer all network points but those that have ended, as one JSON document."""
    return _answer(request, "application/json", _json)


@require_safe
def facilities_csv(request: HttpRequest) -> HttpResponseBase:
    """Answer the same as CSV in UTF-8 with a mark at its beginning; lists are parted by ``;``, no cell can be run."""
    return _answer(request, "text/csv; charset=utf-8", _csv)


def _answer(
    request: HttpRequest, content_type: str, parts: Callable[[dt.date], Iterator[str]]
) -> HttpResponseBase:
    today = clock.today()
    etag = _etag(content_type, today)
    asked = request.headers.get("If-None-Match", "")
    answer: HttpResponseBase
    if etag in asked or asked.strip() == "*":
        answer = HttpResponseNotModified()
    else:
        body = parts(today) if request.method == "GET" else iter(())
        answer = StreamingHttpResponse(body, content_type=content_type)
    answer["ETag"] = etag
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return answer


def _etag(content_type: str, today: dt.date) -> str:
    """Return what changes with the files: each act leaves an event, and freshness changes with the day.  2 queries."""
    event = FacilityEvent.objects.order_by("-id").values_list("id", flat=True).first()
    changed = Facility.objects.aggregate(at=Max("updated_at"))["at"]
    return etag_of(f"{SHAPE} {content_type} {today} {event} {changed}".encode())


def _json(today: dt.date) -> Iterator[str]:
    head = {"licence": LICENCE, "licence_url": LICENCE_URL, "crs": "gcj02", "fields": FIELDS}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "facilities": ['
    for number, row in enumerate(_rows(today)):
        yield (",\n" if number else "\n") + json.dumps(row, ensure_ascii=False)
    yield "\n]}\n"


class _Line:
    """What ``csv`` writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(today: dt.date) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(FIELDS))
    for row in _rows(today):
        yield str(writer.writerow([cell_inert(_cell(row[name])) for name in FIELDS]))


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _rows(today: dt.date) -> Iterator[Row]:
    """Yield the rows of the files by id.  5 queries for each 1,000."""
    offers = ServiceAtFacility.objects.filter(service__is_active=True).select_related("service")
    rows = Facility.objects.public().select_related("kind", "organisation", "street", "community")
    rows = rows.with_assurance().prefetch_related("aliases", "rules", Prefetch("offers", queryset=offers))
    last: UUID | None = None
    while True:
        part = list((rows.filter(id__gt=last) if last else rows).order_by("id")[:_AT_ONCE])
        for facility in part:
            yield _row(facility, today)
        if len(part) < _AT_ONCE:
            return
        last = part[-1].id


def _row(row: Any, today: dt.date) -> Row:
    return {
        "id": str(row.id),
        "code": row.code,
        "name": row.name,
        "aliases": sorted(alias.name for alias in row.aliases.all()),
        "kind": row.kind_id,
        "kind_name": row.kind.name,
        "organisation": row.organisation.name if row.organisation else None,
        "address": row.address,
        "street": row.street_id,
        "street_name": row.street.name if row.street else None,
        "community": row.community_id,
        "community_name": row.community.name if row.community else None,
        "lng": row.gcj_lng,
        "lat": row.gcj_lat,
        "crs": "gcj02",
        "phone": row.phone,
        "languages": row.languages,
        "status": row.status,
        "hours": [_hours(rule) for rule in row.rules.all() if _in_force(rule, today)],
        "holiday_mode": row.holiday_mode,
        "services": sorted(offer.service.code for offer in row.offers.all()),
        "accessible_for": row.accessible_for,
        "freshness": freshness_of(assured_until=row.assured_until, today=today).value,
        "assured_on": row.assured_on.isoformat() if row.assured_on else None,
        "assured_until": row.assured_until.isoformat() if row.assured_until else None,
        "updated_at": clock.local(row.updated_at).isoformat(timespec="seconds"),
        "provenance": row.provenance,
        "licence": LICENCE,
    }


def _in_force(rule: Any, today: dt.date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= today) and (
        rule.valid_to is None or rule.valid_to > today
    )


def _hours(rule: Any) -> str:
    """Return ``1 08:30-12:00``: the weekday with Monday as 1 (ISO 8601), past midnight goes on after 24:00."""
    return f"{rule.weekday + 1} {clock_text(rule.opens_min)}-{clock_text(rule.closes_min)}"
