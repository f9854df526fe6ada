"""Reads of school places: rounds, a family's children and applications, results, what the public may see."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.capacity import selectors as capacity
from apps.schools.errors import ApplicationUnknown, RoundUnknown
from apps.schools.models import (
    AdmissionRound,
    Application,
    ApplicationDocument,
    Check,
    Cutoff,
    FrozenEntry,
    Guardianship,
    Intake,
    IntakeCount,
    Offer,
    Preference,
    Review,
    WaitingPlace,
)
from apps.schools.states import AFTER_FREEZE, OFFER_LIVE, ApplicationState, RoundState

# Counts below this say "<5" in public: few children can be told apart.
SMALLEST = 5
MOST_APPLICATIONS = 60


def rounds_public() -> QuerySet[AdmissionRound]:
    """Return the rounds that were announced, newest first.  1 query when read."""
    return AdmissionRound.objects.exclude(state=RoundState.SETUP).select_related("department")


def round_public(*, round_id: UUID) -> AdmissionRound:
    """Return an announced round.  1 query.  Raises RoundUnknown."""
    found = rounds_public().filter(pk=round_id).first()
    if found is None:
        raise RoundUnknown
    return found


# --- Families -------------------------------------------------------------------------------------------------------


def guardians_confirmed(*, child_id: UUID) -> QuerySet[Guardianship]:
    """Return the confirmed guardians of a child, oldest first.  1 query when read."""
    return Guardianship.objects.filter(child_id=child_id, confirmed_at__isnull=False, ended_at=None).order_by(
        "id"
    )


def guardians_of(*, child_id: UUID) -> list[Guardianship]:
    """Return the confirmed guardians of a child.  1 query."""
    return list(guardians_confirmed(child_id=child_id))


def guardian_ids(*, child_id: UUID) -> list[UUID]:
    """Return the residents who are confirmed guardians of a child.  1 query."""
    return [one.resident_id for one in guardians_of(child_id=child_id)]


def guardian_ids_of_children(*, child_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return the confirmed guardians of many children, by child.  1 query."""
    rows = Guardianship.objects.filter(
        child_id__in=list(child_ids), confirmed_at__isnull=False, ended_at=None
    ).order_by("id")
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for child_id, resident_id in rows.values_list("child_id", "resident_id"):
        found[child_id].append(resident_id)
    return found


def sibling_hashes(*, child_id: UUID) -> QuerySet[Any, str]:
    """Return the keyed hashes of the children who share a confirmed guardian with this one.  1 query when read."""
    mine = guardians_confirmed(child_id=child_id).values("resident_id")
    shared = Guardianship.objects.filter(resident_id__in=mine, ended_at=None, confirmed_at__isnull=False)
    return shared.exclude(child_id=child_id).order_by().values_list("child__id_hash", flat=True).distinct()


def children_of(*, resident_id: UUID) -> list[Guardianship]:
    """Return the children a resident acts for or asked to, with who asks to act for them too.  2 queries."""
    asking = Guardianship.objects.filter(confirmed_at=None, ended_at=None)
    return list(
        Guardianship.objects.filter(resident_id=resident_id, ended_at=None)
        .select_related("child")
        .prefetch_related(Prefetch("child__guardianships", queryset=asking, to_attr="asking"))
        .order_by("id")
    )


def _of_guardian(resident_id: UUID) -> QuerySet[Application]:
    mine = Guardianship.objects.filter(
        resident_id=resident_id, confirmed_at__isnull=False, ended_at=None
    ).values("child_id")
    return Application.objects.filter(child_id__in=mine)


def application_of_guardian(*, application_id: UUID, resident_id: UUID, lock: bool = False) -> Application:
    """Return an application of a child whose confirmed guardian the resident is.  1 query.  Raises ApplicationUnknown."""
    rows = _of_guardian(resident_id).select_related("round__department", "child", "category")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=application_id).first()
    if found is None:
        raise ApplicationUnknown
    return found


