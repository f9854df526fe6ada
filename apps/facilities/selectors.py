"""Reads of the directory: pages of lists, one network point with everything, when several of them are open.

What a line of a list takes is written out: building these statements with the ORM took longer than running them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Min, Prefetch, Q

from apps.common import clock
from apps.common.changes import moment_kept
from apps.common.selectors import calendar_load
from apps.facilities.models import (
    Closure,
    CorrectionReport,
    Facility,
    Photo,
    ServiceAtFacility,
)
from apps.facilities.opening import LOOK_AHEAD_DAYS, CalendarKind, Closed, OpenAnswer, OpeningFacts, Rule
from apps.facilities.search import Hit, Walk
from apps.facilities.states import HolidayMode, Status

# How many network points a list of open ones looks at for one page, so many at a time; the page is cut short there and
# the next one goes on behind.
MOST_LOOKED, LOOKED_AT_ONCE = 500, 100


Row = dict[str, Any]
_LINES = """
SELECT f.id, f.name, f.kind_id, k.name AS kind_name, f.address, f.street_id, s.name AS street_name, f.gcj_lng, f.gcj_lat,
    f.status, f.holiday_mode, a.assured_on, a.valid_to AS assured_until
FROM facilities_facility f JOIN facilities_facilitykind k ON k.code = f.kind_id
    LEFT JOIN common_street s ON s.code = f.street_id
    LEFT JOIN LATERAL (SELECT assured_on, valid_to FROM facilities_assurance n WHERE n.facility_id = f.id
        ORDER BY n.id DESC LIMIT 1) a ON TRUE
