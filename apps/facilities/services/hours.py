"""Writes of when a place is open: weekly rules as a whole, exception days, closures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.times import day_text, moment_text
from apps.facilities import notices
from apps.facilities.errors import ClosureOver, ClosureWrong, FacilityNotFound, HoursWrong
from apps.facilities.models import Closure, DayException, Facility, OpeningRule
from apps.facilities.opening import Rule, Span, rules_check, spans_check
from apps.facilities.services.acts import News, act_record, facility_lock
from apps.facilities.states import Verb
from apps.facilities.times import spans_text

if TYPE_CHECKING:
    from apps.accounts.models import Staff

MOST_RULES, MOST_SPANS, REASON_CHARS = 100, 6, 200


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A weekly rule as it is to be; minutes from midnight."""

    weekday: int
    opens_min: int
    closes_min: int
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    note: str = ""

    @property
    def rule(self) -> Rule:
        """The rule without its note."""
        return Rule(self.weekday, self.opens_min, self.closes_min, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class DayDraft:
    """A day with hours of its own; no spans: closed all day.  ``reason``  1 to 100 characters"""

    on: dt.date
    spans: Sequence[Span]
    reason: str


def hours_write(
    *,
    facility_id: UUID,
    rules: Sequence[RuleDraft],
    staff: Staff | None,
    now: dt.datetime,
    version: int | None = None,
) -> None:
    """Make ``rules`` the whole of a place's weekly hours, at most 100; the same again changes nothing.  7 queries.

    Followers are told what holds today.  Raises FacilityNotFound, FacilityChanged, HoursWrong.
    """
    wanted = sorted(set(rules), key=_order)
    if len(wanted) > MOST_RULES or rules_check([draft.rule for draft in wanted]) is not None:
        raise HoursWrong(attr="hours")
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id, version=version)
        held = sorted((_draft_of(row) for row in facility.rules.all()), key=_order)
        if held == wanted:
            return
        facility.rules.all().delete()
        OpeningRule.objects.bulk_create(_row_of(facility, draft) for draft in wanted)
        text = hours_text(rules=[draft.rule for draft in wanted], on=clock.local(now).date())
        act_record(
            facility=facility, verb=Verb.HOURS, staff=staff, now=now,
            changed={"hours": [[_line(one) for one in held], [_line(one) for one in wanted]]},
            news=News(notices.HOURS, text or _("The opening hours were taken out."), _("new hours")),
        )  # fmt: skip


def hours_text(*, rules: Sequence[Rule], on: dt.date) -> str:
    """Return the weekly hours in force on ``on`` in words, days with the same hours together; empty for none."""
    days = [
        (weekday, sorted((r.opens_min, r.closes_min) for r in rules if r.weekday == weekday and r.holds(on)))
        for weekday in range(7)
    ]
    parts = []
    for spans, group in groupby(days, key=lambda day: day[1]):
        run = [weekday for weekday, _spans in group]
        if spans:
            names = [str(WEEKDAYS[day]) for day in (run[0], run[-1])]
            when = (
                names[0]
                if len(run) == 1
                else _("%(first)s to %(last)s") % {"first": names[0], "last": names[1]}
            )
            parts.append(f"{when} {spans_text(spans)}")
    return "；".join(parts)


def exceptions_write(
    *,
    facility_id: UUID,
    days: Sequence[DayDraft],
    staff: Staff | None,
    now: dt.datetime,
    removed: Sequence[dt.date] = (),
    version: int | None = None,
) -> None:
    """Write exception days over those of the same date and take ``removed`` away.  At most 8 queries.

    ``days``  at most 60, at most 6 spans each.  Followers are told of days that are not over.
    Raises FacilityNotFound, FacilityChanged, HoursWrong.
    """
    wanted = {draft.on: draft for draft in days}
    for draft in wanted.values():
        if (
            len(wanted) > 60
            or len(draft.spans) > MOST_SPANS
            or spans_check(draft.spans)
            or not draft.reason.strip()
        ):
            raise HoursWrong(attr="exceptions")
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id, version=version)
        held = {row.on: row for row in facility.exceptions.filter(on__in=[*wanted, *removed])}
        fresh = [draft for draft in wanted.values() if _differs(held.get(draft.on), draft)]
        gone = sorted(set(removed) & set(held) - set(wanted))
        if not fresh and not gone:
            return
        facility.exceptions.filter(on__in=gone).delete()
        DayException.objects.bulk_create(
            [
                DayException(
                    facility=facility, on=one.on, spans=[list(span) for span in sorted(one.spans)], reason=one.reason
                )
                for one in fresh
            ],
            update_conflicts=True, unique_fields=["facility", "on"], update_fields=["spans", "reason"],
        )  # fmt: skip
        changed: dict[dt.date, tuple[str | None, str | None]] = {
            draft.on: (_told(held.get(draft.on)), _day_line(draft)) for draft in fresh
        }
        changed |= {on: (_told(held[on]), None) for on in gone}
        act_record(
            facility=facility, verb=Verb.EXCEPTION, staff=staff, now=now,
            changed={on.isoformat(): list(pair) for on, pair in sorted(changed.items())},
            news=_exception_news(fresh, gone, clock.local(now).date()),
        )  # fmt: skip


