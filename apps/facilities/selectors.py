"""Reads of the directory: pages of lists, one network point with everything, when several of them are open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Min, Prefetch, Q

from apps.common import clock
from apps.common.changes import moment_kept
from apps.common.selectors import calendar_load
from apps.facilities.models import (
    Closure,
    CorrectionReport,
    DayException,
    Facility,
    OpeningRule,
    Photo,
    ServiceAtFacility,
)
from apps.facilities.opening import LOOK_AHEAD_DAYS, CalendarKind, Closed, OpenAnswer, OpeningFacts, Rule
from apps.facilities.search import Hit, Walk
from apps.facilities.states import HolidayMode, Status

# How many network points a list of open ones looks at for one page, so many at a time; the page is cut short there and
# the next one goes on behind.
MOST_LOOKED, LOOKED_AT_ONCE = 500, 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list."""

    facility: Facility
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

    4 queries beside those of the walk.  ``open_now`` keeps only what is open: 5 queries for each 100 looked at, at most
    500 of them; a page may then have fewer lines than ``limit`` although more follow.
    """
    hits, further = _open_hits(walk, after, limit, now) if open_now else _hits(walk, after, limit)
    rows = Facility.objects.filter(id__in=[hit.id for hit in hits]).select_related("kind", "street")
    found: dict[UUID, Facility] = {row.id: row for row in rows.with_assurance()}
    facts = opening_facts(facilities=found.values(), now=now)
    lines = [
        Listed(
            found[hit.id], hit.distance_m, open_answer(facility=found[hit.id], facts=facts[hit.id], now=now)
        )
        for hit in hits
        if hit.id in found
    ]
    return ListPage(lines, further)


def _hits(walk: Walk, after: tuple[Any, ...] | None, limit: int) -> tuple[list[Hit], tuple[Any, ...] | None]:
    hits = walk(after, limit + 1)
    return hits[:limit], hits[limit - 1].key if len(hits) > limit else None


def _open_hits(
    walk: Walk, after: tuple[Any, ...] | None, limit: int, now: dt.datetime
) -> tuple[list[Hit], tuple[Any, ...] | None]:
    kept: list[Hit] = []
    for _look in range(MOST_LOOKED // LOOKED_AT_ONCE):
        hits = walk(after, LOOKED_AT_ONCE)
        rows = Facility.objects.filter(id__in=[hit.id for hit in hits]).only("id", "status", "holiday_mode")
        found: dict[UUID, Facility] = {row.id: row for row in rows}
        facts = opening_facts(facilities=found.values(), now=now)
        kept += [
            hit
            for hit in hits
            if hit.id in found and open_answer(facility=found[hit.id], facts=facts[hit.id], now=now).now
        ]
        if len(kept) > limit:
            return kept[:limit], kept[limit - 1].key
        if len(hits) < LOOKED_AT_ONCE:
            return kept, None
        after = hits[-1].key
    return kept, after


def opening_facts(*, facilities: Iterable[Facility], now: dt.datetime) -> dict[UUID, OpeningFacts]:
    """Return what decides when each of ``facilities`` is open from yesterday to 30 days after ``now``.

    3 queries whatever their number (0 for none) beside the calendar, which is kept in memory.
    """
    modes = {row.id: HolidayMode(row.holiday_mode) for row in facilities}
    if not modes:
        return {}
    first = clock.local(now).date() - dt.timedelta(days=1)
    last = first + dt.timedelta(days=LOOK_AHEAD_DAYS + 2)
    rules: dict[UUID, list[Rule]] = {}
    in_force = Q(valid_from=None) | Q(valid_from__lte=last), Q(valid_to=None) | Q(valid_to__gt=first)
    for owner, weekday, opens, closes, valid_from, valid_to in OpeningRule.objects.filter(
        *in_force, facility_id__in=modes
    ).values_list("facility_id", "weekday", "opens_min", "closes_min", "valid_from", "valid_to"):
        rules.setdefault(owner, []).append(Rule(weekday, opens, closes, valid_from, valid_to))
    exceptions: dict[UUID, dict[dt.date, list[tuple[int, int]]]] = {}
    days = DayException.objects.filter(facility_id__in=modes, on__range=(first, last))
    for owner, on, spans in days.values_list("facility_id", "on", "spans"):
        exceptions.setdefault(owner, {})[on] = [(opens, closes) for opens, closes in spans]
    closures: dict[UUID, list[Closed]] = {}
    closed_rows = Closure.objects.filter(facility_id__in=modes).filter(Q(ends_at=None) | Q(ends_at__gt=now))
    for owner, starts_at, ends_at in closed_rows.values_list("facility_id", "starts_at", "ends_at"):
        closures.setdefault(owner, []).append(Closed(starts_at, ends_at))
    calendar = _calendar(first)
    return {
        owner: OpeningFacts(
            rules.get(owner, ()), exceptions.get(owner, {}), closures.get(owner, ()), calendar, mode
        )
        for owner, mode in modes.items()
    }


def _calendar(first: dt.date) -> Mapping[dt.date, CalendarKind]:
    return {
        on: "workday" if rule.is_workday else "off" for on, rule in calendar_load(start=first).rules.items()
    }


def open_answer(*, facility: Facility, facts: OpeningFacts, now: dt.datetime) -> OpenAnswer:
    """Return whether ``facility`` is open at ``now``: what is not in operation never is.  0 queries."""
    answer = facts.answer(now)
    if facility.status == Status.ACTIVE:
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

    facility: Facility
    services: Sequence[ServiceAtFacility]
    closures: Sequence[Closure]
    facts: OpeningFacts


def facility_whole(*, facility_id: UUID, now: dt.datetime) -> Whole | None:
    """Return one network point with aliases, accessibility, photos, services and hours.  10 queries.

    What has ended is shown too, with that status: old links lead to it.  None where there is none.
    """
    rows = Facility.objects.select_related("kind", "street", "community", "organisation").with_assurance()
    photos = Photo.objects.select_related("upload").order_by("position", "id")
    facility = rows.prefetch_related("aliases", "access_facts", Prefetch("photos", queryset=photos)).filter(
        id=facility_id
    ).first()  # fmt: skip
    if facility is None:
        return None
    offered = ServiceAtFacility.objects.filter(facility_id=facility_id, service__is_active=True)
    closures = Closure.objects.not_over(now).filter(facility_id=facility_id).order_by("starts_at", "id")
    return Whole(
        facility=facility,
        services=list(offered.select_related("service").order_by("service__code")),
        closures=list(closures),
        facts=opening_facts(facilities=[facility], now=now)[facility.id],
    )


def corrections_own(*, resident_id: UUID) -> Any:
    """Return a resident's reports of wrong data, with their network points, to be paged.  1 query when read."""
    return CorrectionReport.objects.filter(resident_id=resident_id).select_related("facility")


def ids_by_code(*, codes: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of network points by code, of those that there are.  1 query."""
    return dict(Facility.objects.filter(code__in=list(codes)).values_list("code", "id"))
