"""From the frozen roster to published places: commitment, reveal, allocation, publication; each once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.capacity import services as capacity
from apps.common.ids import uuid7
from apps.schools import notices
from apps.schools.allocation import ALGORITHM_VERSION, Outcome, allocate
from apps.schools.bundle import bundle_files, outcome_read
from apps.schools.checker import check
from apps.schools.draw import commitment_of, seed_of
from apps.schools.errors import CertificateFails, DrawTwoPeople, ReasonMissing, RoundNotReady
from apps.schools.explanation import Ranking
from apps.schools.models import (
    AdmissionRound,
    AllocationRun,
    Application,
    Cutoff,
    Draw,
    FrozenEntry,
    Intake,
    Offer,
    Preference,
    PreferenceResult,
    PriorityCategory,
    RosterFreeze,
    WaitingPlace,
)
from apps.schools.selectors import guardian_ids_of_children
from apps.schools.services.journal import applications_move
from apps.schools.services.rounds import QUEUE_PREFIX, round_lock, round_moved
from apps.schools.standing import Roster, roster_read
from apps.schools.states import Actor, ApplicationState, ApplicationVerb, OfferState, RoundVerb, move_of

CHUNK = 2000


def round_commit(*, round_id: UUID, staff: Any, now: dt.datetime) -> Draw:
    """Draw a secret of 256 bits and make its commitment public; this function will tell the secret to nobody.

    About 5 queries.  Raises RoundUnknown, RoundMoveRefused.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.COMMIT, staff=staff)
        freeze = RosterFreeze.objects.get(round=held)
        secret = secrets.token_bytes(32)
        draw = Draw.objects.create(
            round=held, secret=secret.hex(), commitment=commitment_of(secret, held.code, freeze.sha256), committed_at=now,
            committed_by=staff,
        )  # fmt: skip
        round_moved(held, RoundVerb.COMMIT, staff, now, note=draw.commitment)
        return draw


def round_reveal(
    *, round_id: UUID, public_number: str, public_source: str, staff: Any, now: dt.datetime
) -> Draw:
    """Fix the public number, by someone else than who committed, and tell the secret; never again.  About 5 queries.

    ``public_number``  digits and letters as announced, 4 to 64    ``public_source``  where everyone can see it
    Raises RoundUnknown, RoundMoveRefused, DrawTwoPeople, ReasonMissing.
    """
    number = public_number.strip()
    if not 4 <= len(number) <= 64 or not number.isascii() or not number.isalnum():
        raise ReasonMissing(attr="public_number")
    if not public_source.strip():
        raise ReasonMissing(attr="public_source")
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.REVEAL, staff=staff)
        draw = Draw.objects.select_for_update().get(round=held)
        if draw.committed_by_id == staff.pk:
            raise DrawTwoPeople
        draw.public_number, draw.public_source = number, public_source.strip()[:200]
        draw.revealed_at, draw.revealed_by = now, staff
        draw.save(update_fields=["public_number", "public_source", "revealed_at", "revealed_by"])
        round_moved(held, RoundVerb.REVEAL, staff, now, note=number)
        return draw


