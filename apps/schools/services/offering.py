"""What becomes of offered places: answers, what lapses, waiting lists, enrolment, decisions that take one back.

Locks in one order: the application, then the waiting lists it touches by name, then the kernel's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.capacity import services as capacity
from apps.capacity.errors import CapacityFull, ClaimExpired, OfferGone
from apps.capacity.services import Offer as KernelOffer
from apps.capacity.services import QueueKind
from apps.common.errors import constraint_of
from apps.schools import notices
from apps.schools.errors import (
    ApplicationMoveRefused,
    ApplicationUnknown,
    NoPlaceLeft,
    OfferOver,
    OfferUnknown,
    PlaceElsewhere,
    ReasonMissing,
    RoundNotReady,
)
from apps.schools.models import AdmissionRound, Application, Intake, Offer, WaitingPlace
from apps.schools.selectors import guardian_ids, offer_live, sibling_hashes, waits_open
from apps.schools.services.applying import By, may_work, own
from apps.schools.services.journal import application_move
from apps.schools.services.locks import place_lock_take
from apps.schools.services.rounds import QUEUE_PREFIX, round_lock, round_moved
from apps.schools.states import (
    Actor,
    ApplicationState,
    ApplicationVerb,
    OfferState,
    OfferVerb,
    RoundState,
    RoundVerb,
    move_of,
    offer_move,
)


def offer_accept(*, application_id: UUID, by: By, now: dt.datetime, intake_id: UUID | None = None) -> Offer:
    """Accept the place offered, or the one that a waiting list of ``intake_id`` offers.

    Accepting a better place gives the one held back, in the same transaction, to the next who waits for it.  One keeps
    waiting only for places that one prefers to this one.  Accepted again, the same offer.  About 20 queries.
    Raises ApplicationUnknown, OfferUnknown, OfferOver.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        _queues_lock(row)
        held = offer_live(application_id=row.pk)
        if intake_id is not None and (held is None or held.intake_id != intake_id):
            return _accept_waiting(row, held, intake_id, by, now)
        if held is None:
            # A single offer of a waiting list needs no naming.
            offered = [one for one in waits_open(application_id=row.pk) if one.entry.state == "offered"]
            if len(offered) != 1:
                raise OfferUnknown
            return _accept_waiting(row, None, offered[0].intake_id, by, now)
        if held.state in (OfferState.ACCEPTED, OfferState.ENROLLED):
            # Who says yes again takes back what was asked.
            held.decline_asked_by_id = None
            held.save(update_fields=["decline_asked_by"])
            return held
        if held.answer_until <= now:
            raise OfferOver
        try:
            capacity.claim_confirm(claim_id=held.claim_id, now=now)
        except ClaimExpired:
            raise OfferOver from None
        held.decline_asked_by_id = None
        _answer(held, OfferVerb.ACCEPT, by, now)
        _worse_leave(row, held.intake_id, now)
        notices.offer_told(offer=held, now=now)
        return held


def _accept_waiting(row: Application, held: Offer | None, intake_id: UUID, by: By, now: dt.datetime) -> Offer:
    place = next((one for one in waits_open(application_id=row.pk) if one.intake_id == intake_id), None)
    if place is None or place.entry.state != "offered":
        raise OfferUnknown(attr="intake")
    if held is not None and held.state == OfferState.ENROLLED:
        raise OfferOver
    try:
        claim = capacity.offer_accept(entry_id=place.entry_id, now=now)
    except OfferGone:
        raise OfferOver from None
    if held is not None:
        _give_back(
            held, OfferVerb.DECLINE, by, now, note=_("exchanged for %(place)s") % {"place": place.intake.name}
        )
    offer = _offer_write(
        application=row, child_id=row.child_id, intake=place.intake, claim_id=claim.id, state=OfferState.ACCEPTED,
        origin=Offer.Origin.WAITING, answer_until=now, made_at=now, answered_at=now, answered_by_id=by.resident_id,
        answered_by_staff=by.staff,
    )  # fmt: skip
    if row.state == ApplicationState.UNALLOCATED:
        _move(row, ApplicationVerb.ALLOCATE, by, now)
    _worse_leave(row, intake_id, now)
    notices.offer_told(offer=offer, now=now)
    return offer


