"""An exclusion takes two people, and nothing is left out before the second has agreed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.common import clock as project_clock
from apps.feedback.states import CaseState
from apps.reports import errors, services
from apps.reports.definitions import Basis
from apps.reports.models import CaseExclusion
from tests.factories.cases import case_make

REASON = "重复提出已依法终结的事项。"


def ask(case, staff, **given):
    return services.exclusion_ask(
        **{
            "number": case.number, "staff": staff, "basis": Basis.UNREASONABLE, "reason": REASON,
            "now": project_clock.now(), **given,
        }
    )  # fmt: skip


def decide(exclusion, staff, *, approve=True):
    return services.exclusion_decide(
        exclusion_id=exclusion.id, staff=staff, approve=approve, now=project_clock.now()
    )


@pytest.fixture
def case(resident):
    return case_make(resident, state=CaseState.REPLIED)


@pytest.fixture
def head(staff):
    return staff("desk_head")


@pytest.mark.parametrize(("approve", "state"), [(True, "approved"), (False, "denied")])
def test_a_head_of_the_desk_decides_what_a_clerk_asked_for(case, clerk, head, approve, state):
    exclusion = ask(case, clerk)
    assert (exclusion.state, exclusion.reason, exclusion.asked_by_id) == ("asked", REASON, clerk.id)

    decide(exclusion, head, approve=approve)

    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by_id, exclusion.counted_at) == (state, head.id, None)


def test_approved_the_case_is_left_out_when_the_figures_are_counted_next(
    case, clerk, head, django_capture_on_commit_callbacks
):
    services.figures_rebuild(now=project_clock.now())
    exclusion = ask(case, clerk)

    with django_capture_on_commit_callbacks(execute=False) as queued:
        decide(exclusion, head)
    services.figures_refresh(now=project_clock.now())

    assert len(queued) == 1
    exclusion.refresh_from_db()
    assert exclusion.counted_at is not None


def test_nobody_decides_on_what_they_asked_for(case, head):
    exclusion = ask(case, head)

    with pytest.raises(errors.ExclusionFourEyes):
        decide(exclusion, head)

    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by) == ("asked", None)


def test_the_database_keeps_two_pairs_of_eyes_too(case, head):
    exclusion = ask(case, head)

    with pytest.raises(IntegrityError, match="exclusion_four_eyes"), transaction.atomic():
        CaseExclusion.objects.filter(id=exclusion.id).update(
            state="approved", decided_by=head, decided_at=project_clock.now()
        )


@pytest.mark.parametrize("role", ["intake_clerk", "supervisor", "handler", "auditor", "administrator"])
def test_only_heads_of_the_desk_decide(case, clerk, staff, role):
    exclusion = ask(case, clerk)

    with pytest.raises(errors.ExclusionNotAllowed):
        decide(exclusion, staff(role, unit="CG"))

    exclusion.refresh_from_db()
    assert exclusion.state == "asked"


@pytest.mark.parametrize("role", ["handler", "auditor", "editor"])
def test_a_unit_can_not_ask_for_its_own_relief(case, staff, role):
    with pytest.raises(errors.ExclusionNotAllowed):
        ask(case, staff(role, unit="CG"))

    assert CaseExclusion.objects.count() == 0


def test_a_supervisor_asks_for_cases_of_the_own_units_only(case, staff):
    with pytest.raises(errors.ExclusionCaseUnknown):
        ask(case, staff("supervisor", unit="JY"))
    assert CaseExclusion.objects.count() == 0

    ask(case, staff("supervisor", unit="CG"))
    assert CaseExclusion.objects.count() == 1


def test_one_case_has_one_open_or_approved_exclusion_and_may_be_asked_for_again_when_denied(
    case, clerk, head
):
    first = ask(case, clerk)
    with pytest.raises(errors.ExclusionActive):
        ask(case, clerk, basis=Basis.FORCE_MAJEURE)

    decide(first, head, approve=False)
    second = ask(case, clerk, basis=Basis.FORCE_MAJEURE)

    decide(second, head)
    with pytest.raises(errors.ExclusionActive):
        ask(case, clerk)
    assert sorted(CaseExclusion.objects.values_list("state", flat=True)) == ["approved", "denied"]


def test_a_decision_is_made_once(case, clerk, head, staff):
    exclusion = ask(case, clerk)
    decide(exclusion, head, approve=False)

    with pytest.raises(errors.ExclusionDecided):
        decide(exclusion, staff("desk_head"))

    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by_id) == ("denied", head.id)


@pytest.mark.parametrize("reason", ["", "   ", "字" * 501])
def test_a_reason_is_needed(case, clerk, reason):
    with pytest.raises(errors.ExclusionReasonMissing):
        ask(case, clerk, reason=reason)

    assert CaseExclusion.objects.count() == 0


# --- In the admin ----------------------------------------------------------------------------------------------------
ADD = "admin:reports_caseexclusion_add"


def test_a_clerk_asks_in_the_admin_and_a_head_approves(case, clerk, head, desk):
    form = {"number": case.number, "basis": "unreasonable", "reason": REASON}
    assert desk(clerk).post(reverse(ADD), form).status_code == 302
    exclusion = CaseExclusion.objects.get()
    page = reverse("admin:reports_caseexclusion_change", args=[exclusion.pk])
    door = reverse("admin:reports_exclusion_decide", args=[exclusion.pk, "approve"])

    assert door not in desk(clerk).get(page).content.decode()
    assert door in desk(head).get(page).content.decode()
    assert desk(head).post(door).status_code == 302

    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decided_by_id) == ("approved", head.id)


def test_what_is_refused_keeps_what_was_typed(case, clerk, desk):
    form = {"number": "2026000000000000", "basis": "unreasonable", "reason": REASON}

    answer = desk(clerk).post(reverse(ADD), form)

    assert (answer.status_code, REASON in answer.content.decode()) == (404, True)
    assert CaseExclusion.objects.count() == 0


def test_a_clerk_who_posts_a_decision_changes_nothing(case, clerk, staff, desk):
    exclusion = ask(case, staff("desk_head"))

    answer = desk(clerk).post(reverse("admin:reports_exclusion_decide", args=[exclusion.pk, "approve"]))

    exclusion.refresh_from_db()
    assert (answer.status_code, exclusion.state) == (302, "asked")


@pytest.mark.parametrize("role", ["handler", "auditor", "editor"])
def test_others_see_no_exclusions(case, clerk, staff, desk, role):
    ask(case, clerk)

    member = desk(staff(role, unit="CG"))

    assert member.get(reverse("admin:reports_caseexclusion_changelist")).status_code == 403
    assert member.get(reverse(ADD)).status_code == 403
