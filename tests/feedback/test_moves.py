"""Acts on a case through the services: who may, what is written, who hears of it."""

import datetime as dt

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from apps.feedback import services
from apps.feedback.models import Case, Rating, TimelineEntry
from apps.feedback.states import CaseState
from apps.notifications.models import InboxMessage
from tests.factories.cases import case_make
from tests.factories.people import code_of


def test_a_dispatch_names_unit_and_deadline_to_the_resident_and_hides_the_note(clock, resident, clerk):
    case = case_make(resident)

    services.case_dispatch(
        number=case.number, staff=clerk, version=1, unit="CG", note="内部提示", now=clock_now()
    )

    case.refresh_from_db()
    assert (case.state, case.unit.code, case.version) == ("dispatched", "CG", 2)
    told = InboxMessage.objects.get(kind="feedback.dispatched")
    assert "区城管执法局" in told.body
    assert "2026-03-17 18:00" in told.body
    shown = resident.get(f"feedback/cases/{case.number}").json()
    assert "内部提示" not in str(shown)
    assert shown["unit"] == "区城管执法局"


def clock_now():
    from apps.common import clock as project_clock

    return project_clock.now()


def test_a_stale_version_is_refused_with_who_and_what(resident, clerk):
    case = case_make(resident)
    services.case_accept(number=case.number, staff=clerk, version=1, now=clock_now())

    with pytest.raises(services.CaseChanged) as refused:
        services.case_refuse(
            number=case.number, staff=clerk, version=1, reason="x", channel="court", now=clock_now()
        )

    assert refused.value.facts["by"] == str(clerk)
    assert refused.value.facts["what"] == "受理"
    assert Case.objects.get(pk=case.pk).state == "accepted"


def test_another_units_handler_meets_a_case_that_does_not_exist(resident, other_handler):
    case = case_make(resident, state=CaseState.DISPATCHED)

    with pytest.raises(services.CaseNotFound):
        services.case_sign(number=case.number, staff=other_handler, version=None, now=clock_now())

    assert TimelineEntry.objects.filter(case=case, verb="sign").count() == 0


def test_a_supervisor_sees_the_units_below_and_no_others(resident, staff):
    below = case_make(resident, state=CaseState.DISPATCHED, unit="JD-003")
    beside = case_make(resident, state=CaseState.DISPATCHED, unit="CG")
    supervisor = staff("supervisor", unit="JD")

    seen = set(Case.objects.visible_to(supervisor).values_list("number", flat=True))

    assert seen == {below.number}
    assert beside.number not in seen


@pytest.mark.parametrize("role", ["editor", "auditor", "service_operator", "administrator"])
def test_roles_without_cases_see_none(resident, staff, role):
    case_make(resident, state=CaseState.DISPATCHED)

    assert Case.objects.visible_to(staff(role, unit="CG")).count() == 0


def test_a_unit_that_takes_no_cases_is_refused_and_nothing_changes(resident, clerk):
    case = case_make(resident)

    with pytest.raises(services.UnitUnknown):
        services.case_dispatch(
            number=case.number, staff=clerk, version=1, unit="NOPE", note="", now=clock_now()
        )

    assert Case.objects.get(pk=case.pk).version == 1


def test_resolved_closes_and_unresolved_stays_rated(resident):
    first, second = (case_make(resident, state=CaseState.REPLIED) for _each in range(2))

    closed = resident.post(f"feedback/cases/{first.number}/rate", {"resolved": True, "satisfaction": 4})
    rated = resident.post(
        f"feedback/cases/{second.number}/rate", {"resolved": False, "satisfaction": 1, "comment": "没修"}
    )

    assert closed.json()["state"] == "closed"
    assert rated.json()["state"] == "rated"
    assert rated.json()["rating"]["comment"] == "没修"


def test_a_reply_is_rated_once(resident):
    case = case_make(resident, state=CaseState.REPLIED)
    body = {"resolved": False, "satisfaction": 1}
    resident.post(f"feedback/cases/{case.number}/rate", body)

    again = resident.post(f"feedback/cases/{case.number}/rate", body)

    assert (again.status_code, code_of(again)) == (409, "move_refused")
    assert Rating.objects.count() == 1


@pytest.mark.parametrize("satisfaction", [0, 6, -1, "x", None, 1.5])
def test_a_mark_outside_of_one_to_five_is_refused(resident, satisfaction):
    case = case_make(resident, state=CaseState.REPLIED)

    answer = resident.post(
        f"feedback/cases/{case.number}/rate", {"resolved": True, "satisfaction": satisfaction}
    )

    assert answer.status_code == 400
    assert Rating.objects.count() == 0


def test_a_case_is_withdrawn_before_its_answer_and_not_after(resident):
    early, late = case_make(resident, state=CaseState.SIGNED), case_make(resident, state=CaseState.REPLIED)

    done = resident.post(f"feedback/cases/{early.number}/withdraw", {"reason": "已解决"})
    refused = resident.post(f"feedback/cases/{late.number}/withdraw", {"reason": "x"})

    assert done.json()["state"] == "withdrawn"
    assert (refused.status_code, code_of(refused)) == (409, "move_refused")


def test_overdue_counts_open_cases_and_late_answers(clock, resident, handler):
    case = case_make(resident, state=CaseState.SIGNED)
    clock.shift(dt.timedelta(days=30))

    assert case.overdue(clock_now())
    services.case_reply(number=case.number, staff=handler, version=None, text="晚了", now=clock_now())
    case.refresh_from_db()
    assert case.overdue(clock_now())


def test_the_history_can_not_be_rewritten_even_by_sql(resident):
    case_make(resident)

    for statement in ("UPDATE feedback_timelineentry SET text = 'x'", "DELETE FROM feedback_timelineentry"):
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_database_refuses_a_state_that_is_none(resident):
    case = case_make(resident)

    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="lost")
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="signed")
