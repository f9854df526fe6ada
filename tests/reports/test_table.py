"""Figures of histories that can be counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.accounts.models import Department
from apps.common.changes import forget_all
from apps.feedback.states import CaseState, Verb
from apps.reports import services
from apps.reports.models import IndicatorDefinition
from apps.reports.selectors import EVERYTHING, Filters, Returns, figure_table
from tests.conftest import MORNING
from tests.factories.histories import Walk, move_named, walk_begin, walk_write
from tests.reports.test_aggregation import exclude

S, V = CaseState, Verb
MONDAY = dt.date(2026, 3, 9)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
START = MORNING - DAY  # Monday 10:00


def unit(code: str) -> Department:
    return Department.objects.get(code=code)


def table(by="unit", *, since=MONDAY, until=MONDAY + 6 * DAY, filters=EVERYTHING):
    return figure_table(since=since, until=until, by=by, filters=filters)


def of(row, code):
    figure = row.figures[code]
    return (figure.numerator, figure.denominator, figure.rate)


def sent(resident, *, to: str = "CG", at: dt.datetime = START, due: dt.timedelta = 2 * DAY, **values) -> Walk:
    """A case that was handed in and dispatched an hour later; its first contact is due four hours after that."""
    walk = walk_begin(resident.resident_id, at=at, due_at=at + due, **values)
    walk.act(move_named(V.DISPATCH, S.SUBMITTED), at=at + HOUR, unit=unit(to), contact_due_at=at + 5 * HOUR)
    return walk


def answered(resident, *, after: dt.timedelta, **values) -> Walk:
    walk = sent(resident, **values)
    walk.act(move_named(V.SIGN, S.DISPATCHED), at=walk.at + HOUR)
    walk.act(move_named(V.REPLY, S.SIGNED), at=walk.case.submitted_at + after)
    return walk


def rated(walk: Walk, *, after: dt.timedelta, resolved: bool, satisfaction: int, called_by=None) -> Walk:
    walk.act(
        move_named(V.RATE, S.REPLIED), at=walk.at + after, resolved=resolved, satisfaction=satisfaction,
        called_by=called_by,
    )  # fmt: skip
    return walk


def counted(*walks: Walk, now: dt.datetime = START + 7 * DAY) -> None:
    walk_write(*walks)
    services.figures_rebuild(now=now)


def test_on_time_is_answered_in_time_by_answered_and_still_open_late(resident):
    counted(
        answered(resident, after=DAY),
        answered(resident, after=2 * DAY),  # in the very moment of its deadline
        answered(resident, after=3 * DAY),  # late
        sent(resident),  # late and open
        sent(resident, due=30 * DAY),  # open, not late
    )

    row = table().rows[0]

    assert (row.label, of(row, "on_time_rate")) == ("区城管执法局", (2, 4, 0.5))
    assert row.figures["on_time_rate"].stock == 1


def test_the_stock_of_a_day_is_what_was_late_and_open_at_its_end(resident):
    late = answered(resident, after=3 * DAY + 2 * HOUR)  # due Wednesday 10:00, answered Thursday 12:00
    counted(late)

    days = {row.key: row.figures["on_time_rate"].stock for row in table("day").rows}

    assert days == {"2026-03-09": 0, "2026-03-11": 1, "2026-03-12": 0}


def test_a_case_that_waits_for_its_resident_is_not_late(resident):
    walk = sent(resident)
    walk.act(move_named(V.SIGN, S.DISPATCHED), at=walk.at + HOUR)
    walk.act(move_named(V.ASK, S.SIGNED), at=START + DAY)
    counted(walk)

    assert of(table().total, "on_time_rate") == (0, 0, None)


def test_an_extension_ends_lateness_only_from_its_grant_on(resident):
    walk = sent(resident)
    walk.act(move_named(V.SIGN, S.DISPATCHED), at=walk.at + HOUR)
    walk.act(move_named(V.EXTEND_GRANT, S.SIGNED), at=START + 3 * DAY, due_at=START + 20 * DAY)
    counted(walk)

    assert table(until=MONDAY + 2 * DAY).total.figures["on_time_rate"].stock == 1
    assert table(until=MONDAY + 3 * DAY).total.figures["on_time_rate"].stock == 0


def test_a_late_case_that_moves_on_to_another_unit_is_late_there(resident):
    walk = sent(resident, to="CG")
    walk.act(move_named(V.RETURN, S.DISPATCHED), at=START + 3 * DAY)
    walk.act(move_named(V.DISPATCH, S.RETURNED), at=START + 4 * DAY, unit=unit("SW"))
    counted(walk)

    assert {row.label: row.figures["on_time_rate"].stock for row in table().rows} == {
        "区水务局": 1, "区城管执法局": 0, "": 0,
    }  # fmt: skip


def test_the_first_contact_counts_once_its_stage_has_ended(resident):
    in_time, too_late, silent, waiting = (sent(resident) for _each in range(4))
    in_time.act(move_named(V.CONTACT, S.DISPATCHED), at=START + 4 * HOUR)
    in_time.act(move_named(V.CONTACT, S.DISPATCHED), at=START + 6 * HOUR)
    too_late.act(move_named(V.CONTACT, S.DISPATCHED), at=START + 6 * HOUR)
    waiting.act(move_named(V.RETURN, S.DISPATCHED), at=START + 2 * HOUR)
    answered_at_once = answered(resident, after=3 * HOUR)
    counted(
        in_time, too_late, silent, waiting, answered_at_once, sent(resident, at=START + 7 * DAY - 3 * HOUR)
    )

    assert of(table(until=MONDAY + 7 * DAY).total, "responded_rate") == (2, 4, 0.5)


def test_ratings_count_on_their_day_and_verify_the_answer_on_its_own(resident, staff):
    clerk = staff("intake_clerk")
    counted(
        rated(answered(resident, after=DAY), after=3 * DAY, resolved=True, satisfaction=4),
        rated(answered(resident, after=DAY), after=3 * DAY, resolved=True, satisfaction=3, called_by=clerk),
        rated(answered(resident, after=DAY), after=3 * DAY, resolved=False, satisfaction=5),
        answered(resident, after=DAY),
    )

    rows = {row.key: row for row in table("day").rows}

    assert of(rows["2026-03-13"], "solved_rate") == (2, 3, 2 / 3)
    assert of(rows["2026-03-13"], "satisfied_rate") == (2, 3, 2 / 3)
    assert of(rows["2026-03-10"], "verified_resolution_rate") == (1, 4, 0.25)
    assert of(rows["2026-03-13"], "verified_resolution_rate") == (0, 0, None)


def test_a_rate_over_few_cases_is_marked(resident):
    IndicatorDefinition.objects.filter(code="on_time_rate").update(small_sample=3)
    forget_all()
    counted(
        *(answered(resident, after=DAY, to="CG") for _each in range(3)),
        answered(resident, after=DAY, to="SW"),
    )

    marks = {row.label: row.figures["on_time_rate"].small_sample for row in table().rows if row.label}

    assert marks == {"区城管执法局": False, "区水务局": True}


def test_an_exclusion_leaves_a_case_out_of_both_sides_and_stays_visible(resident, staff):
    good, bad, stock = answered(resident, after=DAY), answered(resident, after=3 * DAY), sent(resident)
    walk_write(good, bad, stock)
    for walk, basis in ((bad, "force_majeure"), (stock, "unreasonable")):
        exclude(walk.case, asker=staff("intake_clerk"), decider=staff("desk_head"), basis=basis)
    services.figures_rebuild(now=START + 7 * DAY)

    total = table().total

    assert of(total, "on_time_rate") == (1, 1, 1.0)
    assert total.figures["on_time_rate"].excluded == 2
    # Force majeure is no reason to leave a case out of what its resident says.
    assert (of(total, "verified_resolution_rate"), total.figures["verified_resolution_rate"].excluded) == (
        (0, 2, 0.0),
        0,
    )
    assert of(total, "submitted") == (3, None, None)


def test_parts_of_a_case_do_not_count(resident):
    whole = answered(resident, after=DAY)
    part = answered(resident, after=3 * DAY, parent=whole.case)
    counted(whole, part)

    total = table().total
    assert (of(total, "submitted"), of(total, "on_time_rate")) == ((1, None, None), (1, 1, 1.0))


def test_returns_are_told_with_the_hours_that_cases_lay(resident):
    walk = sent(resident, to="CG")
    walk.act(move_named(V.RETURN, S.DISPATCHED), at=START + 3 * HOUR)
    walk.act(move_named(V.NUDGE, S.RETURNED), at=START + 4 * HOUR)
    walk.act(move_named(V.DISPATCH, S.RETURNED), at=START + 10 * HOUR, unit=unit("SW"))
    still = sent(resident, to="CG")
    still.act(move_named(V.RETURN, S.DISPATCHED), at=START + 3 * HOUR)
    counted(walk, still)

    returns = {row.label: row.returns for row in table().rows if row.label}

    assert returns == {"区城管执法局": Returns(2, 0, 7.0), "区水务局": Returns(0, 1, 0.0)}
    assert of(table().total, "returned") == (2, None, None)


@pytest.mark.parametrize(
    ("filters", "submitted"),
    [
        (Filters(street="420107003"), 2),
        (Filters(category="0301"), 1),
        (Filters(category="02"), 2),
        (Filters(request_type="report"), 1),
        (Filters(street="420107001", request_type="help"), 0),
        (Filters(units=frozenset()), 0),
    ],
)
def test_filters_narrow_a_table(resident, filters, submitted):
    counted(
        sent(resident), sent(resident, category_id="0301"),
        sent(resident, street_id="420107001", request_type="report"),
    )  # fmt: skip

    assert table("all", filters=filters).total.figures["submitted"].numerator == submitted


@pytest.mark.parametrize("by", ["unit", "street", "category", "request_type", "month", "day"])
def test_the_rows_of_any_grouping_add_up_to_the_total(resident, by):
    counted(
        answered(resident, after=DAY), answered(resident, after=3 * DAY, to="SW", category_id="0301"),
        answered(resident, after=2 * DAY, street_id="420107001", request_type="report"), sent(resident, street_id=None),
    )  # fmt: skip

    found = table(by)

    assert of(found.total, "on_time_rate") == (2, 4, 0.5)
    assert sum(row.figures["answered"].numerator for row in found.rows) == 3
    assert sum(row.figures["submitted"].numerator for row in found.rows) == 4


def test_a_table_before_the_first_count_is_empty(db):
    found = table()

    assert (found.rows, found.as_of, of(found.total, "on_time_rate")) == ([], None, (0, 0, None))