def round_allocate(*, round_id: UUID, staff: Any, now: dt.datetime) -> AllocationRun:
    """Work the allocation out, have it checked, keep bundle and certificate; this function will keep nothing that fails.

    About 8 queries; the computation holds the round's row (200,000 children: below a minute).
    Raises RoundUnknown, RoundMoveRefused, CertificateFails.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.ALLOCATE, staff=staff)
        freeze, draw = RosterFreeze.objects.get(round=held), Draw.objects.get(round=held)
        data = bytes(freeze.roster)
        roster = roster_read(data)
        secret = bytes.fromhex(draw.secret)
        seed = seed_of(secret, draw.public_number, freeze.sha256)
        outcome = allocate(roster, seed)
        certificate = check(roster, seed, outcome)
        if not certificate.ok:
            raise CertificateFails(why="; ".join(certificate.problems[:3]))
        files = bundle_files(
            data, draw.commitment, secret, draw.public_number, draw.public_source, outcome, certificate
        )
        placed = sum(one.size for one in roster.applicants if outcome.assigned[one.pseudonym] is not None)
        run = AllocationRun.objects.create(
            round=held, algorithm=ALGORITHM_VERSION, bundle={name: text.decode() for name, text in files.items()},
            sha256=hashlib.sha256(files["manifest.json"]).hexdigest(), holds=certificate.ok, placed=placed,
            unplaced=freeze.applicants - placed, ran_at=now,
        )  # fmt: skip
        round_moved(held, RoundVerb.ALLOCATE, staff, now, note=run.sha256)
        return run


def round_publish(*, round_id: UUID, staff: Any, now: dt.datetime) -> AdmissionRound:
    """Make the result public: offers on places of the kernel, waiting lists, each family's letter, all in one transaction.

    Set-based: about 25 queries for each 2,000 applications, and those of the notices.
    Raises RoundUnknown, RoundMoveRefused, RoundNotReady while a child holds a place in another round, the kernel's
    CapacityFull when places were taken by another hand.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.PUBLISH, staff=staff)
        freeze, draw = RosterFreeze.objects.get(round=held), Draw.objects.get(round=held)
        roster = roster_read(bytes(freeze.roster))
        seed = seed_of(bytes.fromhex(draw.secret), draw.public_number, freeze.sha256)
        # What was checked and goes out, not worked out anew: a newer program must not come to another result here.
        outcome = outcome_read(AllocationRun.objects.get(round=held).bundle["result.jsonl"])
        ranking = Ranking(roster, seed, outcome)
        names = dict(FrozenEntry.objects.filter(round=held).values_list("application_id", "pseudonym"))
        rows = list(
            held.applications.select_for_update(of=("self",))
            .filter(state=ApplicationState.FROZEN)
            .select_related("round__department", "child")
            .order_by("id")
        )
        intakes = {one.code: one for one in held.intakes.select_related("school")}
        _elsewhere_check(held, [row for row in rows if outcome.assigned[names[row.pk]] is not None])
        offers = _offers_write(held, rows, names, outcome, intakes, now)
        _letters_write(rows, names, ranking, outcome, intakes)
        _cutoffs_write(held, roster, ranking, intakes)
        _waiting_write(held, rows, names, ranking, outcome, intakes, now)
        with_place = [row for row in rows if outcome.assigned[names[row.pk]] is not None]
        without = [row for row in rows if outcome.assigned[names[row.pk]] is None]
        for group, verb in ((with_place, ApplicationVerb.ALLOCATE), (without, ApplicationVerb.MISS)):
            applications_move(
                group, move_of(state=ApplicationState.FROZEN, verb=verb, actor=Actor.ROUND), now
            )
        round_moved(held, RoundVerb.PUBLISH, staff, now)
        notices.offers_told(offers=offers, now=now)
        guardians = guardian_ids_of_children(child_ids=[row.child_id for row in without])
        for row in without:
            notices.application_told(
                row=row, event="no_place", now=now, residents=guardians.get(row.child_id, [])
            )
        return held


def _elsewhere_check(held: AdmissionRound, placed: list[Application]) -> None:
    """Refuse while a child holds a place in another round: it has one, until it is declined or taken back."""
    elsewhere = set(
        Offer.objects.filter(
            state__in=[OfferState.OFFERED, OfferState.ACCEPTED], child__applications__round=held,
            child__applications__state=ApplicationState.FROZEN,
        ).values_list("child_id", flat=True)
    )  # fmt: skip
    numbers = [row.number for row in placed if row.child_id in elsewhere]
    if numbers:
        raise RoundNotReady(
            why=_("children hold a place in another round: %(numbers)s")
            % {"numbers": ", ".join(numbers[:20])}
        )


