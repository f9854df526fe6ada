"""Writes of a place itself: what it is, where it lies, its other names, what is offered there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.facilities import notices
from apps.facilities.errors import FacilityCodeTaken, PlaceUnknown, PointWrong
from apps.facilities.models import Alias, Facility, FacilityEvent, ServiceAtFacility
from apps.facilities.search_index import search_refresh
from apps.facilities.services.acts import News, act_record, facility_lock
from apps.facilities.states import Confidence, Status, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff

# What ``facility_write`` takes, by the names of the columns; where an entry comes from is kept for the second lot.
PLAIN = ("code", "kind_id", "organisation_id", "crs", "holiday_mode", "languages", "capacity_note")
TRACED = ("name", "address", "street_id", "community_id", "lng", "lat", "phone", "description", "status")
FIELDS = (*PLAIN, *TRACED)
# The name under which the source of an entry is kept.
_TRACE = {"street_id": "street", "community_id": "community", "lng": "point", "lat": "point"}
_NEWS = (Status.ACTIVE, Status.PAUSED, Status.ENDED)


@dataclass(frozen=True, slots=True)
class Offer:
    """That a service is offered at a place.  ``note``, ``fee``  at most 120 characters each"""

    service_id: int
    note: str = ""
    fee: str = ""


def facility_write(
    *,
    facility_id: UUID | None,
    values: Mapping[str, Any],
    staff: Staff | None,
    version: int | None,
    now: dt.datetime,
    provenance: Mapping[str, Any] | None = None,
) -> Facility:
    """Enter a place, or write ``values`` of one; what stays as it was is no change.  At most 16 queries.

    ``facility_id``  None for a new one, which takes ``name`` and ``kind_id`` at least   ``values``  some of ``FIELDS``
    ``version``      the one that the caller saw, None to write over whatever is there
    ``provenance``   entry → source; what has none is marked as written by whoever looks after the directory
    Followers are told when a place is taken into service, pauses or ends.
    Raises FacilityNotFound, FacilityChanged, FacilityCodeTaken, PointWrong, PlaceUnknown; ValueError for other names.
    """
    if unknown := set(values) - set(FIELDS):
        raise ValueError(f"no such entries: {sorted(unknown)}")
    with transaction.atomic():
        if facility_id is None:
            facility, before = Facility(id=uuid7(), version=0, created_at=now, updated_at=now), {}
        else:
            facility = facility_lock(facility_id=facility_id, version=version)
            before = {name: getattr(facility, name) for name in values}
        given = {name: _value(name, value) for name, value in values.items()}
        changed = {
            name: value for name, value in given.items() if facility_id is None or before[name] != value
        }
        if not changed:
            return facility
        for name, value in changed.items():
            setattr(facility, name, value)
        _check(facility, changed, clock.local(now).date())
        facility.provenance = _traced(facility, changed, provenance or {}, now)
        _save(facility)
        search_refresh(facility_ids=[facility.id])
        act_record(
            facility=facility, verb=Verb.CHANGE if facility_id else Verb.ADD, staff=staff, now=now,
            changed={name: _pair(name, before.get(name), value) for name, value in changed.items()},
            news=_news(facility, before.get("status")) if "status" in changed else None,
        )  # fmt: skip
    return facility


def _value(name: str, value: Any) -> Any:
    """Return a value as the column holds it: an empty code is none."""
    if name == "languages":
        return list(value or ())
    return value or None if name == "code" else value


def _pair(name: str, before: Any, after: Any) -> list[Any]:
    """Return before and after as the history keeps them: rows by what they are called.  1 query for a reference."""
    if not name.endswith("_id"):
        return [before, after]
    target: Any = Facility._meta.get_field(name.removesuffix("_id")).related_model
    rows = target._default_manager.in_bulk([pk for pk in (before, after) if pk is not None])
    return [str(rows[pk]) if pk in rows else pk for pk in (before, after)]


def _check(facility: Facility, changed: Mapping[str, Any], today: dt.date) -> None:
    """Refuse half a point, one outside China, a community of another street."""
    if {"lng", "lat", "crs"} & set(changed):
        halves = (facility.lng is None) + (facility.lat is None)
        if halves == 1 or (halves == 0 and not Point(facility.lng, facility.lat, facility.crs).in_china):  # type: ignore[arg-type]
            raise PointWrong(attr="lng" if facility.lng is None else "lat")
    if {"street_id", "community_id"} & set(changed):
        wrong = accounts.place_valid(street=facility.street_id, community=facility.community_id, on=today)
        if wrong is not None:
            raise PlaceUnknown(attr=wrong)


def _traced(
    facility: Facility, changed: Mapping[str, Any], given: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """Return where the entries come from: of those changed what the caller says, else whoever looks after the directory."""
    own = {"source": "", "confidence": Confidence.STAFF.value, "on": clock.local(now).date().isoformat()}
    held = dict(facility.provenance)
    for name, value in changed.items():
        if name in TRACED:
            held.pop(_TRACE.get(name, name), None)
            if value not in ("", None):
                held[_TRACE.get(name, name)] = given.get(_TRACE.get(name, name), own)
    return held


def _save(facility: Facility) -> None:
    try:
        with transaction.atomic():  # a savepoint: the caller's transaction goes on after a refusal
            facility.save()
    except IntegrityError as error:
        if "facilities_facility_code" in str(error):
            raise FacilityCodeTaken(attr="code") from error
        raise


def _news(facility: Facility, before: str | None) -> News | None:
    if before is None or facility.status not in _NEWS:
        return None
    words = {
        Status.ACTIVE: _("“%(name)s” is in service."),
        Status.PAUSED: _("“%(name)s” is out of service until further notice."),
        Status.ENDED: _("“%(name)s” has ended its service for good."),
    }
    text = words[Status(facility.status)] % {"name": facility.name}
    return News(notices.STATUS, text, str(facility.get_status_display()))


def aliases_write(
    *,
    facility_id: UUID,
    names: Sequence[str],
    staff: Staff | None,
    now: dt.datetime,
    version: int | None = None,
) -> None:
    """Make ``names`` the whole of what people also call a place; the same again changes nothing.  At most 11 queries.

    ``names``  1 to 80 characters each, at most 20.  Raises FacilityNotFound, FacilityChanged.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))[:20]
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id, version=version)
        held = list(facility.aliases.order_by("id").values_list("name", flat=True))
        if sorted(held) == sorted(wanted):
            return
        facility.aliases.exclude(name__in=wanted).delete()
        Alias.objects.bulk_create(Alias(facility=facility, name=name) for name in wanted if name not in held)
        search_refresh(facility_ids=[facility.id])
        act_record(
            facility=facility, verb=Verb.CHANGE, staff=staff, now=now, changed={"aliases": [held, wanted]}
        )


