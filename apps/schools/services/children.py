"""Children and who may act for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.common.clock import local
from apps.common.crypto import lookup_hash
from apps.common.errors import constraint_of
from apps.common.identity import identity_of, other_number
from apps.common.locks import Lock, lock_hold
from apps.schools import notices
from apps.schools.errors import (
    ChildConsentMissing,
    ChildIdentityInvalid,
    ChildMismatch,
    ChildrenTooMany,
    ChildUnknown,
    GuardianAlready,
    GuardianUnknown,
    ReasonMissing,
)
from apps.schools.models import Child, Guardianship
from apps.schools.selectors import guardians_of

MOST_CHILDREN = 6
MOST_NAME_CHARS = 40
OLDEST = 25  # a child older than this is a typing error


@dataclass(frozen=True, slots=True)
class ChildDraft:
    """What a guardian enters.  ``birth_on``, ``is_female`` only for other documents: a card's number says them."""

    relation: str
    name: str
    id_kind: str
    id_number: str
    birth_on: dt.date | None = None
    is_female: bool | None = None
    consent: bool = True


def child_hash(*, id_kind: str, number: str) -> str:
    """Return the keyed hash by which a child's row is found.  Also what registers hold."""
    return lookup_hash(f"{id_kind}:{number}", purpose="child")


def child_add(*, resident_id: UUID, draft: ChildDraft, now: dt.datetime) -> Guardianship:
    """Let a resident act for a child; this function will keep one row a child, whoever comes first.

    Who comes second has rights only once the first one, or the counter by papers, confirms it; the first one is told.
    The policy in force is kept as what was agreed to: a child under 14 needs its guardian's consent (PIPL 31).  About 9 queries.
    Raises ChildConsentMissing, ChildIdentityInvalid, ChildMismatch, ChildrenTooMany, GuardianAlready.
    """
    policy = accounts.policy_current(now=now)
    if not draft.consent or policy is None:
        raise ChildConsentMissing(attr="consent")
    with transaction.atomic():
        lock_hold(Lock.CHILDREN, of=str(resident_id))
        if Guardianship.objects.filter(resident_id=resident_id, ended_at=None).count() >= MOST_CHILDREN:
            raise ChildrenTooMany(limit=MOST_CHILDREN)
        child = child_find_or_make(draft=draft, now=now)
        others = guardians_of(child_id=child.pk)
        row = Guardianship(
            resident_id=resident_id, child=child, relation=draft.relation, policy=policy.version, created_at=now,
            confirmed_at=None if others else now,
        )  # fmt: skip
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if constraint_of(error) == "guardian_once":
                raise GuardianAlready(attr="relation") from None
            raise
        for other in others:
            notices.guardian_asks(resident_id=other.resident_id, row=row, now=now)
        return row


def child_find_or_make(*, draft: ChildDraft, now: dt.datetime) -> Child:
    """Return the child's row, made if it is not there, locked.  2 queries.  Raises ChildIdentityInvalid, ChildMismatch."""
    child = _found_or_made(draft, now)
    if child.name != draft.name:
        raise ChildMismatch(attr="name")
    return child