def _offer_write(**values: Any) -> Offer:
    try:
        with transaction.atomic():
            return Offer.objects.create(**values)
    except IntegrityError as error:
        if constraint_of(error) == "offer_one_live_per_child":
            raise PlaceElsewhere from None
        raise


def offer_decline(
    *, application_id: UUID, by: By, now: dt.datetime, intake_id: UUID | None = None
) -> Offer | None:
    """Decline the place held, or what the waiting list of ``intake_id`` offers (then one leaves that list, None).

    Where a child has two guardians, both must want to give up a place held: the first asks, the other is told.
    About 15 queries.  Raises ApplicationUnknown, OfferUnknown, OfferOver.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        _queues_lock(row)
        held = offer_live(application_id=row.pk)
        if intake_id is not None and (held is None or held.intake_id != intake_id):
            place = next(
                (one for one in waits_open(application_id=row.pk) if one.intake_id == intake_id), None
            )
            if place is None or place.entry.state != "offered":
                raise OfferUnknown(attr="intake")
            capacity.offer_decline(entry_id=place.entry_id, now=now)
            # The kernel never offers it again to who declined: a place in that list would only look like one.
            capacity.wait_leave(entry_id=place.entry_id, now=now)
            return None
        if held is None:
            raise OfferUnknown
        if held.state == OfferState.ENROLLED or (
            held.state == OfferState.OFFERED and held.answer_until <= now
        ):
            raise OfferOver
        others = [one for one in guardian_ids(child_id=row.child_id) if one != by.resident_id]
        # What someone asked who is no guardian any more counts nothing.
        if by.resident_id is not None and others and held.decline_asked_by_id not in others:
            held.decline_asked_by_id = by.resident_id
            held.save(update_fields=["decline_asked_by"])
            notices.decline_asked_told(offer=held, residents=others, now=now)
            return held
        _give_back(held, OfferVerb.DECLINE, by, now)
        _move(row, ApplicationVerb.MISS, by, now)
        notices.offer_told(offer=held, now=now)
        return held


def offers_lapse(*, now: dt.datetime, limit: int = 200) -> int:
    """End what was not answered in time and hand the places on; returns how many.  1 query, about 15 for each."""
    late = Offer.objects.filter(state=OfferState.OFFERED, answer_until__lte=now).order_by("answer_until")
    count = 0
    for application_id in list(late.values_list("application_id", flat=True)[:limit]):
        with transaction.atomic():
            row = (
                Application.objects.select_for_update(of=("self",))
                .select_related("round__department", "child")
                .get(pk=application_id)
            )
            _queues_lock(row)
            held = offer_live(application_id=application_id)
            if held is None or held.state != OfferState.OFFERED or held.answer_until > now:
                continue
            _give_back(held, OfferVerb.LAPSE, By(), now)
            _move(row, ApplicationVerb.MISS, By(), now)
            notices.offer_told(offer=held, now=now)
            count += 1
    return count


def offer_revoke(*, application_id: UUID, reason: str, staff: Any, now: dt.datetime) -> Offer:
    """Take a place back by a named decision: papers proven false, a child that moved away.  About 15 queries.

    ``reason``  1 to 200 characters.  Raises ApplicationUnknown, OfferUnknown, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing(attr="note")
    with transaction.atomic():
        by = By(staff=staff)
        row = own(application_id=application_id, by=by)
        _queues_lock(row)
        held = offer_live(application_id=row.pk)
        if held is None or offer_move(state=OfferState(held.state), verb=OfferVerb.REVOKE) is None:
            raise OfferUnknown
        _give_back(held, OfferVerb.REVOKE, by, now, note=reason[:200])
        _move(row, ApplicationVerb.MISS, by, now, note=reason)
        notices.offer_told(offer=held, now=now)
        return held


