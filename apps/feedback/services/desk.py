"""What the intake desk does: accept, refuse, classify, dispatch, rule, split, call back, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common import clock
from apps.common.words import lexemes, words_held
from apps.common.writing import rows_insert
from apps.feedback import intake
from apps.feedback.errors import ChannelUnknown, MoveRefused, ReportedUnit, RulingNeeded, UnitUnknown
from apps.feedback.models import Case, HandoverChannel, Ruling, TimelineEntry
from apps.feedback.numbers import number_next
from apps.feedback.services.deadlines import due_fields, stages_from
from apps.feedback.services.dispatching import case_send
from apps.feedback.services.incidents import members_release
from apps.feedback.services.moves import By, case_lock, case_move, incident_lock, move_of
from apps.feedback.services.ratings import rating_write
from apps.feedback.services.tellings import unit_tell
from apps.feedback.services.templates import filled_check
from apps.feedback.states import Actor, CaseState, Urgency, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Department, Staff


def _act(
    number: str, staff: Staff, version: int | None, verb: Verb, now: dt.datetime, **written: Any
) -> None:
    by = By(Actor.CLERK, staff)
    case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
    case_move(case=case, move=move_of(case=case, verb=verb, by=by), by=by, now=now, **written)


def case_accept(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Accept a case (受理).  5 queries.  Raises CaseNotFound, CaseChanged, MoveRefused."""
    with transaction.atomic():
        _act(number, staff, version, Verb.ACCEPT, now)


def case_refuse(
    *, number: str, staff: Staff, version: int | None, reason: str, channel: str, now: dt.datetime
) -> None:
    """Say that a case can not be handled here (不予受理), why, and where it belongs.  About 9 queries.

    ``reason``  1 to 500 characters, the resident reads it   ``channel``  code of a ``HandoverChannel``
    Raises as ``case_accept``, ChannelUnknown, TemplateUnfilled.
    """
    filled_check(text=reason)
    right = HandoverChannel.objects.filter(code=channel, is_active=True).first()
    if right is None:
        raise ChannelUnknown(attr="channel")
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case, members = incident_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        case_move(
            case=case, move=move_of(case=case, verb=Verb.REFUSE, by=by), by=by, now=now,
            text=f"{reason}\n{right.name}：{right.how}", details={"channel": right.code},
            notice={"reason": reason, "channel": f"{right.name}（{right.how}）"},
        )  # fmt: skip
        members_release(members=members, now=now)


def case_dispatch(
    *,
    number: str,
    staff: Staff,
    version: int | None,
    unit: str,
    note: str,
    now: dt.datetime,
    co_units: Sequence[str] = (),
) -> None:
    """Send a case to a lead unit and co-handling units (派单), accepted with it when it was not yet.  About 12 queries.

    ``unit``, ``co_units``  codes of departments; the first unit answers for the whole (首接负责)
    ``note``  to the units, at most 500 characters, not shown to the resident
    Raises CaseNotFound, CaseChanged, MoveRefused, UnitUnknown, ReportedUnit, and RulingNeeded past the hop budget.
    """
    units = _units([unit, *co_units])
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.DISPATCH, by=by)
        ruling_check(case=case)
        case_send(
            case=case, verb=Verb.DISPATCH, by=by, unit_id=units[0].id, co_unit_ids=[one.id for one in units[1:]],
            now=now, note=note, move=move,
        )  # fmt: skip


def ruling_check(*, case: Case) -> None:
    """Refuse to send on a case that units returned too often: its head rules.  No query.  Raises RulingNeeded."""
    budget = intake.profile_by_id(profile_id=case.profile_id).max_hops
    if case.state == CaseState.RETURNED and case.hops >= budget:
        raise RulingNeeded(hops=case.hops)


def case_arbitrate(
    *, number: str, staff: Staff, version: int | None, unit: str, reason: str, now: dt.datetime
) -> None:
    """Rule which unit a returned case belongs to (裁定).  About 14 queries.

    The ruling binds the unit, and guides the next case of the same category and street.
    ``reason``  1 to 500 characters, for the units.  Raises as ``case_dispatch``.
    """
    (department,) = _units([unit])
    with transaction.atomic():
        by = By(Actor.DESK_HEAD, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.ARBITRATE, by=by)
        last = case.timeline.filter(verb=Verb.RETURN.value).order_by("-id").first()
        case_send(
            case=case, verb=Verb.ARBITRATE, by=by, unit_id=department.id, co_unit_ids=(), now=now, note=reason,
            changed={"ruled_at": now}, move=move,
        )  # fmt: skip
        Ruling.objects.create(
            case=case, category_id=case.category_id, street_id=case.street_id, unit=department, reason=reason,
            clause_id=last.details.get("clause") if last else None, staff=staff, at=now,
        )  # fmt: skip


