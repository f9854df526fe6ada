"""People, articles and cases for a demonstration, made through the same services as real ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any

from apps.accounts import selectors as accounts_read
from apps.accounts import services as accounts
from apps.accounts.models import Resident
from apps.common import clock
from apps.common.errors import Refused
from apps.feedback import services as feedback
from apps.feedback.contents import Content
from apps.feedback.models import Case
from apps.feedback.services import CaseDraft
from apps.feedback.states import RequestType
from apps.safety import selectors as safety_read
from apps.safety import services as safety
from apps.safety.states import Verb as Decision
from apps.schools import services as schools

# How far each demo case gets, round and round, so that every queue holds something.
STAGES = (
    "published", "asked", "reopened", "extension", "closed", "signed", "replied", "returned", "dispatched", "submitted",
)  # fmt: skip
# Units without a demonstration's handler get as far as the desk brings a case.
DESK_STAGES = ("submitted", "dispatched", "accepted", "dispatched")
_ANSWERED = frozenset({"replied", "closed", "reopened", "published"})


def demo_staff(*, rows: Sequence[Mapping[str, Any]], password: str) -> list[dict[str, Any]]:
    """Write the demo staff; returns username, roles and unit of each."""
    known = {row["username"]: accounts_read.staff_by_username(username=row["username"]) for row in rows}
    one = next((found for found in known.values() if found is not None), None)
    # Hashing is slow on purpose: a later start with the same password writes only those that are new.
    same = one is not None and one.check_password(password)
    todo = [row for row in rows if not same or known[row["username"]] is None]
    for row in todo:
        accounts.staff_write(
            username=row["username"], display_name=row["display_name"], password=password, roles=row["roles"],
            department=row["department"], is_head=row["is_head"],
        )  # fmt: skip
    return [{"username": r["username"], "roles": r["roles"], "department": r["department"]} for r in rows]


def demo_rounds(*, data: Mapping[str, Any]) -> None:
    """Prepare the demo's admission rounds and announce those that are to be open, once."""
    now = clock.now()
    head = accounts_read.staff_by_username(username="school.head.demo")
    wanted = {row["code"] for row in data["rounds"] if row["open"]}
    for held in schools.demo_rounds_load(data=data, now=now):
        if head is not None and held.code.rstrip("0123456789") in wanted:
            schools.round_open(round_id=held.pk, staff=head, now=now)


def demo_cases(*, residents: Sequence[Mapping[str, Any]], cases: Sequence[Mapping[str, Any]]) -> None:
    """Write the demo residents and their cases, once."""
    if Resident.objects.exists():
        return
    now = clock.now()
    people = []
    for row in residents:
        person, _pair, _new = accounts.resident_sign_in(
            openid=f"demo-{row['key']}", unionid=None, privacy_version="2026-11", now=now
        )
        accounts.profile_update(
            resident_id=person.id, nickname=row["nickname"], street=row["street"], community=row["community"],
            elder_mode=row["elder_mode"], language="zh-hans", now=now, on=clock.today(),
        )  # fmt: skip
        people.append(person)
    stages, desk_stages = cycle(STAGES), cycle(DESK_STAGES)
    for place, row in enumerate(cases):
        # Spread over the last nine days, so that some are late and some are fresh.
        at = now - dt.timedelta(hours=9 * (len(cases) - place))
        draft = CaseDraft(
            request_type=RequestType(row["request_type"]), text=row["text"], category=row["category"],
            street=row["street"], allow_public=True,
        )  # fmt: skip
        made = feedback.case_submit(resident_id=people[place % len(people)].id, draft=draft, now=at)
        proposed = feedback.unit_proposed(case=made.case, now=at)
        worked = (
            proposed is not None
            and accounts_read.staff_of_unit(code=proposed.unit_code) is not None
            and not feedback.evidence_missing(case=made.case, given=frozenset())
        )
        _advance(made.case.number, next(stages if worked else desk_stages), at)


def _advance(number: str, stage: str, at: dt.datetime) -> None:
    clerk = accounts_read.staff_by_username(username="clerk.demo")
    if stage == "submitted" or clerk is None:
        return
    _content_clear(Case.objects.get(number=number), clerk, at)
    step = dt.timedelta(minutes=40)
    act: dict[str, Any] = {"number": number, "version": None}
    feedback.case_accept(staff=clerk, now=at + step, **act)
    if stage == "accepted":
        return
    proposed = feedback.unit_proposed(case=Case.objects.get(number=number), now=at)
    unit = proposed.unit_code if proposed else "XZSP"
    feedback.case_dispatch(staff=clerk, unit=unit, note="", now=at + 2 * step, **act)
    handler = accounts_read.staff_of_unit(code=unit)
    if stage == "dispatched" or handler is None:
        return
    if stage == "returned":
        feedback.case_return(
            staff=handler, clause="01", reason="（演示）不属本单位职责", now=at + 3 * step, **act
        )
        return
    feedback.case_sign(staff=handler, now=at + 3 * step, **act)
    _worked(act, stage, handler, at + 4 * step)
    if stage in _ANSWERED:
        _answered(Case.objects.get(number=number), stage, clerk, handler, at + 4 * step)


def _content_clear(case: Case, clerk: Any, at: dt.datetime) -> None:
    """Have a person clear the content: nobody ever visits as these residents, so WeChat would not check for them."""
    for mark in safety_read.marks_of(subjects=[(Content.CASE.value, str(case.id))]):
        safety.text_check_decide(
            check_id=mark.check_id, staff=clerk, verb=Decision.CLEAR, note="（演示）已人工核看。", now=at
        )


def _worked(act: dict[str, Any], stage: str, handler: Any, at: dt.datetime) -> None:
    if stage == "asked":
        feedback.case_ask(staff=handler, text="（演示）请问具体是哪一栋楼、哪个门洞？", now=at, **act)
    elif stage == "extension":
        with suppress(Refused):  # the terms of an emergency have none
            feedback.extension_ask(staff=handler, workdays=3, reason="（演示）等待配件到货", now=at, **act)


def _answered(case: Case, stage: str, clerk: Any, handler: Any, at: dt.datetime) -> None:
    feedback.case_reply(
        number=case.number, staff=handler, version=None, now=at,
        text="（演示答复）已到现场查看并处理，如再次出现请在本诉求下告诉我们。",
    )  # fmt: skip
    rated: dict[str, Any] = {"number": case.number, "resident_id": case.resident_id}
    if stage in ("closed", "published"):
        feedback.case_rate(resolved=True, satisfaction=5, comment="", now=at + dt.timedelta(hours=1), **rated)
    if stage == "reopened":
        feedback.case_rate(
            resolved=False, satisfaction=2, comment="", now=at + dt.timedelta(hours=1), **rated
        )
        feedback.case_reopen(text="（演示）问题又出现了。", now=at + dt.timedelta(hours=2), **rated)
    if stage == "published":
        with suppress(Refused):  # a sensitive category is never shown
            entry = feedback.board_propose(case_id=case.id, staff=clerk, now=clock.now())
            texts = feedback.BoardTexts(
                title=entry.title,
                text=entry.text,
                reply_text=entry.reply_text,
                note="（演示）同类设施已列入巡查清单。",
            )
            feedback.board_publish(
                entry_id=entry.id, staff=clerk, version=entry.version, texts=texts, now=clock.now()
            )