def offers_write(
    *,
    facility_id: UUID,
    offers: Sequence[Offer],
    staff: Staff | None,
    now: dt.datetime,
    version: int | None = None,
) -> FacilityEvent | None:
    """Make ``offers`` the whole of what is offered at a place; the same again changes nothing.  At most 11 queries.

    Each service once, the last one counts.  Raises FacilityNotFound, FacilityChanged.
    """
    wanted = {offer.service_id: offer for offer in offers}
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id, version=version)
        rows = list(facility.offers.select_related("service"))
        held = {row.service_id: Offer(row.service_id, row.note, row.fee) for row in rows}
        if held == wanted:
            return None
        facility.offers.exclude(service_id__in=wanted).delete()
        ServiceAtFacility.objects.bulk_create(
            [
                ServiceAtFacility(
                    facility=facility, service_id=one.service_id, note=one.note, fee=one.fee
                )
                for one in wanted.values()
            ],
            update_conflicts=True, unique_fields=["facility", "service"], update_fields=["note", "fee"],
        )  # fmt: skip
        search_refresh(facility_ids=[facility.id])
        after = facility.offers.order_by("service__code").values_list("service__code", flat=True)
        changed = {"services": [sorted(row.service.code for row in rows), list(after)]}
        return act_record(facility=facility, verb=Verb.OFFER, staff=staff, now=now, changed=changed)