def case_classify(
    *,
    number: str,
    staff: Staff,
    version: int | None,
    category: str | None,
    urgency: str,
    reported_unit: str | None,
    now: dt.datetime,
) -> None:
    """Correct category, urgency and, in a report (举报), the reported unit; the deadline follows.  7 queries.

    ``reported_unit``  code, or None: nobody of that unit gets the case
    Raises as ``case_accept``, CategoryUnknown, UnitUnknown, and ReportedUnit while that unit has the case.
    """
    reported = _units([reported_unit])[0] if reported_unit else None
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.CLASSIFY, by=by)
        if reported is not None and case.unit_id == reported.id:
            raise ReportedUnit(attr="reported_unit")
        profile = intake.profile_for(
            request_type=case.request_type, category=category, urgency=Urgency(urgency).value,
            on=clock.local(now).date(),
        )  # fmt: skip
        before = {"category": case.category_id, "urgency": case.urgency}
        changed = {
            "category_id": category, "urgency": urgency, "profile_id": profile.id,
            "reported_unit_id": reported.id if reported else None, **due_fields(case=case, profile=profile),
        }  # fmt: skip
        case_move(
            case=case, move=move, by=by, now=now, changed=changed,
            details={"before": before, "after": {"category": category, "urgency": urgency}},
        )  # fmt: skip


def case_split(
    *, number: str, staff: Staff, version: int | None, unit: str, text: str, now: dt.datetime
) -> str:
    """Split off a part (子单) that another unit answers to the lead unit; returns its number.  About 14 queries.

    The part has its own clock; the resident sees the whole case and one answer to it, which waits for the parts.
    ``text``  what the unit is to do, 1 to 500 characters.  Raises as ``case_dispatch``; a part is not split again.
    """
    (department,) = _units([unit])
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        move = move_of(case=case, verb=Verb.SPLIT, by=by)
        if case.parent_id is not None:
            raise MoveRefused(state=case.state, state_label=case.state_label, verb=Verb.SPLIT.value)
        if case.reported_unit_id == department.id:
            raise ReportedUnit(attr="unit")
        part = _part_of(case, department, text, now)
        first = TimelineEntry(
            case=part, at=now, verb=Verb.SUBMIT.value, target=CaseState.DISPATCHED.value, actor=Actor.CLERK.value,
            staff=staff, unit=department, text=text, lead_id=department.id, category_id=part.category_id,
            due_at=part.due_at, public=False,
        )  # fmt: skip
        rows_insert(part, first)
        case_move(
            case=case, move=move, by=by, now=now, text=text, unit=department, details={"part": part.number}
        )
        unit_tell(event="dispatched", case=part, key=str(first.id), now=now)
    return part.number


def _part_of(case: Case, unit: Department, text: str, now: dt.datetime) -> Case:
    profile = intake.profile_by_id(profile_id=case.profile_id)
    return Case(
        number=number_next(on=clock.local(now).date()), resident_id=case.resident_id, parent=case,
        request_type=case.request_type, category_id=case.category_id, text=text, address=case.address,
        street_id=case.street_id, lng=case.lng, lat=case.lat, crs=case.crs, identity=case.identity,
        urgency=case.urgency, state=CaseState.DISPATCHED.value, unit_id=unit.id, profile_id=profile.id,
        submitted_at=now, clock_from=case.clock_from, due_at=case.due_at, due_explained=case.due_explained,
        due_provisional=case.due_provisional, reported_unit_id=case.reported_unit_id, updated_at=now,
        search=lexemes(words_held(text)), **stages_from(dispatched_at=now, profile=profile),
    )  # fmt: skip


def case_call_back(
    *,
    number: str,
    staff: Staff,
    version: int | None,
    resolved: bool,
    satisfaction: int,
    comment: str,
    now: dt.datetime,
) -> None:
    """Write down what the resident said of the answer on the telephone (回访).  At most 10 queries.

    ``satisfaction``  1 to 5   ``comment``  at most 500 characters.  Raises as ``case_accept``, RatedAlready.
    """
    with transaction.atomic():
        by = By(Actor.CLERK, staff)
        case = case_lock(rows=Case.objects.visible_to(staff), number=number, version=version)
        rating_write(case=case, by=by, resolved=resolved, satisfaction=satisfaction, comment=comment, now=now)


def case_close(*, number: str, staff: Staff, version: int | None, reason: str, now: dt.datetime) -> None:
    """Close an answered case that the resident did not rate, or rated as not resolved.  6 queries.

    ``reason``  1 to 500 characters.  Raises as ``case_accept``.
    """
    with transaction.atomic():
        _act(number, staff, version, Verb.CLOSE, now, text=reason)


def _units(codes: Sequence[str]) -> list[Department]:
    """Return the units in the order of ``codes``.  1 query.  Raises UnitUnknown."""
    known = accounts.departments_by_code(codes=codes)
    missing = [code for code in codes if code not in known]
    if missing:
        raise UnitUnknown(attr="unit")
    return [known[code] for code in codes]