def _offers_write(
    held: AdmissionRound,
    rows: list[Application],
    names: dict[UUID, str],
    outcome: Outcome,
    intakes: dict[str, Intake],
    now: dt.datetime,
) -> list[Offer]:
    placed = [(row, intakes[code]) for row in rows if (code := outcome.assigned[names[row.pk]]) is not None]
    claims = capacity.units_take(
        takes=[
            capacity.BulkTake(intake.capacity_id, f"schools.application:{row.pk}", f"schools.offer:{row.pk}")  # type: ignore[arg-type]
            for row, intake in placed
        ],
        until=held.answer_until, now=now,
    )  # fmt: skip
    offers = [
        Offer(
            id=uuid7(), application=row, child_id=row.child_id, intake=intake, claim_id=claims[f"schools.offer:{row.pk}"],
            origin=Offer.Origin.ALLOCATION, answer_until=held.answer_until, made_at=now,
        )
        for row, intake in placed
    ]  # fmt: skip
    return Offer.objects.bulk_create(offers, batch_size=CHUNK)


def _letters_write(
    rows: list[Application],
    names: dict[UUID, str],
    ranking: Ranking,
    outcome: Outcome,
    intakes: dict[str, Intake],
) -> None:
    code_of = {intake.pk: code for code, intake in intakes.items()}
    chosen: dict[UUID, list[Preference]] = defaultdict(list)
    for choice in Preference.objects.filter(application__in=rows):
        chosen[choice.application_id].append(choice)
    results = [
        PreferenceResult(
            preference=choice,
            admitted=outcome.assigned[names[row.pk]] == code_of[choice.intake_id],
            rank=ranking.rank(names[row.pk], code_of[choice.intake_id]),
            priority=ranking.priority(names[row.pk], code_of[choice.intake_id]),
        )
        for row in rows
        for choice in chosen[row.pk]
    ]
    PreferenceResult.objects.bulk_create(results, batch_size=CHUNK)


def _cutoffs_write(
    held: AdmissionRound, roster: Roster, ranking: Ranking, intakes: dict[str, Intake]
) -> None:
    categories: dict[str, PriorityCategory | None] = {one.code: one for one in held.categories.all()}
    rows = [
        Cutoff(
            intake=intakes[line.intake], category=categories[line.category] if line.category else None,
            admitted=line.admitted, applied=line.applied, last_rank=line.last_rank, last_priority=line.last_priority,
            last_points=line.last_points, last_band=line.last_band,
        )
        for line in ranking.cutoffs()
    ]  # fmt: skip
    Cutoff.objects.bulk_create(rows, batch_size=CHUNK)


def _waiting_write(
    held: AdmissionRound,
    rows: list[Application],
    names: dict[UUID, str],
    ranking: Ranking,
    outcome: Outcome,
    intakes: dict[str, Intake],
    now: dt.datetime,
) -> None:
    """Everyone waits where they would rather be than where they are, in the order of the allocation."""
    code_of = {intake.pk: code for code, intake in intakes.items()}
    wanted: list[tuple[Application, Intake, int]] = []
    by_row = {row.pk: row for row in rows}
    better: dict[UUID, bool] = {row.pk: True for row in rows}
    choices = Preference.objects.filter(application__in=rows).order_by("application_id", "position")
    for choice in choices:
        code = code_of[choice.intake_id]
        if outcome.assigned[names[choice.application_id]] == code:
            better[choice.application_id] = False
        # Twins wait for nothing: single places would part them.
        if better[choice.application_id] and by_row[choice.application_id].block_id is None:
            rank = ranking.rank(names[choice.application_id], code)
            wanted.append((by_row[choice.application_id], intakes[code], rank))
    wanted.sort(key=lambda one: (one[1].code, one[2]))
    places: dict[str, int] = defaultdict(int)
    waits, queued = [], []
    for row, intake, rank in wanted:
        places[intake.code] += 1
        key = f"schools.wait:{row.pk}:{intake.pk}"
        waits.append(
            capacity.BulkWait(
                f"{QUEUE_PREFIX}{intake.pk}", f"schools.application:{row.pk}", key, held.starts_on, min(places[intake.code], 32_767)
            )
        )  # fmt: skip
        queued.append((key, row, intake, rank))
    entries = capacity.waits_join(waits=waits, now=now)
    WaitingPlace.objects.bulk_create(
        [WaitingPlace(application=row, intake=intake, entry_id=entries[key], rank=rank) for key, row, intake, rank in queued],
        batch_size=CHUNK,
    )  # fmt: skip
