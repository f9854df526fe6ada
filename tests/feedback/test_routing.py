"""Routing rules: which fits first and why, tried before they are live, and never the suggestion alone."""

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.models import Case, CoHandling, RoutingRule, RoutingTrial
from apps.feedback.routing import Facts, Rule, first_match
from apps.feedback.services.routing import RuleForbidden, TrialNeeded
from apps.feedback.states import CaseState
from tests.factories.cases import case_make

ZONE = dt.timezone(dt.timedelta(hours=8))
NOON = dt.datetime(2026, 3, 10, 12, 0, tzinfo=ZONE)


def rule(**given) -> Rule:
    plain = {
        "id": 1, "name": "r", "version": 1, "live": True, "request_types": frozenset(), "categories": frozenset(),
        "streets": frozenset(), "keywords": (), "keywords_not": (), "min_confidence": None, "hours": None, "days": "any",
        "unit_id": 7, "co_unit_ids": (), "urgency": "",
    }  # fmt: skip
    return Rule(**{**plain, **given})


def facts(**given) -> Facts:
    plain = {
        "request_type": "help", "category": "0201", "street": "420107003", "text": "路灯不亮", "suggested": [],
        "group_of": {"0201": "02", "0202": "02"}, "at": NOON, "workday": True, "office_id": 3,
    }  # fmt: skip
    return Facts(**{**plain, **given})


@pytest.mark.parametrize(
    ("condition", "fact", "fits"),
    [
        ({}, {}, True),
        ({"request_types": frozenset({"help"})}, {}, True),
        ({"request_types": frozenset({"report"})}, {}, False),
        ({"categories": frozenset({"0201"})}, {}, True),
        ({"categories": frozenset({"02"})}, {}, True),
        ({"categories": frozenset({"03"})}, {}, False),
        ({"categories": frozenset({"02"})}, {"category": None}, False),
        ({"streets": frozenset({"420107004"})}, {}, False),
        ({"keywords": ("路灯", "灯杆")}, {}, True),
        ({"keywords": ("井盖",)}, {}, False),
        ({"keywords_not": ("不亮",)}, {}, False),
        ({"days": "off"}, {}, False),
        ({"days": "workday"}, {}, True),
        ({"hours": (dt.time(9), dt.time(12))}, {}, False),
        ({"hours": (dt.time(9), dt.time(12, 1))}, {}, True),
        ({"hours": (dt.time(22), dt.time(6))}, {"at": NOON.replace(hour=23)}, True),
        ({"hours": (dt.time(22), dt.time(6))}, {}, False),
        ({"unit_id": None}, {}, True),
        ({"unit_id": None}, {"office_id": None}, False),
        ({"min_confidence": 0.8}, {"category": None, "suggested": [("0202", 0.81)]}, True),
        ({"min_confidence": 0.8}, {"category": None, "suggested": [("0202", 0.79)]}, False),
        ({"min_confidence": 0.8}, {"category": None}, False),
        (
            {"min_confidence": 0.8, "categories": frozenset({"03"})},
            {"category": None, "suggested": [("0202", 0.9)]},
            False,
        ),
    ],
    ids=str,
)
def test_all_conditions_must_hold(condition, fact, fits):
    assert (first_match(rules=[rule(**condition)], facts=facts(**fact)) is not None) is fits


def test_the_first_by_order_wins_and_tells_why():
    rules = [rule(id=1, keywords=("井盖",)), rule(id=2, categories=frozenset({"02"})), rule(id=3)]

    found = first_match(rules=rules, facts=facts())

    assert (found.rule.id, found.unit_id) == (2, 7)
    assert found.why == ({"is": "category", "value": "0201", "confidence": None},)


@pytest.fixture
def lamp_rule(db):
    """A draft: lamps go to the city-management unit, the education unit helps."""
    from apps.accounts import selectors as accounts

    units = accounts.departments_by_code(codes=["CG", "JY"])
    row = RoutingRule.objects.create(
        name="路灯直派", categories=["0201"], unit=units["CG"], valid_from="2026-01-01", urgency="urgent"
    )
    row.co_units.set([units["JY"]])
    return row


def go_live(row, head) -> None:
    services.rule_try(rule_id=row.id, staff=head, now=project_clock.now())
    services.rule_switch(rule_id=row.id, mode="live", staff=head)
    from apps.common.changes import forget_all

    forget_all()