def _found_or_made(draft: ChildDraft, now: dt.datetime) -> Child:
    number, birth_on, is_female = _identity(draft, local(now).date())
    id_hash = child_hash(id_kind=draft.id_kind, number=number)
    Child.objects.bulk_create(
        [
            Child(
                name=draft.name, id_kind=draft.id_kind, id_number=number, id_hash=id_hash, birth_on=birth_on,
                gender="female" if is_female else "male", created_at=now,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Child.objects.select_for_update(no_key=True).get(id_hash=id_hash)


def _identity(draft: ChildDraft, today: dt.date) -> tuple[str, dt.date, bool]:
    if draft.id_kind == "resident":
        found = identity_of(draft.id_number, today=today)
        if found is None:
            raise ChildIdentityInvalid(attr="id_number")
        number, birth_on, is_female = found.number, found.birth_on, found.is_female
    else:
        other = other_number(draft.id_number)
        if other is None:
            raise ChildIdentityInvalid(attr="id_number")
        if draft.birth_on is None or draft.is_female is None:
            raise ChildIdentityInvalid(attr="birth_on")
        number, birth_on, is_female = other, draft.birth_on, draft.is_female
    if not today.year - OLDEST <= birth_on.year or birth_on > today:
        raise ChildIdentityInvalid(attr="birth_on")
    return number, birth_on, is_female


def child_at_counter(
    *, draft: ChildDraft, staff: Any, now: dt.datetime, name_corrected: bool = False
) -> Child:
    """Return the row of a child whose guardian stands at the counter with papers.  2 queries.

    ``name_corrected``  the papers show another name than the one that was typed first: it is put right
    Raises ChildIdentityInvalid, ChildMismatch.
    """
    with transaction.atomic():
        child = _found_or_made(draft, now)
        if child.name != draft.name:
            if not name_corrected:
                raise ChildMismatch(attr="name")
            child_name_correct(child_id=child.pk, name=draft.name, staff=staff, now=now)
        return child


def child_name_correct(*, child_id: UUID, name: str, staff: Any, now: dt.datetime) -> None:
    """Put a mistyped name right by papers that staff have seen: nobody else can, and it would shut the other guardian out.

    ``name``  1 to 40 characters.  Who did it stands in the admin's log, without the names.  3 queries.
    Raises ReasonMissing, ChildUnknown.
    """
    if not 1 <= len(name.strip()) <= MOST_NAME_CHARS:
        raise ReasonMissing(attr="name")
    with transaction.atomic():
        child = Child.objects.select_for_update(no_key=True).filter(pk=child_id).first()
        if child is None:
            raise ChildUnknown
        child.name = name.strip()
        child.save(update_fields=["name"])
        LogEntry.objects.create(
            user_id=staff.pk, content_type=ContentType.objects.get_for_model(Child), object_id=str(child.pk),
            object_repr=child.id_masked, action_flag=CHANGE, change_message="name corrected by papers", action_time=now,
        )  # fmt: skip


def guardian_confirm(*, guardianship_id: UUID, by_resident_id: UUID, now: dt.datetime) -> Guardianship:
    """Confirm that the other person is the child's guardian too; they see its applications from now on.  About 5 queries.

    Raises GuardianUnknown (also for whoever is no guardian of that child), GuardianAlready.
    """
    with transaction.atomic():
        row = _asked(guardianship_id)
        mine = Guardianship.objects.filter(
            child_id=row.child_id, resident_id=by_resident_id, confirmed_at__isnull=False, ended_at=None
        )
        if row.resident_id == by_resident_id or not mine.exists():
            raise GuardianUnknown
        return _confirm(row, None, now)


def guardian_confirm_at_counter(*, guardianship_id: UUID, staff: Any, now: dt.datetime) -> Guardianship:
    """Confirm by papers shown at the counter.  About 4 queries.  Raises GuardianUnknown, GuardianAlready."""
    with transaction.atomic():
        return _confirm(_asked(guardianship_id), staff, now)


def _asked(guardianship_id: UUID) -> Guardianship:
    row = (
        Guardianship.objects.select_for_update(of=("self",))
        .select_related("child")
        .filter(pk=guardianship_id, confirmed_at=None, ended_at=None)
        .first()
    )
    if row is None:
        raise GuardianUnknown
    return row


def _confirm(row: Guardianship, staff: Any, now: dt.datetime) -> Guardianship:
    row.confirmed_at, row.confirmed_by_staff = now, staff
    try:
        with transaction.atomic():
            row.save(update_fields=["confirmed_at", "confirmed_by_staff"])
    except IntegrityError as error:
        if constraint_of(error) == "guardian_one_mother_one_father":
            raise GuardianAlready(attr="relation") from None
        raise
    notices.guardian_confirmed(row=row, now=now)
    return row


def guardian_end(*, guardianship_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Give up one's own rights over a child here; applications stay.  1 query.  Raises ChildUnknown."""
    mine = Guardianship.objects.filter(pk=guardianship_id, resident_id=resident_id, ended_at=None)
    if not mine.update(ended_at=now):
        raise ChildUnknown
