"""What residents say is wrong, and who verified what: reports, answers, assurances, accessibility facts."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.common.ids import uuid7
from apps.facilities import services
from apps.facilities.access import Feature, Value
from apps.facilities.errors import AssuranceWrong, CorrectionValueWrong, ReplyMissing
from apps.facilities.models import AccessibilityFact, Assurance, CorrectionReport, Facility, FacilityEvent
from apps.facilities.services import (
    CorrectionHandled,
    CorrectionNotFound,
    FacilityNotFound,
    FactDraft,
    TooManyCorrections,
)
from apps.facilities.states import MOVES, CorrectionState, CorrectionVerb, Freshness, freshness_of, move_of
from apps.notifications.models import InboxMessage
from apps.safety.models import TextCheck
from tests.factories.people import resident_make

pytestmark = pytest.mark.usefixtures("clock")
TODAY = dt.date(2026, 3, 10)


def report(place, resident, *, field="address", text="门牌号写错了，应为2号"):
    return services.correction_submit(
        resident_id=resident.resident_id,
        facility_id=place.id,
        field=field,
        text=text,
        now=project_clock.now(),
    )


def decide(row, staff, *, verb="accept", reply="已更正，谢谢您。", value=""):
    return services.correction_decide(
        correction_id=row.id, staff=staff, verb=CorrectionVerb(verb), reply=reply, value=value,
        now=project_clock.now(),
    )  # fmt: skip


def test_a_report_waits_for_an_answer_and_its_text_is_checked(enter):
    resident = resident_make()

    row = report(enter(), resident)

    assert (row.state, row.created_at) == ("received", project_clock.now())
    check = TextCheck.objects.get()
    assert (check.subject_kind, check.subject_id) == ("facilities.correction", str(row.id))


def test_an_accepted_report_puts_the_entry_right_and_thanks_the_resident(enter, operator):
    place, resident = enter("测试服务站", address="和平大道1号"), resident_make()

    decide(report(place, resident), operator, value="和平大道2号")

    row = CorrectionReport.objects.get()
    assert (row.state, row.reply, row.handled_by, row.handled_at) == (
        "accepted", "已更正，谢谢您。", operator, project_clock.now(),
    )  # fmt: skip
    assert Facility.objects.get().address == "和平大道2号"
    assert [event.verb for event in FacilityEvent.objects.order_by("id")] == ["add", "change", "correct"]
    message = InboxMessage.objects.get(resident_id=resident.resident_id)
    assert (message.kind, message.title, message.body) == (
        "facilities.corrected", "感谢您对“测试服务站”的提醒", "已更正，谢谢您。",
    )  # fmt: skip


def test_a_declined_report_changes_nothing_but_is_answered(enter, operator):
    place, resident = enter(address="和平大道1号"), resident_make()

    decide(report(place, resident), operator, verb="decline", reply="经核实，地址无误。")

    assert (CorrectionReport.objects.get().state, Facility.objects.get().address) == (
        "declined",
        "和平大道1号",
    )
    assert InboxMessage.objects.get().body == "经核实，地址无误。"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reply": " "}, ReplyMissing),
        ({"reply": "长" * 301}, ReplyMissing),
        ({"verb": "decline", "value": "和平大道2号"}, CorrectionValueWrong),
        ({"value": "长" * 121}, CorrectionValueWrong),
    ],
)
def test_an_answer_that_can_not_be_is_refused_and_nothing_is_written(enter, operator, given, error):
    row = report(enter(address="和平大道1号"), resident_make())

    with pytest.raises(error):
        decide(row, operator, **given)

    assert CorrectionReport.objects.get().state == "received"
    assert (Facility.objects.get().version, InboxMessage.objects.count()) == (1, 0)


def test_hours_are_not_put_right_with_an_answer(enter, operator):
    row = report(enter(), resident_make(), field="hours")

    with pytest.raises(CorrectionValueWrong):
        decide(row, operator, value="08:30")

    assert CorrectionReport.objects.get().state == "received"


def test_a_report_is_answered_once(enter, operator):
    row = report(enter(), resident_make())
    decide(row, operator)

    with pytest.raises(CorrectionHandled):
        decide(row, operator, verb="decline")

    assert (CorrectionReport.objects.get().state, InboxMessage.objects.count()) == ("accepted", 1)
    with pytest.raises(CorrectionNotFound):
        services.correction_decide(
            correction_id=uuid7(),
            staff=operator,
            verb=CorrectionVerb.ACCEPT,
            reply="x",
            now=project_clock.now(),
        )


def test_five_open_reports_of_one_resident_about_one_place_are_enough(enter, operator):
    place, resident = enter(), resident_make()
    rows = [report(place, resident) for _time in range(5)]

    with pytest.raises(TooManyCorrections):
        report(place, resident)

    assert CorrectionReport.objects.count() == 5
    report(place, resident_make())
    report(enter("另一处"), resident)
    decide(rows[0], operator)
    report(place, resident)


def test_a_place_that_is_gone_takes_no_reports(enter):
    with pytest.raises(FacilityNotFound):
        report(enter(status="ended"), resident_make())

    assert (CorrectionReport.objects.count(), TextCheck.objects.count()) == (0, 0)


def test_every_state_and_verb_is_in_the_table_or_refused():
    allowed = {(move.source, move.verb): move.target for move in MOVES}
    for state in CorrectionState:
        for verb in CorrectionVerb:
            move = move_of(state=state, verb=verb)
            assert (move.target if move else None) == allowed.get((state, verb))
    assert {move.target for move in MOVES} | {CorrectionState.RECEIVED} == set(CorrectionState)


# --- Assurances and facts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "days"), [("street_office", 90), ("park", 180)])
def test_an_assurance_holds_for_the_term_of_its_kind(enter, operator, kind, days):
    place = enter(kind_id=kind)

    services.assurance_give(
        facility_id=place.id, staff=operator, method="visit", assured_on=TODAY, now=project_clock.now()
    )

    row = Assurance.objects.get()
    assert (row.by, row.assured_on, row.valid_to) == (operator, TODAY, TODAY + dt.timedelta(days=days))
    shown = Facility.objects.with_assurance().get()
    assert (shown.assured_on, shown.assured_until) == (TODAY, row.valid_to)


@pytest.mark.parametrize(
    "given", [{"method": "rumour"}, {"assured_on": dt.date(2026, 3, 11)}, {"assured_on": dt.date(2026, 2, 7)}]
)
def test_nobody_vouches_for_tomorrow_nor_for_long_ago(enter, operator, given):
    with pytest.raises(AssuranceWrong):
        services.assurance_give(
            facility_id=enter().id, staff=operator, now=project_clock.now(),
            **{"method": "call", "assured_on": TODAY, **given},
        )  # fmt: skip

    assert Assurance.objects.count() == 0


def test_what_was_verified_goes_stale_by_the_clock_alone():
    until = dt.date(2026, 9, 6)

    assert freshness_of(assured_until=None, today=TODAY) is Freshness.UNVERIFIED
    assert freshness_of(assured_until=until, today=until) is Freshness.VERIFIED
    assert freshness_of(assured_until=until, today=until + dt.timedelta(days=1)) is Freshness.STALE


def test_facts_say_by_whom_a_place_is_found(enter, operator):
    place = enter()
    yes = [
        FactDraft(feature, Value.YES)
        for feature in (Feature.STEP_FREE_ENTRANCE, Feature.LIFT, Feature.DOOR_WIDTH_80)
    ]

    def write(*facts: FactDraft) -> list[str]:
        services.access_facts_write(
            facility_id=place.id, facts=facts, staff=operator, now=project_clock.now()
        )
        return Facility.objects.get().accessible_for

    assert write(*yes) == ["wheelchair", "rollator", "stroller"]
    assert write(*yes[:2], FactDraft(Feature.DOOR_WIDTH_80, Value.NO, "门宽75厘米", TODAY)) == [
        "rollator",
        "stroller",
    ]
    assert write(yes[0]) == []
    assert list(AccessibilityFact.objects.values_list("feature", "value")) == [("step_free_entrance", "yes")]
    assert FacilityEvent.objects.filter(verb="access").count() == 3
