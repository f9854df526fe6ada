"""What network points look like in an answer.  Built by hand; ``serializers.py`` is the schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from apps.common import clock
from apps.common.selectors import calendar_load
from apps.common.times import iso_text
from apps.facilities import access
from apps.facilities.circle_selectors import Circle, CirclePoint
from apps.facilities.labels import ANSWER_LABELS, FEATURE_LABELS, FRESHNESS_LABELS, PROFILE_LABELS
from apps.facilities.models import Closure, CorrectionReport, Facility, Service, ServiceAtFacility
from apps.facilities.opening import OpenAnswer, OpeningFacts
from apps.facilities.selectors import Listed, Whole
from apps.facilities.service_selectors import Matter
from apps.facilities.states import freshness_of

_DAYS = 7


def _day(on: dt.date | None) -> str | None:
    return on.isoformat() if on is not None else None


def _code_name(row: Any) -> dict[str, str] | None:
    return {"code": row.code, "name": row.name} if row is not None else None


def _opening(answer: OpenAnswer) -> dict[str, Any]:
    return {
        "now": answer.now,
        "until": iso_text(answer.until),
        "next_open_at": iso_text(answer.next_open_at),
        "known": answer.known,
    }


def facility_item(line: Listed, *, today: dt.date) -> dict[str, Any]:
    """Return a network point as lists show it."""
    row = line.row
    fresh = freshness_of(assured_until=row["assured_until"], today=today)
    has_place = row["gcj_lng"] is not None
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "kind": {"code": row["kind_id"], "name": row["kind_name"]},
        "address": row["address"],
        "street": {"code": row["street_id"], "name": row["street_name"]} if row["street_id"] else None,
        "point": {"lng": row["gcj_lng"], "lat": row["gcj_lat"], "crs": "gcj02"} if has_place else None,
        "distance_m": round(line.distance_m) if line.distance_m is not None else None,
        "open": _opening(line.open),
        "status": row["status"],
        "status_label": str(Facility.Status(row["status"]).label),
        "assured_on": _day(row["assured_on"]),
        "freshness": fresh.value,
        "freshness_label": str(FRESHNESS_LABELS[fresh]),
    }


def facility_detail(whole: Whole, *, now: dt.datetime) -> dict[str, Any]:
    """Return everything that is shown of one network point."""
    row: Any = whole.facility
    today = clock.local(now).date()
    return facility_item(whole.line, today=today) | {
        "code": row.code,
        "community": _code_name(row.community),
        "organisation": _organisation(row.organisation),
        "aliases": sorted(alias.name for alias in row.aliases.all()),
        "description": row.description,
        "contacts": [{"kind": "phone", "value": row.phone}] if row.phone else [],
        "languages": row.languages,
        "capacity_note": row.capacity_note,
        "hours": _hours(whole.facts, today),
        "closures": [_closure(closure, now) for closure in whole.closures],
        "services": [_offer(offer) for offer in whole.services],
        "accessibility": _accessibility(row),
        "photos": [_photo(photo) for photo in row.photos.all()],
        "assured_until": _day(whole.line.row["assured_until"]),
        "provenance": row.provenance,
        "updated_at": iso_text(row.updated_at),
    }


def _organisation(row: Any) -> dict[str, str] | None:
    return {"code": row.code, "name": row.name, "kind": row.kind} if row is not None else None


def _hours(facts: OpeningFacts, first: dt.date) -> list[dict[str, Any]]:
    """Return seven days with holidays, exception days and closures applied; a span past midnight stands at its first day."""
    calendar = calendar_load(start=first)
    return [
        {
            "date": on.isoformat(),
            "weekday": on.weekday(),
            "holiday": calendar.rules[on].name if on in calendar.rules else None,
            "is_workday": calendar.day(on).is_workday,
            "is_exception": on in facts.exceptions,
            "spans": [
                {"opens_at": iso_text(opens), "closes_at": iso_text(closes)} for opens, closes in spans
            ],
        }
        for on, spans in facts.week(first)[:_DAYS]
    ]


def _closure(row: Closure, now: dt.datetime) -> dict[str, Any]:
    return {
        "starts_at": iso_text(row.starts_at),
        "ends_at": iso_text(row.ends_at),
        "reason": row.reason,
        "in_force": row.starts_at <= now,
    }


def _offer(row: ServiceAtFacility) -> dict[str, Any]:
    here = {"fee": row.fee, "fee_source": None} if row.fee else {}
    return service_shape(row.service) | here | {"note": row.note}


def service_shape(row: Service) -> dict[str, Any]:
    """Return a service or matter: for whom, what it costs (null: not known), what to bring."""
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "description": row.description,
        "eligibility": row.eligibility,
        "min_age": row.min_age,
        "max_age": row.max_age,
        "fee": row.fee or None,
        "fee_source": row.fee_source or None,
        "documents": [
            {"name": one.get("name", ""), "copies": one.get("copies"), "note": one.get("note", "")}
            for one in row.documents
        ],
        "promised_days": row.promised_days,
        "levels": row.levels,
    }


def _accessibility(row: Any) -> dict[str, Any]:
    facts = sorted(row.access_facts.all(), key=lambda fact: list(access.Feature).index(fact.feature))
    values = {access.Feature(fact.feature): access.Value(fact.value) for fact in facts}
    return {
        "profiles": [_profile(one, access.judged(facts=values, profile=one)) for one in access.Profile],
        "facts": [
            _feature(access.Feature(fact.feature))
            | {"value": fact.value, "note": fact.note, "checked_on": _day(fact.checked_on)}
            for fact in facts
        ],
    }


def _profile(profile: access.Profile, judged: access.Judged) -> dict[str, Any]:
    return {
        "profile": profile.value,
        "label": str(PROFILE_LABELS[profile]),
        "answer": judged.answer.value,
        "answer_label": str(ANSWER_LABELS[judged.answer]),
        "missing": [_feature(one) for one in judged.missing],
        "unknown": [_feature(one) for one in judged.unknown],
    }


def _feature(feature: access.Feature) -> dict[str, str]:
    return {"feature": feature.value, "label": str(FEATURE_LABELS[feature])}


def _photo(row: Any) -> dict[str, Any]:
    return {
        "url": reverse("upload-public", args=[row.upload_id]),
        "alt": row.alt,
        "width": row.upload.width,
        "height": row.upload.height,
    }


def circle_shape(circle: Circle) -> dict[str, Any]:
    """Return the circle: what lies within the walk by kind, and what is missing with the nearest beyond it."""
    here = circle.here
    return {
        "point": {"lng": here.lng, "lat": here.lat, "crs": here.crs},
        "minutes": circle.minutes,
        "estimate": True,
        "walk": {
            "speed_m_min": circle.rule.speed_m_min,
            "detour": circle.rule.detour,
            "straight_m": round(circle.straight_m),
            "source": circle.rule.source,
        },
        "kinds": [
            {
                "kind": _code_name(one.kind),
                "group": one.kind.circle_group,
                "expected": one.kind.walk_expected,
                "within": [_circle_point(point) for point in one.within],
                "nearest_beyond": _circle_point(one.beyond) if one.beyond else None,
            }
            for one in circle.kinds
        ],
        "missing": [_code_name(one.kind) for one in circle.kinds if one.is_missing],
    }


def _circle_point(one: CirclePoint) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "address": one.address,
        "point": {"lng": one.lng, "lat": one.lat, "crs": "gcj02"},
        "distance_m": round(one.distance_m),
        "walk_minutes": one.walk_minutes,
    }


def matter_shape(matter: Matter) -> dict[str, Any]:
    """Return a service or matter with where it is offered: at most 5 network points, and how many there are."""
    return service_shape(matter.service) | {
        "offered_at": [
            {"id": str(place.id), "name": place.name, "address": place.address} for place in matter.places
        ],
        "offered_at_count": matter.places_count,
    }


def correction_shape(row: CorrectionReport) -> dict[str, Any]:
    """Return a resident's own report."""
    return {
        "id": str(row.id),
        "facility": {"id": str(row.facility_id), "name": row.facility.name},
        "field": row.field,
        "text": row.text,
        "state": row.state,
        "state_label": row.get_state_display(),
        "reply": row.reply or None,
        "created_at": iso_text(row.created_at),
        "handled_at": iso_text(row.handled_at),
    }
