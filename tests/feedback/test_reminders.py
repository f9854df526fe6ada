"""Reminders at half and at four fifths of the time, and the way up when a stage is late; each once."""

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.models import Case, Reminder
from apps.feedback.states import CaseState
from apps.notifications.models import StaffNotice
from tests.factories.cases import case_make
from tests.factories.people import staff_make


def steps(case: Case, stage: str) -> set[str]:
    return set(Reminder.objects.filter(case=case, stage=stage).values_list("step", flat=True))


def sweep() -> int:
    return services.reminders_send(now=project_clock.now())


def test_a_handler_is_reminded_at_half_and_at_four_fifths_of_each_stage(clock, resident, handler):
    case = case_make(resident, state=CaseState.DISPATCHED)
    assert sweep() == 0
    # Signing and first contact: from 10:00 to 18:00 of the next day, 32 hours.
    clock.shift(dt.timedelta(hours=16))
    assert (sweep(), steps(case, "sign"), steps(case, "contact")) == (2, {"half"}, {"half"})
    assert sweep() == 0
    clock.shift(dt.timedelta(hours=10))
    assert (sweep(), steps(case, "sign")) == (2, {"half", "most"})
    clock.shift(dt.timedelta(hours=62))  # 88 of the answer's 176 hours

    sweep()

    assert steps(case, "reply") == {"half"}
    kinds = StaffNotice.objects.filter(staff=handler).values_list("kind", flat=True)
    assert set(kinds) == {"feedback.dispatched", "feedback.reminded", "feedback.late"}


def test_what_is_late_goes_up_handler_head_chief(clock, resident, handler, supervisor, head):
    case = case_make(resident, state=CaseState.IN_PROGRESS)
    Case.objects.filter(pk=case.pk).update(contacted_at=project_clock.now())
    clock.shift(dt.timedelta(days=7, hours=8, minutes=1))  # the deadline was at 18:00
    sweep()
    told = lambda who: StaffNotice.objects.filter(staff=who, kind="feedback.late").count()  # noqa: E731
    assert (told(handler), told(supervisor), told(head)) == (1, 0, 0)
    clock.shift(dt.timedelta(hours=4))
    sweep()
    assert (told(handler), told(supervisor), told(head)) == (1, 1, 0)
    clock.shift(dt.timedelta(hours=20))
    sweep()

    assert (told(handler), told(supervisor), told(head)) == (1, 1, 1)
    assert steps(case, "reply") == {"late_1", "late_2", "late_3"}
    assert sweep() == 0


def test_above_a_street_office_is_the_head_of_the_streets(clock, resident):
    streets = staff_make("supervisor", unit="JD", is_head=True)
    case_make(resident, state=CaseState.IN_PROGRESS, unit="JD-003")
    clock.shift(dt.timedelta(days=9))

    sweep()

    # First contact and answer are both late.
    assert StaffNotice.objects.filter(staff=streets, kind="feedback.late").count() == 2


@pytest.mark.parametrize("state", [CaseState.REPLIED, CaseState.SUBMITTED])
def test_nobody_is_reminded_of_what_is_answered_or_with_no_unit(clock, resident, state):
    case_make(resident, state=state)
    clock.shift(dt.timedelta(days=30))

    assert sweep() == 0


def test_a_moved_deadline_is_reminded_of_anew(clock, resident, handler, supervisor, act):
    case = case_make(resident, state=CaseState.SIGNED)
    clock.shift(dt.timedelta(days=5))
    sweep()
    assert steps(case, "reply") == {"half"}
    act("extension_ask", case, handler, workdays=1, reason="x")
    act("extension_grant", case, supervisor)

    sweep()

    assert Reminder.objects.filter(case=case, stage="reply", step="half").count() == 2


def test_when_the_calendar_changes_open_deadlines_move_and_everyone_hears(
    clock, resident, handler, told, noticed
):
    from apps.common.changes import forget_all
    from apps.common.models import CalendarDay

    case, answered = case_make(resident, state=CaseState.SIGNED), case_make(resident, state=CaseState.REPLIED)
    CalendarDay.objects.create(on="2026-03-12", kind="off", name="测试假日", status="official", source="test")
    forget_all()

    assert services.deadlines_recompute(now=project_clock.now()) == 1
    assert services.deadlines_recompute(now=project_clock.now()) == 0

    moved = Case.objects.get(pk=case.pk)
    assert f"{project_clock.local(moved.due_at):%Y-%m-%d %H:%M}" == "2026-03-18 18:00"
    assert {
        "on": "2026-03-12",
        "counts": False,
        "why": "测试假日",
        "provisional": False,
    } in moved.due_explained
    assert Case.objects.get(pk=answered.pk).due_at == answered.due_at
    assert told(resident)[-1] == "reclocked"
    assert noticed(handler)[-1] == "reclocked"
    entry = moved.timeline.get(verb="reclock")
    assert entry.details["before"] == "2026-03-17T10:00:00+00:00"
