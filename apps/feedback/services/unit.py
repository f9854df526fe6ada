"""What a unit does: sign for a case, start, contact, ask, ask for time, return, help another unit, reply."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import IntegrityError
from django.utils.translation import gettext as _

from apps.accounts.states import Role
from apps.common.times import moment_text
from apps.feedback import intake
from apps.feedback.errors import ClauseUnknown, ExtensionRefused, ReturnAfterRuling, ReturnTooLate
from apps.feedback.models import Case, DutyClause, Extension, Pause, Question
from apps.feedback.services.deadlines import term_end
from apps.feedback.services.moves import By, case_lock, case_move, move_of
from apps.feedback.services.pauses import pause_begin
from apps.feedback.services.tellings import role_tell, unit_tell
from apps.feedback.services.templates import filled_check
from apps.feedback.states import Actor, Verb

if TYPE_CHECKING:
    from apps.accounts.models import Staff
    from apps.feedback.states import Move


def led_lock(*, number: str, staff: Staff, version: int | None) -> Case:
    """Return a case that a unit of ``staff`` leads, locked, with its unit.  1 query.  Raises CaseNotFound, CaseChanged."""
    rows = Case.objects.filter(unit_id__in=staff.department_ids).select_related("unit")
    return case_lock(rows=rows, number=number, version=version)


def _begin(number: str, staff: Staff, version: int | None, verb: Verb) -> tuple[Case, Move, By]:
    by = By(Actor.HANDLER, staff)
    case = led_lock(number=number, staff=staff, version=version)
    return case, move_of(case=case, verb=verb, by=by), by


def case_sign(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Sign for a case (签收) that was sent to one of ``staff``'s units.  5 queries.

    The clock has been running since the dispatch.  Raises CaseNotFound (also for another unit's), CaseChanged, MoveRefused.
    """
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.SIGN)
        case_move(case=case, move=move, by=by, now=now, unit=case.unit, changed={"signed_at": now})


def case_start(*, number: str, staff: Staff, version: int | None, now: dt.datetime) -> None:
    """Say that work has begun.  5 queries.  Raises as ``case_sign``."""
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.START)
        case_move(case=case, move=move, by=by, now=now, unit=case.unit)


def case_contact(*, number: str, staff: Staff, version: int | None, text: str, now: dt.datetime) -> None:
    """Record that the resident was contacted (首次联系).  5 queries.

    ``text``  how and what was agreed, 1 to 500 characters; the resident reads it.  Raises as ``case_sign``.
    """
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.CONTACT)
        changed = {} if case.contacted_at else {"contacted_at": now}
        case_move(case=case, move=move, by=by, now=now, text=text, unit=case.unit, changed=changed)


def case_contribute(*, number: str, staff: Staff, version: int | None, text: str, now: dt.datetime) -> None:
    """Give the lead unit an opinion or a result (协办意见) as a co-handling unit.  8 queries.

    ``text``  1 to 2,000 characters, not shown to the resident.  Raises as ``case_sign``.
    """
    with transaction.atomic():
        by = By(Actor.CO_HANDLER, staff)
        rows = Case.objects.visible_to(staff).select_related("unit")
        case = case_lock(rows=rows, number=number, version=version)
        move = move_of(case=case, verb=Verb.CONTRIBUTE, by=by)
        helping = case.co_handlings.filter(unit_id__in=staff.department_ids).select_related("unit").first()
        unit = helping.unit if helping else None
        entry = case_move(case=case, move=move, by=by, now=now, text=text, unit=unit)
        unit_tell(event="supplemented", case=case, key=str(entry.id), now=now)


def case_ask(*, number: str, staff: Staff, version: int | None, text: str, now: dt.datetime) -> None:
    """Ask the resident something; the clock stands until the answer, at most as long as the profile says.  9 queries.

    ``text``  1 to 500 characters.  The inbox holds a link that works once.  Raises as ``case_sign``, TemplateUnfilled.
    """
    filled_check(text=text)
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.ASK)
        until = now + intake.profile_by_id(profile_id=case.profile_id).answer_within
        pause = pause_begin(case=case, kind=Pause.Kind.QUESTION, until=until, now=now)
        question = Question.objects.create(case=case, pause=pause, text=text, asked_at=now, expires_at=until)
        told = {
            "unit": case.unit.short if case.unit else "", "question": text, "until": moment_text(until),
            "question_id": str(question.id),
        }  # fmt: skip
        case_move(
            case=case, move=move, by=by, now=now, text=text, unit=case.unit, notice=told,
            details={"question": str(question.id)},
        )  # fmt: skip