def closure_begin(
    *,
    facility_id: UUID,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    reason: str,
    staff: Staff | None,
    now: dt.datetime,
) -> Closure:
    """Close a place from ``starts_at`` on, until ``ends_at`` or further notice, and tell its followers.  5 queries.

    ``reason``  1 to 200 characters, residents read it.  Raises FacilityNotFound, ClosureWrong.
    """
    words = reason.strip()
    if not 1 <= len(words) <= REASON_CHARS or (ends_at is not None and ends_at <= max(starts_at, now)):
        raise ClosureWrong(attr="reason" if not 1 <= len(words) <= REASON_CHARS else "ends_at")
    with transaction.atomic():
        facility = facility_lock(facility_id=facility_id)
        closure = Closure.objects.create(
            facility=facility,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=words,
            closed_by=staff,
            created_at=now,
        )
        until = moment_text(ends_at) if ends_at else _("further notice")
        text = _("Closed from %(from)s until %(until)s: %(reason)s") % {
            "from": moment_text(starts_at), "until": until, "reason": words,
        }  # fmt: skip
        act_record(
            facility=facility, verb=Verb.CLOSE, staff=staff, now=now,
            changed={"closure": [None, _closure_image(closure)]}, news=News(notices.CLOSED, text, _("closed for now")),
        )  # fmt: skip
    return closure


def closure_end(*, closure_id: UUID, staff: Staff | None, now: dt.datetime) -> None:
    """End a closure now; one that has not begun never was.  Followers are told.  7 queries.

    Raises FacilityNotFound for one that is not there, ClosureOver.
    """
    with transaction.atomic():
        owner = Closure.objects.filter(id=closure_id).values_list("facility_id", flat=True).first()
        if owner is None:
            raise FacilityNotFound
        facility = facility_lock(facility_id=owner)
        closure = Closure.objects.select_for_update().get(id=closure_id)
        if closure.ends_at is not None and closure.ends_at <= now:
            raise ClosureOver
        before = _closure_image(closure)
        if closure.starts_at >= now:
            closure.delete()
            text = _("“%(name)s” does not close: %(reason)s") % {
                "name": facility.name,
                "reason": closure.reason,
            }
        else:
            closure.ends_at = now
            closure.save(update_fields=["ends_at"])
            text = _("“%(name)s” is open again, at its usual hours.") % {"name": facility.name}
        act_record(
            facility=facility, verb=Verb.REOPEN, staff=staff, now=now, changed={"closure": [before, None]},
            news=News(notices.REOPENED, text, _("open again")),
        )  # fmt: skip


def _order(draft: RuleDraft) -> tuple[Any, ...]:
    return draft.weekday, draft.opens_min, draft.valid_from or dt.date.min, draft.closes_min


def _draft_of(row: OpeningRule) -> RuleDraft:
    return RuleDraft(row.weekday, row.opens_min, row.closes_min, row.valid_from, row.valid_to, row.note)


def _row_of(facility: Facility, draft: RuleDraft) -> OpeningRule:
    return OpeningRule(
        facility=facility, weekday=draft.weekday, opens_min=draft.opens_min, closes_min=draft.closes_min,
        valid_from=draft.valid_from, valid_to=draft.valid_to, note=draft.note,
    )  # fmt: skip


def _line(draft: RuleDraft) -> str:
    times = spans_text([(draft.opens_min, draft.closes_min)])
    dates = (
        f" [{draft.valid_from or ''}, {draft.valid_to or ''})" if draft.valid_from or draft.valid_to else ""
    )
    return f"{draft.weekday + 1} {times}{dates} {draft.note}".strip()


def _differs(row: DayException | None, draft: DayDraft) -> bool:
    spans = [list(span) for span in sorted(draft.spans)]
    return row is None or row.spans != spans or row.reason != draft.reason


def _day_line(draft: DayDraft) -> str:
    hours = spans_text(sorted(draft.spans)) or _("closed all day")
    return f"{hours} {draft.reason}"


def _told(row: DayException | None) -> str | None:
    return (
        _day_line(DayDraft(row.on, [(one, other) for one, other in row.spans], row.reason)) if row else None
    )


def _exception_news(fresh: Sequence[DayDraft], gone: Sequence[dt.date], today: dt.date) -> News | None:
    lines = [(draft.on, _day_line(draft)) for draft in fresh if draft.on >= today]
    lines += [(on, _("usual hours")) for on in gone if on >= today]
    if not lines:
        return None
    text = "；".join(f"{day_text(on)} {line}" for on, line in sorted(lines))
    return News(notices.HOURS, text, _("new hours"))


def _closure_image(closure: Closure) -> dict[str, Any]:
    return {
        "starts_at": closure.starts_at.isoformat(), "reason": closure.reason,
        "ends_at": closure.ends_at.isoformat() if closure.ends_at else None,
    }  # fmt: skip