def test_a_live_rule_sends_a_new_case_on_with_its_urgency_and_explains_itself(
    clock, resident, head, handler, lamp_rule, told, noticed
):
    go_live(lamp_rule, head)

    body = resident.post(
        "feedback/cases", {"request_type": "help", "text": "路灯不亮", "category": "0201"}
    ).json()

    assert (body["state"], body["unit"], body["urgency"]) == ("dispatched", "区城管执法局", "urgent")
    assert [e["verb"] for e in body["timeline"]] == ["submit", "dispatch"]
    assert body["due_at"] == "2026-03-12T18:00:00+08:00"
    case = Case.objects.get()
    assert (case.routing["name"], case.routing["version"]) == ("路灯直派", 1)
    assert case.routing["why"] == [{"is": "category", "value": "0201", "confidence": None}]
    assert list(CoHandling.objects.values_list("unit__code", flat=True)) == ["JY"]
    assert told(resident) == ["submitted", "dispatched"]
    assert noticed(handler) == ["dispatched"]
    assert case.timeline.get(verb="dispatch").actor == "system"
    assert resident.get(f"feedback/cases/{case.number}").json() == body


def test_a_rule_in_shadow_is_recorded_and_sends_nothing(resident, head, lamp_rule):
    services.rule_switch(rule_id=lamp_rule.id, mode="shadow", staff=head)
    from apps.common.changes import forget_all

    forget_all()

    case = case_make(resident)

    assert case.state == "submitted"
    assert case.routing["shadow"]["name"] == "路灯直派"
    assert services.unit_proposed(case=case, now=project_clock.now()).unit_code == "CG"


def test_without_a_rule_a_suggestion_however_sure_sends_nothing(resident):
    body = resident.post("feedback/cases", {"request_type": "help", "text": "路灯不亮，路灯坏了"}).json()

    assert (body["state"], body["category"], body["unit"]) == ("submitted", None, None)


def test_a_rule_goes_live_only_after_a_dry_run_of_this_version_and_only_by_the_head(
    clock, resident, head, clerk, lamp_rule
):
    right, wrong = (
        case_make(resident, state=CaseState.SIGNED),
        case_make(resident, state=CaseState.SIGNED, unit="SW"),
    )
    case_make(resident, category="0301")
    with pytest.raises(TrialNeeded):
        services.rule_switch(rule_id=lamp_rule.id, mode="live", staff=head)
    with pytest.raises(RuleForbidden):
        services.rule_try(rule_id=lamp_rule.id, staff=clerk, now=project_clock.now())

    made = services.rule_try(rule_id=lamp_rule.id, staff=head, now=project_clock.now())

    assert (made.cases, made.matched, made.same_unit, made.other_unit) == (3, 2, 1, 1)
    assert [one["number"] for one in made.samples] == [wrong.number]
    assert right.state == "signed"
    lamp_rule.refresh_from_db()
    services.rule_changed(row=lamp_rule)
    lamp_rule.save()
    with pytest.raises(TrialNeeded):
        services.rule_switch(rule_id=lamp_rule.id, mode="live", staff=head)
    assert RoutingTrial.objects.count() == 1


def test_a_change_in_the_admin_makes_a_live_rule_a_draft(resident, head, desk, lamp_rule):
    from django.urls import reverse

    go_live(lamp_rule, head)
    body = {
        "name": "路灯直派", "position": 5, "categories": "0201", "unit": lamp_rule.unit_id, "valid_from": "2026-01-01",
        "days": "any", "trials-TOTAL_FORMS": 0, "trials-INITIAL_FORMS": 0,
    }  # fmt: skip

    answer = desk(head).post(reverse("admin:feedback_routingrule_change", args=[lamp_rule.pk]), body)

    assert answer.status_code == 302
    lamp_rule.refresh_from_db()
    assert (lamp_rule.mode, lamp_rule.version, lamp_rule.position) == ("draft", 2, 5)


def test_buttons_try_and_switch_a_rule(resident, head, desk, lamp_rule):
    from django.urls import reverse

    browser = desk(head)
    page = browser.get(reverse("admin:feedback_routingrule_change", args=[lamp_rule.pk])).content.decode()
    assert "用上月诉求试运行" in page
    browser.post(reverse("admin:feedback_routingrule_try", args=[lamp_rule.pk]))
    browser.post(reverse("admin:feedback_routingrule_switch", args=[lamp_rule.pk, "live"]))

    lamp_rule.refresh_from_db()
    assert lamp_rule.mode == "live"
