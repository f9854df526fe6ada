"""A family's side of an application: beginning, changing, handing in, withdrawing, objecting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from apps.common.clock import local
from apps.common.crypto import lookup_hash
from apps.common.errors import constraint_of
from apps.common.geo import Point
from apps.schools import notices
from apps.schools.addresses import address_key
from apps.schools.errors import (
    ApplicationAlready,
    ApplicationIncomplete,
    ApplicationMoveRefused,
    ApplicationUnknown,
    CategoryUnknown,
    ChangedMeanwhile,
    ChildUnknown,
    ChoicesInvalid,
    ObjectionRefused,
    RoundNotOpen,
)
from apps.schools.models import (
    AdmissionRound,
    Application,
    ApplicationDocument,
    Guardianship,
    Preference,
    PriorityCategory,
)
from apps.schools.numbers import number_next
from apps.schools.selectors import ApplicationShown, application_of_guardian, documents_kept, round_public
from apps.schools.services.checking import checks_run
from apps.schools.services.journal import application_move
from apps.schools.states import OPEN_TO_FAMILY, Actor, ApplicationState, ApplicationVerb, RoundState, move_of


@dataclass(frozen=True, slots=True)
class Filing:
    """What a family fills in; None leaves a field as it is.  ``choices`` intakes in order, ``home`` where the home is."""

    address: str | None = None
    community: str | None = None
    category: str | None = None
    phone: str | None = None
    choices: Sequence[UUID] | None = None
    home: Point | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a guardian by the mini-program, or staff at the counter for a guardian who stands there."""

    resident_id: UUID | None = None
    staff: Any = None


def application_begin(
    *, round_id: UUID, child_id: UUID, by: By, filing: Filing, now: dt.datetime, on_behalf_of: str = ""
) -> Application:
    """Begin a child's application; nothing is handed in yet.  About 9 queries.

    Raises RoundUnknown, RoundNotOpen, ChildUnknown, ApplicationAlready, CategoryUnknown, ChoicesInvalid.
    """
    with transaction.atomic():
        held = round_public(round_id=round_id)
        _open_check(held, now)
        if by.resident_id is not None:
            _guardian_check(child_id, by.resident_id)
        row = Application(
            number=number_next(on=local(now).date()), round=held, child_id=child_id, filed_by_id=by.resident_id,
            filed_by_staff=by.staff, on_behalf_of=on_behalf_of or None, created_at=now,
        )  # fmt: skip
        _fill(row, held, filing)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            if constraint_of(error) == "application_once_per_round":
                raise ApplicationAlready(attr="child") from None
            raise
        _choices_write(row, held, filing)
        return row


def application_change(
    *, application_id: UUID, by: By, filing: Filing, now: dt.datetime, version: int | None = None
) -> Application:
    """Change what has not been handed in, or what was asked to be mended.  About 7 queries.

    ``version``  what the caller saw; another one is refused
    Raises ApplicationUnknown, ApplicationMoveRefused, RoundNotOpen, ChangedMeanwhile, CategoryUnknown, ChoicesInvalid.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        _change_check(row, now)
        if version is not None and version != row.version:
            raise ChangedMeanwhile(attr="version")
        _fill(row, row.round, filing)
        row.version += 1
        row.save()
        _choices_write(row, row.round, filing)
        return row


def application_submit(*, application_id: UUID, by: By, now: dt.datetime) -> ApplicationShown:
    """Hand an application in; this function will work out catchment and distance, run the machine's checks, tell every guardian.

    Returns it with what its guardians see.  Makes no savepoint: a refusal ends the transaction that it is called in.
    10 queries and 1 for each guardian.  Raises ApplicationUnknown, ApplicationMoveRefused, RoundNotOpen, ApplicationIncomplete.
    """
    with transaction.atomic(savepoint=False):
        row = own(application_id=application_id, by=by)
        move = move_of(state=ApplicationState(row.state), verb=ApplicationVerb.SUBMIT, actor=Actor.GUARDIAN)
        if move is None:
            raise ApplicationMoveRefused
        _change_check(row, now)
        choices = list(row.preferences.select_related("intake__school__facility").order_by("position"))
        documents = documents_kept(application_id=row.pk)
        _complete_check(row, choices, documents)
        if row.submitted_at is not None:
            row.pass_number += 1
        row.submitted_at = now
        found = checks_run(application=row, choices=choices, now=now)
        application_move(row, move, now, by=by)
        notices.application_told(row=row, event="submitted", now=now, residents=found.guardians)
        # What a reviewer asked for is answered by handing in, and nothing is offered before the freeze.
        return ApplicationShown(row, choices, documents, found.checks)


def application_withdraw(*, application_id: UUID, by: By, now: dt.datetime) -> Application:
    """Take an application back, by who filed it; the other guardian is told and may apply.  About 8 queries.

    Raises ApplicationUnknown, ApplicationMoveRefused.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=by)
        move = move_of(state=ApplicationState(row.state), verb=ApplicationVerb.WITHDRAW, actor=Actor.GUARDIAN)
        if move is None or (by.resident_id is not None and row.filed_by_id != by.resident_id):
            raise ApplicationMoveRefused
        was_draft = row.state == ApplicationState.DRAFT
        application_move(row, move, now, by=by)
        if not was_draft:
            notices.application_told(row=row, event="withdrawn", now=now)
        return row


