"""What Open311 asks and answers, in the terms of GeoReport v2."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.common import clock
from apps.common.api.fields import PlainTextField
from apps.common.api.inputs import Input
from apps.common.errors import Refused
from apps.common.geo import Point
from apps.common.times import iso_text
from apps.feedback.board_selectors import Row
from apps.feedback.models import Category
from apps.feedback.services import CaseDraft
from apps.feedback.states import CaseState, Identity, RequestType

# The administrative code of the district (GB/T 2260).
JURISDICTION = "420107"
CHANGESET = "2026-11-24T00:00:00+08:00"
DESCRIPTION_CHARS, ADDRESS_CHARS = 2000, 200
PAGE_SIZE, MOST_PAGES, MOST_IDS = 100, 100, 100
# The specification lets a search span 90 days and start 90 days ago.
SPAN = dt.timedelta(days=90)


class QueryRefused(Refused):
    code = "bad_request"
    message = _("%(name)s takes %(what)s.")
    status = 400


class NotFound(Refused):
    code = "not_found"
    message = _("%(name)s was not found.")
    status = 404


class KeyRefused(Refused):
    code = "api_key"
    message = _("api_key is missing or not valid.")
    status = 403


class PlaceMissing(Refused):
    code = "place_missing"
    message = _("Please give lat and long (WGS-84, inside of China) or address_string.")
    status = 400


@dataclass(frozen=True, slots=True)
class Search:
    """Which requests are asked for."""

    ids: tuple[str, ...]
    categories: tuple[str, ...]
    is_open: bool | None
    since: dt.datetime
    until: dt.datetime
    page: int
    page_size: int


def search_of(query: QueryDict, *, now: dt.datetime) -> Search:
    """Return what a query asks for.  Raises QueryRefused.

    A span of more than 90 days is cut to its last 90.
    """
    since, until = _moment(query, "start_date"), _moment(query, "end_date", to_the_end=True)
    if until is None:
        until = now if since is None else min(now, since + SPAN)
    since = max(since or until - SPAN, until - SPAN)
    if since > until:
        raise QueryRefused(attr="start_date", name="start_date", what=str(_("a time before end_date")))
    return Search(
        ids=_list(query, "service_request_id"), categories=_list(query, "service_code"), is_open=_is_open(query),
        since=since, until=until, page=_number(query, "page", 1, MOST_PAGES),
        page_size=_number(query, "page_size", PAGE_SIZE, PAGE_SIZE),
    )  # fmt: skip


def jurisdiction_check(given: str | None) -> None:
    """Refuse another jurisdiction than ours.  Raises NotFound."""
    if given and given != JURISDICTION:
        raise NotFound(attr="jurisdiction_id", name="jurisdiction_id")


def _list(query: QueryDict, name: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in query.get(name, "").split(",") if part.strip())
    if len(parts) > MOST_IDS or any(len(part) > 20 for part in parts):
        raise QueryRefused(attr=name, name=name, what=str(_("at most 100 values, separated by commas")))
    return parts


def _is_open(query: QueryDict) -> bool | None:
    wanted = set(_list(query, "status"))
    if not wanted <= {"open", "closed"}:
        raise QueryRefused(
            attr="status", name="status", what=str(_("open, closed or both, separated by a comma"))
        )
    return None if len(wanted) != 1 else wanted == {"open"}


def _number(query: QueryDict, name: str, default: int, most: int) -> int:
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= most:
        raise QueryRefused(
            attr=name, name=name, what=str(_("a whole number from 1 to %(most)s") % {"most": most})
        )
    return int(text)


def _moment(query: QueryDict, name: str, *, to_the_end: bool = False) -> dt.datetime | None:
    """Return a W3C date or time; a date alone is a day here, a time without offset is local."""
    # A plus sign that was not encoded arrives as a blank.
    text = query.get(name, "").strip().replace(" ", "+")
    if not text:
        return None
    try:
        day = parse_date(text)
        if day is not None:
            begin = clock.midnight(day.isoformat())
            return begin + dt.timedelta(days=1, microseconds=-1) if to_the_end else begin
        moment = parse_datetime(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise QueryRefused(
            attr=name, name=name, what=str(_("a date or time as in 2026-03-10T10:00:00+08:00"))
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.midnight("2026-01-01").tzinfo)


class RequestInput(Input):
    """A request handed in.  Names, addresses of mail and phones of the person are not taken: they are not kept."""

    service_code = PlainTextField(max_length=8)
    description = PlainTextField(max_length=DESCRIPTION_CHARS)
    lat = serializers.FloatField(required=False)
    long = serializers.FloatField(required=False)
    address_string = PlainTextField(max_length=ADDRESS_CHARS, required=False, allow_blank=True)
    # Not of the specification: whether the person agreed that the case may be published.
    allow_public = serializers.BooleanField(default=False)
    jurisdiction_id = PlainTextField(max_length=20, required=False, allow_blank=True)


def draft_of(given: dict[str, Any]) -> CaseDraft:
    """Return a request as the service takes it; who handed it in stays unknown to units.  Raises PlaceMissing."""
    point = None
    if "lat" in given and "long" in given:
        point = Point(given["long"], given["lat"], "wgs84")
    address = given.get("address_string") or None
    if (point is None and address is None) or (point is not None and not point.in_china):
        raise PlaceMissing(attr="lat")
    return CaseDraft(
        request_type=RequestType.HELP, text=given["description"], category=given["service_code"], address=address,
        point=point, identity=Identity.ANONYMOUS, allow_public=given["allow_public"],
    )  # fmt: skip


def service_shape(category: Category) -> dict[str, Any]:
    """Return a sub-category as a service."""
    return {
        "service_code": category.code,
        "service_name": category.name,
        "description": category.notice or category.name,
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(category.keywords),
        "group": category.parent.name if category.parent else "",
    }


def request_shape(row: Row) -> dict[str, Any]:
    """Return a published case as a request: redacted texts, the place as it is shown, no address."""
    place = None
    if row["lng"] is not None:
        place = Point(row["lng"], row["lat"], "gcj02").to("wgs84")
    return {
        "service_request_id": row["public_number"],
        "status": "closed" if row["case_state"] == CaseState.CLOSED.value else "open",
        "status_notes": "\n".join(text for text in (row["reply_text"], row["note"]) if text),
        "service_name": row["category_name"],
        "service_code": row["category_code"],
        "description": row["text"],
        "agency_responsible": row["unit"],
        "service_notice": None,
        "requested_datetime": iso_text(row["submitted_at"]),
        "updated_datetime": iso_text(row["changed_at"]),
        "expected_datetime": iso_text(row["due_at"]),
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": round(place.lat, 6) if place else None,
        "long": round(place.lng, 6) if place else None,
        "media_url": None,
    }


def discovery() -> dict[str, Any]:
    """Return where this service is and what it speaks."""
    return {
        "changeset": CHANGESET,
        "contact": str(_("The district's intake desk, telephone 12345.")),
        "key_service": str(_("Keys for handing in requests are given out by the district's intake desk.")),
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": f"{settings.PUBLIC_BASE_URL}/open311/v2",
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["application/json", "text/xml"],
            }
        ],
    }
