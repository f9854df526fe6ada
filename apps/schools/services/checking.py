"""The machine's checks of an application: by rules on the data, and by registers that offices handed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.common.geo import Point
from apps.schools.ground_selectors import catchment_schools, place_locked, register_has
from apps.schools.models import Application, Check, Preference
from apps.schools.selectors import sibling_hashes
from apps.schools.states import LIVE

# The farthest band; also what an unknown home or school counts as, so that leaving the point out gains nothing.
FARTHEST = 99


def checks_run(*, application: Application, choices: Sequence[Preference], now: dt.datetime) -> list[Check]:
    """Work out catchment and distance of each choice and write what the machine finds about this hand-in.

    The first human reviewer starts from these; none of them decides anything.  At most 9 queries.
    """
    held = application.round
    hits = {
        hit.school_code
        for hit in catchment_schools(
            stage=held.stage, on=held.closes_at.date(), community=application.community_id, address=application.address or ""
        )
    }  # fmt: skip
    for choice in choices:
        choice.in_catchment = choice.intake.school_id in hits
        choice.band = _band(application, choice)
    Preference.objects.bulk_update(choices, ["in_catchment", "band"])
    found = {
        "age": _ok(held.born_from <= application.child.birth_on <= held.born_to),
        "catchment": _ok(any(choice.in_catchment for choice in choices)) if held.catchment_first else None,
        "double": _ok(not _elsewhere(application)),
        **_registers(application),
    }
    rows = [
        Check(
            application=application, pass_number=application.pass_number, code=code, outcome=outcome, at=now
        )
        for code, outcome in found.items()
        if outcome is not None
    ]
    return Check.objects.bulk_create(rows)


def _registers(application: Application) -> dict[str, str | None]:
    held, category = application.round, application.category
    if not held.home_papers or category is None:
        return {}
    found: dict[str, str | None] = {}
    if category.needs_hukou:
        found["hukou"] = _known(
            register_has(
                kind="hukou", year=held.year, address_hash=application.address_hash, person_hash=application.child.id_hash
            )
        )  # fmt: skip
    if category.needs_property:
        found["property"] = _known(
            register_has(kind="property", year=held.year, address_hash=application.address_hash)
        )
    found["place_lock"] = _ok(
        not place_locked(
            stage=held.stage, address_hash=application.address_hash, on=held.starts_on,
            child_hash=application.child.id_hash, sibling_hashes=sibling_hashes(child_id=application.child_id),
        )
    )  # fmt: skip
    return found


def _elsewhere(application: Application) -> bool:
    """Whether the child has a live application in another round of the same stage and year."""
    held = application.round
    return (
        Application.objects.filter(
            child_id=application.child_id, state__in=LIVE, round__stage=held.stage, round__year=held.year
        )
        .exclude(pk=application.pk)
        .exclude(state="draft")
        .exists()
    )


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
