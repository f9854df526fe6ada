"""Writes of for whom a place is usable, and of who verified what is said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.common import clock
from apps.facilities.access import Feature, Value, usable_by
from apps.facilities.errors import AssuranceWrong
from apps.facilities.models import AccessibilityFact, Assurance, AssuranceTerm
from apps.facilities.services.acts import act_record, facility_lock
from apps.facilities.states import Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff

TERM_DAYS, BACK_DAYS = 180, 30


@dataclass(frozen=True, slots=True)
class FactDraft:
    """One fact.  ``note``  at most 120 characters"""

    feature: Feature
    value: Value
    note: str = ""
    checked_on: dt.date | None = None


def access_facts_write(
    *,
    facility_id: UUID,
    facts: Sequence[FactDraft],
    staff: Staff | None,
    now: dt.datetime,
    version: int | None = None,
) -> None:
    """Make ``facts`` the whole of what is known of a place's accessibility; the same again changes nothing.  6 queries.

    Profiles that it lets in are worked out with it.  Raises FacilityNotFound, FacilityChanged.
    """
    wanted = {fact.feature: fact for fact in facts}
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id, version=version)
        held = {
            Feature(row.feature): FactDraft(Feature(row.feature), Value(row.value), row.note, row.checked_on)
            for row in facility.access_facts.all()
        }
        if held == wanted:
            return
        facility.access_facts.exclude(feature__in=[feature.value for feature in wanted]).delete()
        AccessibilityFact.objects.bulk_create(
            [
                AccessibilityFact(
                    facility=facility, feature=one.feature.value, value=one.value.value, note=one.note,
                    checked_on=one.checked_on,
                )
                for one in wanted.values()
            ],
            update_conflicts=True, unique_fields=["facility", "feature"],
            update_fields=["value", "note", "checked_on"],
        )  # fmt: skip
        profiles = usable_by(facts={feature: fact.value for feature, fact in wanted.items()})
        facility.accessible_for = [profile.value for profile in profiles]
        changed = {
            feature.value: [
                held[feature].value.value if feature in held else None,
                wanted[feature].value.value if feature in wanted else None,
            ]
            for feature in Feature
            if held.get(feature) != wanted.get(feature)
        }
        act_record(
            facility=facility,
            verb=Verb.ACCESS,
            staff=staff,
            now=now,
            changed=changed,
            written=("accessible_for",),
        )


def term_days(*, kind: str, on: dt.date) -> int:
    """Return how many days an assurance of a place of ``kind`` given on ``on`` holds; 180 where no term is in force.  1 query."""
    terms = AssuranceTerm.objects.in_force(on).filter(kind__in=[kind]) | AssuranceTerm.objects.in_force(
        on
    ).filter(kind=None)
    found = terms.order_by(F("kind").asc(nulls_last=True)).values_list("days", flat=True).first()
    return TERM_DAYS if found is None else int(found)


def assurance_give(
    *, facility_id: UUID, staff: Staff, method: str, assured_on: dt.date, now: dt.datetime
) -> Assurance:
    """Record that ``staff`` verified what is said of a place (核验); it holds for the term of its kind.  5 queries.

    ``method``  visit, call or document   ``assured_on``  today or one of the 30 days before
    Raises FacilityNotFound, AssuranceWrong.
    """
    today = clock.local(now).date()
    if (
        method not in Assurance.Method.values
        or not today - dt.timedelta(days=BACK_DAYS) <= assured_on <= today
    ):
        raise AssuranceWrong(attr="assured_on" if method in Assurance.Method.values else "method")
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id)
        days = term_days(kind=facility.kind_id, on=assured_on)
        assurance = Assurance.objects.create(
            facility=facility, by=staff, method=method, assured_on=assured_on, at=now,
            valid_to=assured_on + dt.timedelta(days=days),
        )  # fmt: skip
        act_record(
            facility=facility, verb=Verb.ASSURE, staff=staff, now=now,
            changed={"assured_until": [None, assurance.valid_to.isoformat()]},
        )  # fmt: skip
    return assurance
