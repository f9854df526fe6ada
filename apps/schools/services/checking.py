"""The machine's checks of an application: by rules on the data, and by registers that offices handed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists

from apps.common.clock import local
from apps.common.geo import Point
from apps.schools.ground_selectors import catchment_schools, home_columns, home_facts
from apps.schools.models import Application, Check, Preference
from apps.schools.selectors import guardians_confirmed, sibling_hashes
from apps.schools.states import LIVE, ApplicationState

# The farthest band; also what an unknown home or school counts as, so that leaving the point out gains nothing.
FARTHEST = 99


@dataclass(frozen=True, slots=True)
class Found:
    """``checks`` what was written about this hand-in    ``guardians`` who is told of it."""

    checks: list[Check]
    guardians: list[UUID]


def checks_run(*, application: Application, choices: Sequence[Preference], now: dt.datetime) -> Found:
    """Work out catchment and distance of each choice and write what the machine finds about this hand-in.

    The first human reviewer starts from these; none of them decides anything.  4 queries.
    """
    held = application.round
    hits = {
        hit.school_code
        for hit in catchment_schools(
            stage=held.stage, on=local(held.closes_at).date(), community=application.community_id, address=application.address or ""
        )
    }  # fmt: skip
    changed = []
    for choice in choices:
        before = choice.in_catchment, choice.band
        choice.in_catchment = choice.intake.school_id in hits
        choice.band = _band(application, choice)
        if before != (choice.in_catchment, choice.band):
            changed.append(choice)
    Preference.objects.bulk_update(changed, ["in_catchment", "band"])
    known = _known_of(application)
    found = {
        "age": _ok(held.born_from <= application.child.birth_on <= held.born_to),
        "catchment": _ok(any(choice.in_catchment for choice in choices)) if held.catchment_first else None,
        "double": _ok(not known["elsewhere"]),
        **_registers(application, known),
    }
    rows = [
        Check(
            application=application, pass_number=application.pass_number, code=code, outcome=outcome, at=now
        )
        for code, outcome in found.items()
        if outcome is not None
    ]
    return Found(Check.objects.bulk_create(rows), known["guardians"])


def _known_of(application: Application) -> dict[str, Any]:
    """Return everything that is known of child and home, asked at once.  1 query."""
    held = application.round
    # Whether the child has a live application in another round of the same stage and year.
    elsewhere = (
        Application.objects.filter(
            child_id=application.child_id, state__in=LIVE, round__stage=held.stage, round__year=held.year
        )
        .exclude(pk=application.pk)
        .exclude(state=ApplicationState.DRAFT)
    )
    columns: dict[str, Any] = {
        "elsewhere": Exists(elsewhere),
        "guardians": ArraySubquery(guardians_confirmed(child_id=application.child_id).values("resident_id")),
    }
    if held.home_papers:
        columns |= home_columns(
            stage=held.stage, year=held.year, on=held.starts_on, address_hash=application.address_hash,
            child_hash=application.child.id_hash, sibling_hashes=sibling_hashes(child_id=application.child_id),
        )  # fmt: skip
    known: dict[str, Any] = (
        Application.objects.filter(pk=application.pk).annotate(**columns).values(*columns).get()
    )
    return known


def _registers(application: Application, known: dict[str, Any]) -> dict[str, str | None]:
    held, category = application.round, application.category
    if not held.home_papers or category is None:
        return {}
    facts = home_facts(known)
    return {
        "hukou": _known(facts.hukou) if category.needs_hukou else None,
        "property": _known(facts.property) if category.needs_property else None,
        "place_lock": _ok(not facts.locked),
    }


def _band(application: Application, choice: Preference) -> int:
    width = application.round.band_m
    if width == 0:
        return 0
    facility = choice.intake.school.facility
    if application.home is None or facility is None or facility.gcj_lng is None or facility.gcj_lat is None:
        return FARTHEST
    lng, lat = (float(part) for part in application.home.split(","))
    school = Point(facility.gcj_lng, facility.gcj_lat, "gcj02")
    return min(int(Point(lng, lat, "gcj02").distance_m(school)) // width, FARTHEST)


def _ok(holds: bool) -> str:
    return Check.Outcome.OK if holds else Check.Outcome.FAIL


def _known(holds: bool | None) -> str:
    return Check.Outcome.UNKNOWN if holds is None else _ok(holds)