def child_enrol(*, application_id: UUID, staff: Any, now: dt.datetime) -> Offer:
    """Enrol a child at the school whose place its family accepted; this function will lock the home's place for the years of the rule.

    By staff of the school or of the round's unit.  About 18 queries.
    Raises ApplicationUnknown, OfferUnknown, and PlaceLocked where another child has used the home's place.
    """
    with transaction.atomic():
        row = (
            Application.objects.select_for_update(of=("self",))
            .select_related("round__department", "child")
            .filter(pk=application_id)
            .first()
        )
        if row is None:
            raise ApplicationUnknown
        _queues_lock(row)
        held = offer_live(application_id=row.pk)
        if not may_work(staff, row.round) and (
            held is None or held.intake.school.department_id not in staff.department_ids
        ):
            raise ApplicationUnknown
        if held is None or held.state != OfferState.ACCEPTED:
            raise OfferUnknown
        if row.round.home_papers:
            place_lock_take(
                stage=row.round.stage, address_hash=row.address_hash, child_hash=row.child.id_hash,
                school_code=held.intake.school_id, on=row.round.starts_on, source=row.number,
                sibling_hashes=sibling_hashes(child_id=row.child_id),
            )  # fmt: skip
        _answer(held, OfferVerb.ENROL, By(staff=staff), now)
        _move(row, ApplicationVerb.ENROL, By(staff=staff), now, actor=Actor.SCHOOL)
        for other in waits_open(application_id=row.pk):
            capacity.wait_leave(entry_id=other.entry_id, now=now)
        notices.offer_told(offer=held, now=now)
        return held


def place_give(*, row: Application, intake: Intake, by: By, now: dt.datetime, extra: bool = False) -> Offer:
    """Offer a place to a locked application by a decision on its appeal; the one it holds goes back.  About 12 queries.

    ``extra``  make a place for it where none is left, past who waits; that there is one more is public with its reason
    Raises NoPlaceLeft.
    """
    _queues_lock(row, intake.pk)
    held = offer_live(application_id=row.pk)
    if held is not None and held.intake_id == intake.pk:
        return held
    until = now + dt.timedelta(hours=row.round.waiting_answer_hours)
    claim_id = _place_take(row, intake, by, now, until, extra)
    for other in waits_open(application_id=row.pk):
        if other.intake_id == intake.pk:  # else one child could be offered two places here
            capacity.wait_leave(entry_id=other.entry_id, now=now)
    if held is not None:
        _give_back(
            held, OfferVerb.REVOKE, by, now, note=_("exchanged for %(place)s") % {"place": intake.name}
        )
    offer = _offer_write(
        application=row, child_id=row.child_id, intake=intake, claim_id=claim_id, origin=Offer.Origin.APPEAL, answer_until=until,
        made_at=now,
    )  # fmt: skip
    if row.state == ApplicationState.UNALLOCATED:
        _move(row, ApplicationVerb.ALLOCATE, by, now)
    notices.offers_told(offers=[offer], now=now)
    return offer


def _place_take(
    row: Application, intake: Intake, by: By, now: dt.datetime, until: dt.datetime, extra: bool
) -> UUID:
    if intake.capacity_id is None:
        raise NoPlaceLeft(attr="intake")
    taking: dict[str, Any] = {
        "capacity_id": intake.capacity_id, "owner": f"schools.application:{row.pk}", "now": now, "until": until,
        "idempotency_key": f"schools.appeal:{row.pk}:{intake.pk}:{int(now.timestamp())}",
    }  # fmt: skip
    try:
        return capacity.unit_take(**taking).id
    except CapacityFull:
        if not extra:
            raise NoPlaceLeft(attr="intake") from None
    reason = _("one more place by a decision on an appeal")
    return capacity.unit_grant(reason=reason, actor=by.staff.username, **taking)


