"""Behind each number stand as many marks as it says."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.reports import services
from apps.reports.drilldown import figure_cases
from apps.reports.selectors import EVERYTHING, Filters, figure_table
from tests.conftest import MORNING
from tests.factories.histories import random_walks, walk_write
from tests.reports.test_aggregation import START, exclude
from tests.reports.test_table import DAY, answered, sent

SINCE, UNTIL = dt.date(2026, 2, 15), dt.date(2026, 3, 8)


def listed(code, part, *, since=SINCE, until=UNTIL, filters=EVERYTHING, limit=7):
    found, after = [], None
    for _page in range(200):
        page = figure_cases(
            code=code, part=part, since=since, until=until, filters=filters, after=after, limit=limit
        )
        found += page.rows
        after = page.after
        if after is None:
            return found
    raise AssertionError("the list does not end")


@pytest.fixture
def wandered(resident, staff):
    clerk, head = staff("intake_clerk"), staff("desk_head")
    walks = random_walks(resident.resident_id, seed=31, count=120, start=START, days=20, staff=clerk)
    walk_write(*walks)
    for walk in walks[::5]:
        exclude(walk.case, asker=clerk, decider=head)
    services.figures_rebuild(now=MORNING)
    return walks


def test_every_figure_has_as_many_marks_as_it_says(wandered):
    table = figure_table(since=SINCE, until=UNTIL, by="all")

    for code, figure in table.total.figures.items():
        numerator, excluded = listed(code, "numerator"), listed(code, "excluded")
        assert (code, len(numerator), len(excluded)) == (code, figure.numerator, figure.excluded)
        if figure.denominator is not None:
            denominator = listed(code, "denominator")
            assert (code, len(denominator)) == (code, figure.denominator)
            assert sum(row.place.late for row in denominator) == figure.stock
        assert len({(row.case_id, row.place) for row in numerator}) == len(numerator)


def test_the_rows_of_a_table_have_as_many_marks_as_they_say(wandered):
    for by in ("unit", "month", "street"):
        for row in figure_table(since=SINCE, until=UNTIL, by=by).rows:
            if not row.key:
                continue
            asked = {
                "unit": lambda key: {"filters": Filters(units=frozenset({int(key)}))},
                "street": lambda key: {"filters": Filters(street=key)},
                "month": lambda key: {
                    "since": max(SINCE, dt.date.fromisoformat(f"{key}-01")),
                    "until": min(UNTIL, dt.date(2026, int(key[-2:]) + 1, 1) - dt.timedelta(days=1)),
                },
            }[by](row.key)
            for code in ("on_time_rate", "responded_rate"):
                figure = row.figures[code]
                assert len(listed(code, "denominator", **asked)) == figure.denominator
                assert len(listed(code, "numerator", **asked)) == figure.numerator


def test_what_is_late_and_open_stands_first_and_what_is_left_out_apart(resident, staff):
    begun = {"at": MORNING - 8 * DAY}
    in_time, late, still, left_out = (
        answered(resident, after=DAY, **begun), answered(resident, after=3 * DAY, **begun),
        sent(resident, **begun), sent(resident, **begun),
    )  # fmt: skip
    walk_write(in_time, late, still, left_out)
    exclude(left_out.case, asker=staff("intake_clerk"), decider=staff("desk_head"))
    services.figures_rebuild(now=MORNING)

    def numbers(part):
        return [(row.number, row.place.late) for row in listed("on_time_rate", part, limit=1)]

    assert numbers("denominator") == [
        (still.case.number, True), (late.case.number, False), (in_time.case.number, False),
    ]  # fmt: skip
    assert numbers("numerator") == [(in_time.case.number, False)]
    assert numbers("excluded") == [(left_out.case.number, True)]


def test_pages_meet_and_do_not_overlap(wandered):
    whole = listed("responded_rate", "denominator", limit=100)

    assert listed("responded_rate", "denominator", limit=3) == whole
    assert [row.place.at for row in whole] == sorted((row.place.at for row in whole), reverse=True)


def test_an_indicator_that_is_not_there_has_no_list(db):
    with pytest.raises(LookupError):
        figure_cases(code="nonsense", part="numerator", since=SINCE, until=UNTIL)
