"""Moves of a round up to the frozen roster, and changes of its plan."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.capacity import selectors as capacity_reads
from apps.capacity import services as capacity
from apps.common.clock import midnight
from apps.schools import notices
from apps.schools.errors import RoundMoveRefused, RoundNotReady, RoundUnknown
from apps.schools.models import (
    AdmissionRound,
    Appeal,
    Application,
    FrozenEntry,
    Intake,
    IntakeReserve,
    Preference,
    RosterFreeze,
    RoundEvent,
)
from apps.schools.round_notices import step_told
from apps.schools.services.applying import may_work
from apps.schools.services.journal import application_move, applications_move
from apps.schools.services.reviewing import twin_shape
from apps.schools.standing import Applicant, Choice, Roster, Rules, roster_bytes, roster_hash
from apps.schools.standing import Intake as Places
from apps.schools.states import (
    Actor,
    ApplicationState,
    ApplicationVerb,
    RoundState,
    RoundVerb,
    move_of,
    round_move,
)

# Who does not live in the catchment comes after all classes of those who do.
OUTSIDE = 50
QUEUE_PREFIX = "schools.intake:"


def round_lock(*, round_id: UUID, verb: RoundVerb, staff: Any) -> AdmissionRound:
    """Return the round locked, for a head of its unit or a superuser.  1 query.  Raises RoundUnknown, RoundMoveRefused."""
    held = AdmissionRound.objects.select_for_update().filter(pk=round_id).first()
    if held is None or not may_work(staff, held):
        raise RoundUnknown
    if round_move(state=RoundState(held.state), verb=verb) is None:
        raise RoundMoveRefused
    return held


def round_moved(held: AdmissionRound, verb: RoundVerb, staff: Any, now: dt.datetime, note: str = "") -> None:
    """Save the round in its new state, write who moved it, tell its followers.  3 queries."""
    move = round_move(state=RoundState(held.state), verb=verb)
    if move is None:
        raise RoundMoveRefused
    held.state, held.version = move.target, held.version + 1
    held.save(update_fields=["state", "version"])
    RoundEvent.objects.create(round=held, verb=verb, note=note[:300], at=now, staff=staff)
    step_told(held=held, verb=verb, now=now)


def round_open(*, round_id: UUID, staff: Any, now: dt.datetime) -> AdmissionRound:
    """Announce a round: its plan becomes places of the kernel, and families may apply between its dates.  About 8 queries.

    Raises RoundUnknown, RoundMoveRefused, RoundNotReady.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.OPEN, staff=staff)
        intakes = list(held.intakes.select_related("school").order_by("code"))
        _ready_check(held, intakes, now)
        ids = capacity.capacities_open(
            plans=[
                capacity.CapacityPlan(
                    key=f"{QUEUE_PREFIX}{one.pk}", pools=(capacity.PoolPlan("public", one.plan),),
                    queue=f"{QUEUE_PREFIX}{one.pk}", happens_at=midnight(held.starts_on.isoformat()),
                )
                for one in intakes
            ],
            now=now,
        )  # fmt: skip
        for one in intakes:
            one.capacity_id = ids[f"{QUEUE_PREFIX}{one.pk}"]
        Intake.objects.bulk_update(intakes, ["capacity_id"])
        round_moved(held, RoundVerb.OPEN, staff, now)
        return held


def _ready_check(held: AdmissionRound, intakes: list[Intake], now: dt.datetime) -> None:
    reserved: dict[UUID, int] = defaultdict(int)
    for reserve in IntakeReserve.objects.filter(intake__round=held):
        reserved[reserve.intake_id] += reserve.seats
    why = ""
    if not intakes:
        why = _("it offers no places")
    elif not held.categories.exists():
        why = _("it has no class of applicants")
    elif held.closes_at <= now:
        why = _("its last day has passed")
    elif any(one.school.stage != held.stage for one in intakes):
        why = _("a school is of another stage")
    elif any(reserved[one.pk] > one.plan for one in intakes):
        why = _("more places are reserved than there are")
    if why:
        raise RoundNotReady(why=why)