def round_finish(*, round_id: UUID, staff: Any, now: dt.datetime) -> AdmissionRound:
    """End a round after its waiting lists: no more offers are made.  About 4 queries.

    Raises RoundUnknown, RoundMoveRefused, RoundNotReady.
    """
    with transaction.atomic():
        held = round_lock(round_id=round_id, verb=RoundVerb.FINISH, staff=staff)
        if now < held.waiting_until:
            raise RoundNotReady(why=_("the waiting lists still stand"))
        if Offer.objects.filter(intake__round=held, state=OfferState.OFFERED).exists():
            raise RoundNotReady(why=_("offers are not answered"))
        round_moved(held, RoundVerb.FINISH, staff, now)
        return held


# --- Parts ----------------------------------------------------------------------------------------------------------


def _queues_lock(row: Application, *more: UUID) -> None:
    """Lock the waiting lists that this application's answers can touch, by name: two families that swap do not block."""
    intakes: set[UUID] = {*more, *row.preferences.values_list("intake_id", flat=True)}
    intakes |= set(row.offers.values_list("intake_id", flat=True))
    for name in sorted(f"{QUEUE_PREFIX}{one}" for one in intakes):
        capacity.queue_lock(queue=name)


def _answer(held: Offer, verb: OfferVerb, by: By, now: dt.datetime, note: str = "") -> None:
    move = offer_move(state=OfferState(held.state), verb=verb)
    if move is None:
        raise OfferOver
    held.state, held.answered_at, held.note = move.target, now, note[:200]
    held.answered_by_id, held.answered_by_staff = by.resident_id, by.staff
    held.save(
        update_fields=["state", "answered_at", "note", "answered_by", "answered_by_staff", "decline_asked_by"]
    )


def _give_back(held: Offer, verb: OfferVerb, by: By, now: dt.datetime, note: str = "") -> None:
    _answer(held, verb, by, now, note)
    capacity.claim_release(claim_id=held.claim_id, why=verb, now=now)


def _worse_leave(row: Application, intake_id: UUID, now: dt.datetime) -> None:
    """End the waiting for the place that is accepted and for those that the family likes less."""
    choices = dict(row.preferences.values_list("intake_id", "position"))
    here = choices.get(intake_id)
    for other in waits_open(application_id=row.pk):
        if other.intake_id == intake_id or (here is not None and choices[other.intake_id] > here):
            capacity.wait_leave(entry_id=other.entry_id, now=now)


def _move(
    row: Application,
    verb: ApplicationVerb,
    by: By,
    now: dt.datetime,
    note: str = "",
    actor: Actor = Actor.ROUND,
) -> None:
    move = move_of(state=ApplicationState(row.state), verb=verb, actor=actor)
    if move is None:
        raise ApplicationMoveRefused
    application_move(row, move, now, by=by, note=note)


# --- What the kernel asks and tells ---------------------------------------------------------------------------------


def _offer_until(queue: str, _happens_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    held = AdmissionRound.objects.filter(intakes=UUID(queue.removeprefix(QUEUE_PREFIX))).first()
    if held is None or held.state != RoundState.PUBLISHED or now >= held.waiting_until:
        return None
    return min(now + dt.timedelta(hours=held.waiting_answer_hours), held.waiting_until)


def _waiting(offer: KernelOffer) -> Iterable[WaitingPlace]:
    return WaitingPlace.objects.filter(entry_id=offer.entry_id).select_related(
        "application__round__department", "application__child", "intake__school"
    )


def _on_offer(offer: KernelOffer, now: dt.datetime) -> None:
    for place in _waiting(offer):
        notices.waiting_told(
            row=place.application, place=place.intake.school.name, entry_id=offer.entry_id, until=offer.expires_at, now=now
        )  # fmt: skip


def _on_lapse(offer: KernelOffer, now: dt.datetime) -> None:
    for place in _waiting(offer):
        notices.waiting_told(
            row=place.application, place=place.intake.school.name, entry_id=offer.entry_id, until=offer.expires_at, now=now,
            lapsed=True,
        )  # fmt: skip


QUEUE = QueueKind(QUEUE_PREFIX, _offer_until, _on_offer, _on_lapse)