WHERE f.id = ANY(%(ids)s)
"""
_FACTS = """
SELECT facility_id, weekday, opens_min, closes_min, valid_from, valid_to, NULL::jsonb AS spans, NULL::timestamptz, NULL::timestamptz
FROM facilities_openingrule
WHERE facility_id = ANY(%(ids)s) AND (valid_from IS NULL OR valid_from <= %(last)s) AND (valid_to IS NULL OR valid_to > %(first)s)
UNION ALL SELECT facility_id, NULL, NULL, NULL, "on", NULL, spans, NULL, NULL FROM facilities_dayexception
WHERE facility_id = ANY(%(ids)s) AND "on" BETWEEN %(first)s AND %(last)s
UNION ALL SELECT facility_id, NULL, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at FROM facilities_closure
WHERE facility_id = ANY(%(ids)s) AND (ends_at IS NULL OR ends_at > %(now)s)
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list.  ``row`` holds what ``_LINES`` names."""

    row: Row
    distance_m: float | None
    open: OpenAnswer


@dataclass(frozen=True, slots=True)
class ListPage:
    """The lines of one page; ``next`` is the key that the following one goes on behind, None on the last."""

    lines: list[Listed]
    next: tuple[Any, ...] | None


def facilities_page(
    *, walk: Walk, after: tuple[Any, ...] | None, limit: int, open_now: bool, now: dt.datetime
) -> ListPage:
    """Return one page along ``walk`` (``search.walk_of``), with whether each is open at ``now``.

    2 queries beside those of the walk.  ``open_now`` keeps only what is open: 3 queries for each 100 looked at, at most
    500 of them; a page may then have fewer lines than ``limit`` although more follow.
    """
    hits, further = _open_hits(walk, after, limit, now) if open_now else _hits(walk, after, limit)
    rows = lines_of(ids=[hit.id for hit in hits])
    facts = _facts({row["id"]: row["holiday_mode"] for row in rows.values()}, now)
    lines = [
        Listed(rows[hit.id], hit.distance_m, _answer(rows[hit.id]["status"], facts[hit.id], now))
        for hit in hits
        if hit.id in rows
    ]
    return ListPage(lines, further)


def lines_of(*, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return what lists show of these network points, by id.  1 query, 0 for none."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"ids": list(ids)})
        names = [column.name for column in cursor.description or ()]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def _hits(walk: Walk, after: tuple[Any, ...] | None, limit: int) -> tuple[list[Hit], tuple[Any, ...] | None]:
    hits = walk(after, limit + 1)
    return hits[:limit], hits[limit - 1].key if len(hits) > limit else None


def _open_hits(
    walk: Walk, after: tuple[Any, ...] | None, limit: int, now: dt.datetime
) -> tuple[list[Hit], tuple[Any, ...] | None]:
    kept: list[Hit] = []
    for _look in range(MOST_LOOKED // LOOKED_AT_ONCE):
        hits = walk(after, LOOKED_AT_ONCE)
        rows = lines_of(ids=[hit.id for hit in hits])
        facts = _facts({row["id"]: row["holiday_mode"] for row in rows.values()}, now)
        kept += [
            hit for hit in hits if hit.id in rows and _answer(rows[hit.id]["status"], facts[hit.id], now).now
        ]
        if len(kept) > limit:
            return kept[:limit], kept[limit - 1].key
        if len(hits) < LOOKED_AT_ONCE:
            return kept, None
        after = hits[-1].key
    return kept, after


def opening_facts(*, facilities: Iterable[Facility], now: dt.datetime) -> dict[UUID, OpeningFacts]:
    """Return what decides when each of ``facilities`` is open from yesterday to 30 days after ``now``.

    1 query whatever their number (0 for none) beside the calendar, which is kept in memory.
    """
    return _facts({row.id: row.holiday_mode for row in facilities}, now)


def _facts(modes: Mapping[UUID, str], now: dt.datetime) -> dict[UUID, OpeningFacts]:
    if not modes:
        return {}
    first = clock.local(now).date() - dt.timedelta(days=1)
    last = first + dt.timedelta(days=LOOK_AHEAD_DAYS + 2)
    rules: dict[UUID, list[Rule]] = {}
    exceptions: dict[UUID, dict[dt.date, list[tuple[int, int]]]] = {}
    closures: dict[UUID, list[Closed]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"ids": list(modes), "first": first, "last": last, "now": now})
        for owner, weekday, opens, closes, since, until, spans, starts_at, ends_at in cursor.fetchall():
            if weekday is not None:
                rules.setdefault(owner, []).append(Rule(weekday, opens, closes, since, until))
            elif starts_at is not None:
                closures.setdefault(owner, []).append(Closed(starts_at, ends_at))
            else:
                exceptions.setdefault(owner, {})[since] = [(one, other) for one, other in json.loads(spans)]
    calendar = _calendar(first)
    return {
        owner: OpeningFacts(
            rules.get(owner, ()),
            exceptions.get(owner, {}),
            closures.get(owner, ()),
            calendar,
            HolidayMode(mode),
        )
        for owner, mode in modes.items()
    }


def _calendar(first: dt.date) -> Mapping[dt.date, CalendarKind]:
    return {
        on: "workday" if rule.is_workday else "off" for on, rule in calendar_load(start=first).rules.items()
    }


def open_answer(*, facility: Facility, facts: OpeningFacts, now: dt.datetime) -> OpenAnswer:
    """Return whether ``facility`` is open at ``now``: what is not in operation never is.  0 queries."""
    return _answer(facility.status, facts, now)


def _answer(status: str, facts: OpeningFacts, now: dt.datetime) -> OpenAnswer:
    answer = facts.answer(now)
    if status == Status.ACTIVE:
        return answer
    return OpenAnswer(now=False, until=None, next_open_at=None, known=answer.known)


def answers_end() -> dt.datetime:
    """Return until when every answer about opening holds: the next whole minute, or a closure's begin or end before it.

    Hours begin and end with a minute, days too; closures at any moment.  0 queries while nothing changed, else 1.
    """
    now = clock.now()
    minute = now.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    closure = moment_kept("facilities", "next_closure", lambda: _next_closure(now))
    return min(minute, closure) if closure is not None else minute


def _next_closure(now: dt.datetime) -> dt.datetime | None:
    found = Closure.objects.aggregate(
        begins=Min("starts_at", filter=Q(starts_at__gt=now)), ends=Min("ends_at", filter=Q(ends_at__gt=now))
    )
    return min((at for at in found.values() if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Whole:
    """One network point with everything that is shown of it; ``closures`` those in force and to come."""

    line: Listed
    facility: Facility
    services: Sequence[ServiceAtFacility]
    closures: Sequence[Closure]
    facts: OpeningFacts


def facility_whole(*, facility_id: UUID, now: dt.datetime) -> Whole | None:
    """Return one network point with aliases, accessibility, photos, services and hours.  8 queries.

    What has ended is shown too, with that status: old links lead to it.  None where there is none.
    """
    row = lines_of(ids=[facility_id]).get(facility_id)
    rows = Facility.objects.select_related("community", "organisation")
    photos = Photo.objects.select_related("upload").order_by("position", "id")
    rows = rows.prefetch_related("aliases", "access_facts", Prefetch("photos", queryset=photos))
    facility = rows.filter(id=facility_id).first() if row is not None else None
    if row is None or facility is None:
        return None
    offered = ServiceAtFacility.objects.filter(facility_id=facility_id, service__is_active=True)
    closures = Closure.objects.not_over(now).filter(facility_id=facility_id).order_by("starts_at", "id")
    facts = opening_facts(facilities=[facility], now=now)[facility_id]
    return Whole(
        line=Listed(row, None, _answer(row["status"], facts, now)),
        facility=facility,
        services=list(offered.select_related("service").order_by("service__code")),
        closures=list(closures),
        facts=facts,
    )


def corrections_own(*, resident_id: UUID) -> Any:
    """Return a resident's reports of wrong data, with their network points, to be paged.  1 query when read."""
    return CorrectionReport.objects.filter(resident_id=resident_id).select_related("facility")


def ids_by_code(*, codes: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of network points by code, of those that there are.  1 query."""
    return dict(Facility.objects.filter(code__in=list(codes)).values_list("code", "id"))