def application_object(
    *, application_id: UUID, resident_id: UUID, text: str, now: dt.datetime
) -> Application:
    """Say as the other guardian that one does not agree; this function will keep it off the roster until a person settles it.

    ``text``  1 to 500 characters, encrypted.  About 8 queries.  Raises ApplicationUnknown, ObjectionRefused.
    """
    with transaction.atomic():
        row = own(application_id=application_id, by=By(resident_id=resident_id))
        move = move_of(state=ApplicationState(row.state), verb=ApplicationVerb.OBJECT, actor=Actor.GUARDIAN)
        if move is None or row.filed_by_id == resident_id or row.objected_at is not None:
            raise ObjectionRefused
        row.objection, row.objected_by_id, row.objected_at = text[:500], resident_id, now
        if row.state != ApplicationState.NEEDS_FIX:
            row.pass_number += 1
        application_move(row, move, now, by=By(resident_id=resident_id))
        notices.application_told(row=row, event="objected", now=now)
        return row


# --- Parts ----------------------------------------------------------------------------------------------------------


def own(*, application_id: UUID, by: By) -> Application:
    """Return the application locked, for a confirmed guardian of its child or staff of its round's unit.  2 queries."""
    if by.resident_id is not None:
        return application_of_guardian(application_id=application_id, resident_id=by.resident_id, lock=True)
    rows = Application.objects.select_for_update(of=("self",)).select_related("round", "child", "category")
    row = rows.filter(pk=application_id).first()
    if row is None or not may_work(by.staff, row.round):
        raise ApplicationUnknown
    return row


def may_work(staff: Any, held: AdmissionRound) -> bool:
    """Whether a member of staff works on a round: a member of its unit, or a superuser."""
    return bool(staff.is_superuser or held.department_id in staff.department_ids)


def _guardian_check(child_id: UUID, resident_id: UUID) -> None:
    mine = Guardianship.objects.filter(
        child_id=child_id, resident_id=resident_id, confirmed_at__isnull=False, ended_at=None
    )
    if not mine.exists():
        raise ChildUnknown(attr="child")


def _open_check(held: AdmissionRound, now: dt.datetime) -> None:
    if held.state != RoundState.OPEN or not held.opens_at <= now < held.closes_at:
        raise RoundNotOpen(opens_at=held.opens_at.isoformat(), closes_at=held.closes_at.isoformat())


def _change_check(row: Application, now: dt.datetime) -> None:
    if row.state not in OPEN_TO_FAMILY:
        raise ApplicationMoveRefused
    if row.state == ApplicationState.DRAFT:
        _open_check(row.round, now)
    elif row.round.state not in (RoundState.OPEN, RoundState.VERIFYING) or now >= row.round.fix_until:
        raise RoundNotOpen(opens_at=row.round.opens_at.isoformat(), closes_at=row.round.fix_until.isoformat())


def _fill(row: Application, held: AdmissionRound, filing: Filing) -> None:
    if filing.category is not None:
        row.category = PriorityCategory.objects.filter(round=held, code=filing.category).first()
        if row.category is None:
            raise CategoryUnknown(attr="category")
    if filing.phone is not None:
        row.phone = filing.phone or None
    if filing.community is not None:
        row.community_id = filing.community or None
    if filing.address is not None:
        row.address = filing.address
    if row.address is not None:
        key = address_key(row.address, row.community_id or "")
        row.address_hash = lookup_hash(key, purpose="home") if key else ""
    if filing.home is not None:
        point = filing.home.to("gcj02")
        row.home = f"{point.lng:.6f},{point.lat:.6f}"


def _choices_write(row: Application, held: AdmissionRound, filing: Filing) -> None:
    if filing.choices is None:
        return
    wanted = list(filing.choices)
    known = set(held.intakes.filter(pk__in=wanted).values_list("pk", flat=True))
    if not 1 <= len(wanted) <= held.max_choices or len(set(wanted)) != len(wanted) or known != set(wanted):
        raise ChoicesInvalid(attr="preferences", limit=held.max_choices)
    row.preferences.all().delete()
    Preference.objects.bulk_create(
        [
            Preference(application=row, intake_id=pk, position=place)
            for place, pk in enumerate(wanted, start=1)
        ]
    )


_PARTS = {
    "category": _("class of applicants"), "address": _("an address with a house number"), "community": _("community"),
    "preferences": _("choices"), "documents": _("papers"),
}  # fmt: skip


def _complete_check(
    row: Application, choices: list[Preference], documents: list[ApplicationDocument]
) -> None:
    missing = next(
        (
            name
            for name, given in (
                ("category", row.category_id), ("address", row.address and row.address_hash), ("community", row.community_id),
                ("preferences", choices),
            )
            if not given
        ),
        None,
    )  # fmt: skip
    if missing is None and row.category is not None and row.category.papers:
        missing = None if documents else "documents"
    if missing is not None:
        raise ApplicationIncomplete(attr=missing, what=str(_PARTS[missing]))