def round_close(*, round_id: UUID, staff: Any, now: dt.datetime) -> AdmissionRound:
    """Say after the last day that nobody applies any more; drafts lapse by that.  About 4 queries.

    Raises RoundUnknown, RoundMoveRefused, RoundNotReady.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.CLOSE, staff=staff)
        if now < held.closes_at:
            raise RoundNotReady(why=_("its last day has not passed"))
        round_moved(held, RoundVerb.CLOSE, staff, now)
        return held


def plan_change(*, intake_id: UUID, places: int, reason: str, staff: Any, now: dt.datetime) -> int:
    """Raise or lower the places of an intake, with a reason that everyone reads; returns how many it has now.

    Not between the freeze and the publication: the roster holds the numbers.  Once offers stand, new places go to the
    waiting list in the same transaction.  About 8 queries.
    Raises RoundUnknown, RoundMoveRefused, and the kernel's TotalBelowUsed.
    """
    with transaction.atomic():
        intake = Intake.objects.select_related("round").filter(pk=intake_id).first()
        if intake is None:
            raise RoundUnknown
        held = AdmissionRound.objects.select_for_update().get(pk=intake.round_id)
        if not may_work(staff, held):
            raise RoundUnknown
        if intake.capacity_id is None or held.state not in (
            RoundState.OPEN, RoundState.VERIFYING, RoundState.PUBLISHED
        ):  # fmt: skip
            raise RoundMoveRefused
        capacity.total_change(
            capacity_id=intake.capacity_id,
            pool="public",
            total=places,
            reason=reason,
            actor=staff.username,
            now=now,
        )
        return places


def round_freeze(*, round_id: UUID, staff: Any, now: dt.datetime) -> RosterFreeze:
    """Write the roster down, byte for byte; this function will make its fingerprint public and let nothing change any more.

    What still lacks papers is turned down, what no one has decided stops it.  About 12 queries and 3 for each application
    that is turned down.  Raises RoundUnknown, RoundMoveRefused, RoundNotReady.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.FREEZE, staff=staff)
        if now < held.fix_until:
            raise RoundNotReady(why=_("papers can still be handed in"))
        # First, for it waits for papers that are being handed in right now: these are undecided then.
        _late_reject(held, now)
        undecided = held.applications.filter(
            state__in=[ApplicationState.SUBMITTED, ApplicationState.FIRST_REVIEW]
        ).count()
        if undecided:
            raise RoundNotReady(why=_("%(number)s applications are not decided") % {"number": undecided})
        appeals = Appeal.objects.filter(application__round=held, state=Appeal.State.OPEN).count()
        if appeals:
            raise RoundNotReady(why=_("%(number)s appeals are not decided") % {"number": appeals})
        rows = list(
            held.applications.select_for_update(of=("self",))
            .filter(state=ApplicationState.VERIFIED)
            .select_related("category", "child")
            .order_by("id")
        )
        if not rows:
            raise RoundNotReady(why=_("nobody applied"))
        names = _pseudonyms(rows)
        roster = _roster(held, rows, names)
        data = roster_bytes(roster)
        freeze = RosterFreeze.objects.create(
            round=held,
            roster=data,
            sha256=roster_hash(data),
            applicants=len(rows),
            frozen_at=now,
            frozen_by=staff,
        )
        FrozenEntry.objects.bulk_create(
            [FrozenEntry(application=row, round=held, pseudonym=names[row.pk]) for row in rows],
            batch_size=2000,
        )
        applications_move(
            rows,
            move_of(state=ApplicationState.VERIFIED, verb=ApplicationVerb.FREEZE, actor=Actor.ROUND),
            now,
        )
        round_moved(held, RoundVerb.FREEZE, staff, now, note=freeze.sha256)
        notices.receipts_told(rows=rows, names=names, sha256=freeze.sha256, now=now)
        return freeze


def _late_reject(held: AdmissionRound, now: dt.datetime) -> None:
    move = move_of(state=ApplicationState.NEEDS_FIX, verb=ApplicationVerb.REJECT, actor=Actor.ROUND)
    late = held.applications.select_for_update(of=("self",)).filter(state=ApplicationState.NEEDS_FIX)
    for row in late.select_related("round", "child").order_by("id"):
        if move is None:
            raise RoundMoveRefused
        application_move(row, move, now, note="too_late")
        notices.application_told(row=row, event="late", now=now)


def _pseudonyms(rows: list[Application]) -> dict[UUID, str]:
    """Return random names, 64 bits each; twins bound together share one."""
    blocks: dict[UUID, str] = {}
    names: dict[UUID, str] = {}
    for row in rows:
        name = secrets.token_hex(8)
        names[row.pk] = name if row.block_id is None else blocks.setdefault(row.block_id, name)
    if len(set(names.values())) != len({row.block_id or row.pk for row in rows}):
        return _pseudonyms(rows)
    return names


def _roster(held: AdmissionRound, rows: list[Application], names: dict[UUID, str]) -> Roster:
    intakes = list(held.intakes.order_by("code"))
    totals = capacity_reads.totals_of(capacity_ids=[one.capacity_id for one in intakes if one.capacity_id])
    reserves: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for reserve in (
        IntakeReserve.objects.filter(intake__round=held).select_related("category").order_by("category__code")
    ):
        reserves[reserve.intake_id].append((reserve.category.code, reserve.seats))
    places = tuple(
        Places(one.code, totals[one.capacity_id], tuple(reserves[one.pk]))
        for one in intakes
        if one.capacity_id
    )
    codes = {one.pk: one.code for one in intakes}
    chosen: dict[UUID, list[Preference]] = defaultdict(list)
    for choice in Preference.objects.filter(application__in=rows).order_by("application_id", "position"):
        chosen[choice.application_id].append(choice)
    grouped: dict[str, list[Application]] = defaultdict(list)
    for row in rows:
        grouped[names[row.pk]].append(row)
    for twins in grouped.values():
        if len(twins) > 1 and len({twin_shape(row=row) for row in twins}) != 1:
            raise RoundNotReady(why=_("twins placed together chose different places"))
    applicants = tuple(_applicant(held, name, grouped[name], chosen, codes) for name in sorted(grouped))
    rules = Rules(held.policy, held.parallel_width, held.max_choices)
    return Roster(held.code, rules, places, applicants)


def _applicant(
    held: AdmissionRound,
    name: str,
    rows: list[Application],
    chosen: dict[UUID, list[Preference]],
    codes: dict[UUID, str],
) -> Applicant:
    category = rows[0].category
    if category is None:  # the database keeps it from happening
        raise RoundNotReady(why=rows[0].number)
    choices = []
    for place, first in enumerate(chosen[rows[0].pk]):
        # Twins count by the farther band: the block goes to one school.
        same = [chosen[row.pk][place] for row in rows]
        outside = held.catchment_first and not all(one.in_catchment for one in same)
        choices.append(
            Choice(
                intake=codes[first.intake_id], priority=category.rank + (OUTSIDE if outside else 0),
                points=rows[0].points, band=max(one.band for one in same),
            )
        )  # fmt: skip
    return Applicant(name, len(rows), category.code, tuple(choices))
