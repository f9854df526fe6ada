"""The clock of a case: golden dates, and that no sequence of pauses, edits and extensions breaks its one equation."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.selectors import calendar_load
from apps.common.workdays import Calendar
from apps.feedback.clock import OFFICE_CLOSES, Stood, Term, due_of, share_moment

ZONE = dt.timezone(dt.timedelta(hours=8))
FIRST = dt.date(2026, 1, 1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-13", 20, "2026-03-19"),
        ("2026-04-30", 2, "2026-05-07"),
        ("2026-09-24", 5, "2026-10-09"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2025-09-30", 5, "2025-10-14"),
        (
            "2026-01-01",
            1,
            "2026-01-05",
        ),  # the holiday counts from Sunday the 4th, a workday; the day after it is day 1
        ("2026-12-28", 3, "2026-12-31"),
        ("2026-12-28", 5, "2027-01-05"),
    ],
)
def test_the_golden_dates_hold_for_a_case_that_comes_in_the_morning(db, start, days, end):
    begin = at(f"{start} 10:00")

    due = due_of(start=begin, term=Term(days, "workday"), calendar=calendar_load(start=begin.date()))

    assert due.at == at(f"{end} 18:00")
    assert due.provisional is end.startswith("2027")


def test_after_hours_and_on_a_day_off_the_next_working_day_is_the_first(db):
    calendar = calendar_load(start=dt.date(2026, 3, 6))
    term = Term(1, "workday")

    assert due_of(start=at("2026-03-06 17:30"), term=term, calendar=calendar).at == at("2026-03-09 18:00")
    assert due_of(start=at("2026-03-06 17:31"), term=term, calendar=calendar).at == at("2026-03-10 18:00")
    assert due_of(start=at("2026-03-07 09:00"), term=term, calendar=calendar).at == at("2026-03-10 18:00")


def test_a_working_day_at_whose_close_the_clock_stood_does_not_count_and_is_explained(db):
    calendar = calendar_load(start=dt.date(2026, 3, 10))
    stood = (Stood(at("2026-03-11 09:00"), at("2026-03-13 10:00")),)

    due = due_of(start=at("2026-03-10 10:00"), term=Term(5, "workday"), calendar=calendar, stood=stood)

    assert due.at == at("2026-03-19 18:00")  # two days more than 2026-03-17
    assert [(line["on"], line["why"]) for line in due.explained if line["why"] == "paused"] == [
        ("2026-03-11", "paused"), ("2026-03-12", "paused"),
    ]  # fmt: skip


def test_hours_go_on_where_they_stood_and_a_pause_after_the_end_moves_nothing():
    calendar = Calendar.of([])
    stood = (
        Stood(at("2026-03-10 12:00"), at("2026-03-10 15:00")),
        Stood(at("2026-03-12 12:00"), at("2026-03-13 15:00")),
    )

    due = due_of(start=at("2026-03-10 10:00"), term=Term(24, "hour"), calendar=calendar, stood=stood)

    assert due.at == at("2026-03-11 13:00")


def test_a_pause_that_has_not_ended_is_not_counted_yet():
    due = due_of(
        start=at("2026-03-10 10:00"), term=Term(2, "workday"), calendar=Calendar.of([]),
        stood=(Stood(at("2026-03-10 11:00")),),
    )  # fmt: skip

    assert due.at == at("2026-03-12 18:00")


starts = st.integers(0, 180 * 24 * 60).map(
    lambda minutes: at("2026-01-01 00:00") + dt.timedelta(minutes=minutes)
)
# Gaps and lengths in hours: pauses that follow each other and do not overlap.
spans = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 300)), max_size=4)
calendars = st.dictionaries(
    st.integers(0, 400).map(lambda days: FIRST + dt.timedelta(days=days)),
    st.sampled_from(["off", "workday"]),
    max_size=60,
).map(lambda rows: Calendar.of((on, kind, "节日", "official") for on, kind in rows.items()))


def pauses_of(start: dt.datetime, gaps: list[tuple[int, int]]) -> tuple[Stood, ...]:
    found, moment = [], start
    for gap, length in gaps:
        begin = moment + dt.timedelta(hours=gap)
        moment = begin + dt.timedelta(hours=length)
        found.append(Stood(begin, moment))
    return tuple(found)


@given(starts, st.integers(1, 20), spans, calendars, st.integers(0, 10))
def test_the_deadline_is_start_plus_working_time_plus_pauses_plus_extension(
    start, days, gaps, calendar, extension
):
    stood = pauses_of(start, gaps)

    due = due_of(
        start=start, term=Term(days, "workday"), calendar=calendar, stood=stood, extension_workdays=extension
    )

    first = dt.date.fromisoformat(str(due.explained[0]["on"]))
    walked = [first + dt.timedelta(days=n) for n in range(1, (due.at.date() - first).days + 1)]
    worked = [day for day in walked if calendar.day(day).is_workday]
    stopped = [
        day for day in worked
        if any(one.start <= dt.datetime.combine(day, OFFICE_CLOSES, tzinfo=ZONE) < one.end for one in stood)
    ]  # fmt: skip
    assert len(worked) == days + extension + len(stopped)
    assert worked[-1] == due.at.date()
    assert sum(bool(line["counts"]) for line in due.explained) == days + extension
    assert [line["on"] for line in due.explained[1:]] == [day.isoformat() for day in walked]


@given(starts, st.integers(1, 72), spans)
def test_a_deadline_in_hours_is_start_plus_hours_plus_the_pauses_before_it(start, hours, gaps):
    stood = pauses_of(start, gaps)

    due = due_of(start=start, term=Term(hours, "hour"), calendar=Calendar.of([]), stood=stood)

    paused = sum((one.end - one.start for one in stood if one.start < due.at), dt.timedelta())
    assert due.at == start + dt.timedelta(hours=hours) + paused


@given(starts, st.integers(1, 20), spans, calendars)
def test_a_further_pause_or_a_day_off_never_brings_the_deadline_forward(start, days, gaps, calendar):
    term = Term(days, "workday")
    stood = pauses_of(start, gaps)
    due = due_of(start=start, term=term, calendar=calendar, stood=stood)
    closed = due.at.date()
    edited = Calendar(
        {**calendar.rules, closed: Calendar.of([(closed, "off", "x", "official")]).rules[closed]}
    )

    later = due_of(start=start, term=term, calendar=edited, stood=stood)
    without = due_of(start=start, term=term, calendar=calendar, stood=stood[:-1])

    assert later.at > due.at
    assert without.at <= due.at


def test_half_of_the_time_is_half_of_it():
    start, due = at("2026-03-10 10:00"), at("2026-03-12 18:00")

    assert share_moment(start=start, due_at=due, share=0.5) == at("2026-03-11 14:00")
