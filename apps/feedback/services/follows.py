"""Following someone else's case, and telling those who do how it goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from apps.common.locks import Lock, lock_hold
from apps.common.times import moment_text
from apps.feedback import labels, notices
from apps.feedback.board_errors import BoardEntryNotFound, FollowsFull
from apps.feedback.board_states import MAX_FOLLOWS, NEVER_SHOWN, OFFERABLE, BoardState
from apps.feedback.models import Case, Follow, FollowRound, TimelineEntry
from apps.feedback.states import CaseState, Verb
from apps.notifications import services as notifications
from apps.notifications.services import Told

# What tells a follower something; the work between units does not.
TOLD = frozenset({Verb.DISPATCH, Verb.REPLY, Verb.CLOSE, Verb.REOPEN, Verb.REFUSE, Verb.WITHDRAW})
CHUNK = 500
# The sweep looks so far back, and leaves the task this long.
SWEEP_BACK, SWEEP_AFTER = dt.timedelta(hours=24), dt.timedelta(minutes=2)
SWEEP_BATCH = 200


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a resident stands towards a case."""

    public_number: str
    following: bool
    followers: int


def follow_add(*, public_number: str, resident_id: UUID, now: dt.datetime) -> Followed:
    """Let a resident follow a case that is published or offered; a second time changes nothing.  At most 6 queries.

    Raises BoardEntryNotFound, FollowsFull (200 a resident).
    """
    with transaction.atomic():
        _resident_lock(resident_id)
        case = _followable(public_number)
        followed = set(Follow.objects.filter(resident_id=resident_id).values_list("case_id", flat=True))
        if case.id not in followed:
            if len(followed) >= MAX_FOLLOWS:
                raise FollowsFull(most=MAX_FOLLOWS)
            Follow.objects.create(case=case, resident_id=resident_id, created_at=now)
            _counted(case, 1)
    return Followed(public_number, True, case.followers)


def follow_remove(*, public_number: str, resident_id: UUID) -> Followed:
    """End following; a case that is no longer shown can be left too.  At most 5 queries.

    Raises BoardEntryNotFound for one that is neither followed nor shown.
    """
    with transaction.atomic():
        _resident_lock(resident_id)
        follow = (
            Follow.objects.filter(resident_id=resident_id, case__public_number=public_number)
            .select_related("case")
            .defer("case__text", "case__search")
            .first()
        )
        case = follow.case if follow else _followable(public_number)
        if follow is not None:
            follow.delete()
            _counted(case, -1)
    return Followed(public_number, False, case.followers)


def _resident_lock(resident_id: UUID) -> None:
    """Let the follows of one resident be changed one after the other: else two at once could pass the cap."""
    lock_hold(Lock.FOLLOWS, of=str(resident_id))


def _followable(public_number: str) -> Case:
    """Return a case that is on the board, or that a resident may be offered to follow.  Raises BoardEntryNotFound."""
    offered = Q(category__public_by_default=True, state__in=[state.value for state in OFFERABLE], parent=None)
    case: Case | None = (
        Case.objects.filter(Q(board_entry__state=BoardState.PUBLISHED.value) | offered)
        .filter(public_number=public_number, category__sensitive=False)
        .exclude(request_type__in=[kind.value for kind in NEVER_SHOWN])
        .defer("text", "search")
        .first()
    )
    if case is None:
        raise BoardEntryNotFound
    return case


def _counted(case: Case, change: int) -> None:
    Case.objects.filter(pk=case.pk).update(followers=F("followers") + change)
    case.refresh_from_db(fields=["followers"])


def followers_tell(*, entry_id: UUID, now: dt.datetime) -> int:
    """Tell the followers of a case of one step of it; returns how many were told.  Once for each step.

    Tells those who followed when it happened, but not the resident whose case it is.  2 queries, 1 for each 500 of
    them, 1 to record it; each 500 in a transaction of their own, and a repeat goes on where the last one broke off.
    """
    entry: TimelineEntry | None = (
        TimelineEntry.objects.select_related("case__category", "case__board_entry")
        .defer("text", "case__text", "case__search", "case__board_entry__search")
        .filter(id=entry_id)
        .first()
    )
    if (
        entry is None
        or Verb(entry.verb) not in TOLD
        or FollowRound.objects.filter(entry_id=entry_id).exists()
    ):
        return 0
    told = 0 if entry.case.category is None or entry.case.category.sensitive else _tell_all(entry, now)
    FollowRound.objects.bulk_create([FollowRound(entry=entry, told=told, at=now)], ignore_conflicts=True)
    return told


def _tell_all(entry: TimelineEntry, now: dt.datetime) -> int:
    case = entry.case
    follows = Follow.objects.filter(case=case, created_at__lte=entry.at).exclude(resident_id=case.resident_id)
    fields = {
        "public_number": case.public_number,
        "title": _title_of(case),
        "state": str(labels.STATE_LABELS[CaseState(entry.target)]),
        "at": moment_text(entry.at),
    }
    told, last = 0, UUID(int=0)
    while chunk := list(follows.filter(id__gt=last).order_by("id").values_list("id", "resident_id")[:CHUNK]):
        with transaction.atomic():
            told += notifications.notices_enqueue_many(
                kind=notices.FOLLOWED,
                told=[Told(resident_id, f"followed:{entry.id}:{resident_id}") for _id, resident_id in chunk],
                fields=fields,
                now=now,
            )
        last = chunk[-1][0]
    return told


def _title_of(case: Case) -> str:
    """Return what the case may be called to others: its published title, else only what it is about."""
    entry = getattr(case, "board_entry", None)
    if entry is not None and entry.state == BoardState.PUBLISHED.value:
        return str(entry.title)
    return str(case.category)


def followers_sweep(*, now: dt.datetime) -> int:
    """Tell followers of the steps that a lost task left out; returns how many steps.  1 query when there is none.

    At most 200 steps of the last 24 hours, the oldest first.
    """
    followed = Follow.objects.filter(case_id=OuterRef("case_id"), created_at__lte=OuterRef("at"))
    missed = (
        TimelineEntry.objects.filter(
            Exists(followed), at__gte=now - SWEEP_BACK, at__lte=now - SWEEP_AFTER, verb__in=[verb.value for verb in TOLD],
            case__followers__gt=0,
        )
        .exclude(id__in=FollowRound.objects.filter(at__gte=now - SWEEP_BACK).values("entry_id"))
        .order_by("at")
        .values_list("id", flat=True)
    )  # fmt: skip
    entries = list(missed[:SWEEP_BATCH])
    for entry_id in entries:
        followers_tell(entry_id=entry_id, now=now)
    return len(entries)