def applications_shown(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Return applications with what a door shows of them.  6 queries when read."""
    return rows.select_related("round__department", "child", "category", "frozen").prefetch_related(
        Prefetch("preferences", queryset=Preference.objects.select_related("intake__school").order_by("position")),
        "checks",
        "reviews",
        Prefetch("documents", queryset=_documents()),
        Prefetch("offers", queryset=Offer.objects.select_related("intake__school").order_by("-id")),
    )  # fmt: skip


def _documents() -> QuerySet[Any]:
    return ApplicationDocument.objects.filter(removed_at=None).defer("content").order_by("id")


@dataclass(frozen=True, slots=True)
class ApplicationShown:
    """An application with what its guardians see of it.  ``reviews`` oldest first, ``offers`` newest first."""

    row: Application
    preferences: Sequence[Preference]
    documents: Sequence[ApplicationDocument]
    checks: Sequence[Check]
    reviews: Sequence[Review] = ()
    offers: Sequence[Offer] = ()
    roster_code: str | None = None

    @property
    def state(self) -> str:
        """The state that it is in."""
        return self.row.state


def _shown(row: Application) -> ApplicationShown:
    frozen = getattr(row, "frozen", None)
    return ApplicationShown(
        row, list(row.preferences.all()), list(row.documents.all()), list(row.checks.all()), list(row.reviews.all()),
        list(row.offers.all()), frozen.pseudonym if frozen else None,
    )  # fmt: skip


def documents_kept(*, application_id: UUID) -> list[ApplicationDocument]:
    """Return the papers of an application without their content.  1 query."""
    return list(_documents().filter(application_id=application_id))


def applications_of(*, resident_id: UUID) -> list[ApplicationShown]:
    """Return the newest applications of a resident's children, at most 60.  6 queries."""
    rows = applications_shown(_of_guardian(resident_id)).order_by("-id")[:MOST_APPLICATIONS]
    return [_shown(row) for row in rows]


def application_shown(*, application_id: UUID, resident_id: UUID) -> ApplicationShown:
    """Return one application with what is shown of it.  6 queries.  Raises ApplicationUnknown."""
    found = applications_shown(_of_guardian(resident_id)).filter(pk=application_id).first()
    if found is None:
        raise ApplicationUnknown
    return _shown(found)


# --- Results --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChoiceStory:
    """Why a choice ended as it did.  ``waiting`` place in the waiting list, ``offer_until`` when that list offers a place."""

    preference: Preference
    seats: int
    cutoff: Cutoff | None
    before: Cutoff | None  # of the year before, at the same school
    waiting: int | None
    offer_until: dt.datetime | None


def result_of(*, application: Application) -> list[ChoiceStory]:
    """Return what became of each choice of a published application, in its order; empty before.  At most 6 queries."""
    if application.state not in AFTER_FREEZE or application.round.state not in (
        RoundState.PUBLISHED, RoundState.FINAL
    ):  # fmt: skip
        return []
    choices = list(application.preferences.select_related("intake__school", "result").order_by("position"))
    intakes = [choice.intake for choice in choices]
    seats = capacity.totals_of(capacity_ids=[one.capacity_id for one in intakes if one.capacity_id])
    cutoffs = {one.intake_id: one for one in Cutoff.objects.filter(intake__in=intakes, category=None)}
    earlier = Cutoff.objects.filter(
        category=None, intake__school__in=[one.school_id for one in intakes],
        intake__round__stage=application.round.stage, intake__round__year=application.round.year - 1,
        intake__round__state__in=[RoundState.PUBLISHED, RoundState.FINAL],
    ).select_related("intake")  # fmt: skip
    before = {one.intake.school_id: one for one in earlier}
    places = {
        one.intake_id: one
        for one in WaitingPlace.objects.filter(application=application).select_related("entry__claim")
    }
    positions = capacity.wait_positions(entry_ids=[one.entry_id for one in places.values()])
    return [
        ChoiceStory(
            choice, seats[choice.intake.capacity_id] if choice.intake.capacity_id else 0, cutoffs.get(choice.intake_id), before.get(choice.intake.school_id),
            positions.get(places[choice.intake_id].entry_id) if choice.intake_id in places else None,
            _offered_until(places.get(choice.intake_id)),
        )
        for choice in choices
    ]  # fmt: skip


def _offered_until(place: WaitingPlace | None) -> dt.datetime | None:
    if place is None or place.entry.state != "offered" or place.entry.claim is None:
        return None
    return place.entry.claim.expires_at


# --- The public seat counter ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IntakeCounts:
    """The public numbers of one intake; ``free`` what nobody has."""

    intake: Intake
    places: int
    changes: list[Any]
    applied: int
    verified: int
    refused: int
    offered: int
    accepted: int
    declined: int
    waiting: int
    cutoffs: list[Cutoff]

    @property
    def free(self) -> int:
        """Places that no offer stands on."""
        return self.places - self.offered - self.accepted


def intakes_public(*, round_id: UUID) -> list[IntakeCounts]:
    """Return the seat counter of a round, by intake.  8 queries whatever the number of intakes."""
    intakes = list(
        Intake.objects.filter(round_id=round_id).select_related("school").prefetch_related("reserves__category").order_by("code")
    )  # fmt: skip
    ids = [one.capacity_id for one in intakes if one.capacity_id]
    places = capacity.totals_of(capacity_ids=ids)
    changes = capacity.changes_of_many(capacity_ids=ids)
    live = ~Q(application__state__in=[ApplicationState.DRAFT, ApplicationState.WITHDRAWN])
    refused = Q(application__state=ApplicationState.REJECTED)
    verified = Q(application__state__in=[ApplicationState.VERIFIED, *AFTER_FREEZE])
    applied = {
        row["intake_id"]: row
        for row in Preference.objects.filter(intake__in=intakes)
        .values("intake_id")
        .annotate(
            applied=Count("id", filter=live), verified=Count("id", filter=verified), refused=Count("id", filter=refused)
        )
    }  # fmt: skip
    # An offer past its moment whose place the kernel has handed on already is none any more, swept or not.
    standing = Offer.objects.filter(intake__in=intakes).exclude(
        state="offered", claim__ended_at__isnull=False
    )
    offers: dict[tuple[UUID, str], int] = {
        (row["intake_id"], row["state"]): row["number"]
        for row in standing.values("intake_id", "state").annotate(number=Count("id"))
    }  # fmt: skip
    waits: dict[tuple[UUID, str], int] = {
        (row["intake_id"], row["entry__state"]): row["number"]
        for row in WaitingPlace.objects.filter(intake__in=intakes)
        .values("intake_id", "entry__state")
        .annotate(number=Count("id"))
    }
    cutoffs: dict[UUID, list[Cutoff]] = defaultdict(list)
    for line in (
        Cutoff.objects.filter(intake__in=intakes).select_related("category").order_by("category__rank")
    ):
        cutoffs[line.intake_id].append(line)
    nobody = {"applied": 0, "verified": 0, "refused": 0}
    return [
        IntakeCounts(
            intake=one,
            places=places.get(one.capacity_id, one.plan) if one.capacity_id else one.plan,
            changes=changes.get(one.capacity_id, []) if one.capacity_id else [],
            applied=applied.get(one.pk, nobody)["applied"],
            verified=applied.get(one.pk, nobody)["verified"],
            refused=applied.get(one.pk, nobody)["refused"],
            # What a waiting list offers is nobody else's either.
            offered=offers.get((one.pk, "offered"), 0) + waits.get((one.pk, "offered"), 0),
            accepted=offers.get((one.pk, "accepted"), 0) + offers.get((one.pk, "enrolled"), 0),
            declined=offers.get((one.pk, "declined"), 0) + offers.get((one.pk, "lapsed"), 0),
            waiting=waits.get((one.pk, "waiting"), 0),
            cutoffs=cutoffs[one.pk],
        )
        for one in intakes
    ]


def counts_of(*, round_id: UUID) -> QuerySet[IntakeCount]:
    """Return the seat counter of a round as it stood each evening.  1 query when read."""
    return IntakeCount.objects.filter(intake__round_id=round_id).select_related("intake")


def small(count: int) -> int | str:
    """Return a count as the public reads it: ``"<5"`` for one to four."""
    return f"<{SMALLEST}" if 0 < count < SMALLEST else count


# --- The desk -------------------------------------------------------------------------------------------------------


def offer_live(*, application_id: UUID) -> Offer | None:
    """Return the live offer of an application, with its place.  1 query."""
    return (
        Offer.objects.filter(application_id=application_id, state__in=list(OFFER_LIVE))
        .select_related("application__round__department", "intake__school")
        .first()
    )


def waits_open(*, application_id: UUID) -> Sequence[WaitingPlace]:
    """Return where an application still waits, better choices first.  1 query."""
    return list(
        WaitingPlace.objects.filter(application_id=application_id, entry__state__in=["waiting", "offered"])
        .select_related("entry__claim", "intake__school")
        .order_by("id")
    )


def offer_newest(*, application_id: UUID) -> Offer | None:
    """Return the newest offer of an application, with its place.  1 query."""
    return (
        Offer.objects.filter(application_id=application_id)
        .select_related("intake__school")
        .order_by("-id")
        .first()
    )


def roster_code(*, application_id: UUID) -> str | None:
    """Return the pseudonym of an application on the frozen roster, None before the freeze.  1 query."""
    return (
        FrozenEntry.objects.filter(application_id=application_id).values_list("pseudonym", flat=True).first()
    )
