"""Working days: the golden dates of the field, on the project's own table."""

import datetime as dt

import pytest

from apps.common.selectors import calendar_load
from apps.common.workdays import Calendar


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-13", 20, "2026-03-19"),
        ("2026-04-30", 2, "2026-05-07"),
        ("2026-09-24", 5, "2026-10-09"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2025-09-30", 5, "2025-10-14"),
        ("2026-01-01", 1, "2026-01-04"),
        ("2026-12-28", 3, "2026-12-31"),
        ("2026-12-28", 5, "2027-01-05"),
    ],
)
def test_golden_dates(db, start, days, end):
    first = dt.date.fromisoformat(start)

    found, walked = calendar_load(start=first).add(first, days)

    assert found == dt.date.fromisoformat(end)
    assert sum(day.is_workday for day in walked) == days


def test_what_touches_a_year_without_a_notice_is_provisional(db):
    _end, walked = calendar_load(start=dt.date(2026, 12, 28)).add(dt.date(2026, 12, 28), 5)

    assert [day.on.isoformat() for day in walked if day.provisional] == [
        "2027-01-01", "2027-01-02", "2027-01-03", "2027-01-04", "2027-01-05",
    ]  # fmt: skip


def test_a_year_without_any_row_answers_by_weekday():
    end, walked = Calendar.of([]).add(dt.date(2031, 1, 3), 1)

    assert end == dt.date(2031, 1, 6)
    assert all(day.provisional for day in walked)


@pytest.mark.parametrize("days", [0, -1, 251])
def test_a_term_out_of_range_is_refused(days):
    with pytest.raises(ValueError, match="1 to 250"):
        Calendar.of([]).add(dt.date(2026, 1, 1), days)