def case_return(
    *, number: str, staff: Staff, version: int | None, clause: str, reason: str, now: dt.datetime
) -> None:
    """Return a case that belongs elsewhere (退单).  About 9 queries.

    ``clause``  code of the line of the duty list that it rests on   ``reason``  1 to 500 characters, for the desk
    The time for returning and the clock run from the dispatch, not from the signature; past the profile's number of
    returns the desk's head must rule, and a ruled case stays.
    Raises as ``case_sign``, ClauseUnknown, ReturnTooLate, ReturnAfterRuling.
    """
    if not DutyClause.objects.filter(code=clause, is_active=True).exists():
        raise ClauseUnknown(attr="clause")
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.RETURN)
        profile = intake.profile_by_id(profile_id=case.profile_id)
        _return_check(case, profile, now)
        hops = case.hops + 1
        unit = case.unit
        entry = case_move(
            case=case, move=move, by=by, now=now, text=reason, unit=unit, changed={"hops": hops},
            details={"clause": clause, "hops": hops, "from_unit": case.unit_id},
        )  # fmt: skip
        ruled = hops >= profile.max_hops
        role_tell(
            event="ruling_needed" if ruled else "returned", case=case, key=str(entry.id), now=now,
            role=Role.DESK_HEAD if ruled else Role.INTAKE_CLERK, unit=unit.short if unit else "",
        )  # fmt: skip


def _return_check(case: Case, profile: intake.Profile, now: dt.datetime) -> None:
    if case.ruled_at is not None:
        raise ReturnAfterRuling
    if case.dispatched_at is None:
        return
    if profile.return_within is None:
        raise ReturnTooLate(until=moment_text(case.dispatched_at))
    until = term_end(start=case.dispatched_at, term=profile.return_within)
    if now > until:
        raise ReturnTooLate(until=moment_text(until))


def extension_ask(
    *, number: str, staff: Staff, version: int | None, workdays: int, reason: str, now: dt.datetime
) -> None:
    """Ask for a longer term (延期) before the deadline; a chief decides.  About 9 queries.

    ``workdays``  1 to the profile's longest extension   ``reason``  1 to 500 characters; the resident reads it if granted
    Raises as ``case_sign``, ExtensionRefused.
    """
    with transaction.atomic():
        case, move, by = _begin(number, staff, version, Verb.EXTEND_ASK)
        _extension_check(case, workdays, now)
        try:
            with transaction.atomic():
                asked = Extension.objects.create(
                    case=case, workdays=workdays, reason=reason, asked_at=now, asked_by=staff
                )
        except IntegrityError as error:
            raise ExtensionRefused(why=_("one is asked for already.")) from error
        case_move(
            case=case, move=move, by=by, now=now, text=reason, unit=case.unit,
            details={"workdays": workdays, "extension": str(asked.id)},
        )  # fmt: skip
        unit_tell(event="extension_asked", case=case, key=str(asked.id), now=now, roles=(Role.SUPERVISOR,))


def _extension_check(case: Case, workdays: int, now: dt.datetime) -> None:
    profile = intake.profile_by_id(profile_id=case.profile_id)
    if profile.extension_max_workdays == 0 or profile.settle.unit == "hour":
        raise ExtensionRefused(why=_("the terms of this kind of case have none."))
    if not 1 <= workdays <= profile.extension_max_workdays:
        raise ExtensionRefused(
            attr="workdays",
            why=_("at most %(most)s working days.") % {"most": profile.extension_max_workdays},
        )
    if case.due_at is not None and now > case.due_at:
        raise ExtensionRefused(why=_("the deadline has passed."))
    granted = case.extensions.filter(state=Extension.State.GRANTED, asked_at__gte=case.clock_from).count()
    if granted >= profile.extension_times:
        raise ExtensionRefused(why=_("it was extended already."))
