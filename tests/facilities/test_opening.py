"""When a place is open: a table around 国庆 and 春节, and that every answer is what the spans say."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.facilities.opening import (
    BEIJING,
    Closed,
    OpeningFacts,
    Rule,
    rules_check,
    spans_check,
)
from apps.facilities.states import HolidayMode
from apps.facilities.times import clock_text, spans_read, spans_text

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CALENDAR = {
    dt.date.fromisoformat(row["date"]): row["kind"]
    for row in json.loads((FIXTURES / "calendar.json").read_text(encoding="utf-8"))
}
MORNING, AFTERNOON = (510, 720), (840, 1050)  # 08:30-12:00, 14:00-17:30
OFFICE = [Rule(day, *span) for day in range(5) for span in (MORNING, AFTERNOON)]
SUNDAY = [Rule(6, 540, 660)]  # 09:00-11:00


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def facts(mode: str = "closed", **more: object) -> OpeningFacts:
    return OpeningFacts(
        **{"rules": [*OFFICE, *SUNDAY], "calendar": CALENDAR, "holiday_mode": HolidayMode(mode), **more}
    )


def hours(of: OpeningFacts, day: str) -> str:
    on = dt.date.fromisoformat(day)
    midnight = dt.datetime.combine(on, dt.time(), BEIJING)
    return spans_text(
        [
            tuple(int((moment - midnight).total_seconds()) // 60 for moment in span)  # type: ignore[misc]
            for span in of.spans(on)
        ]
    )


WORK, HALF = "08:30-12:00、14:00-17:30", "09:00-11:00"


@pytest.mark.parametrize(
    ("day", "closed", "as_weekday", "as_sunday"),
    [
        # 国庆 2026: 1 to 7 October off; Sunday 20 September and Saturday 10 October are worked.
        ("2026-09-19", "", "", ""),
        ("2026-09-20", WORK, WORK, WORK),
        ("2026-09-25", "", WORK, HALF),  # Friday, 中秋
        ("2026-09-27", "", HALF, HALF),  # Sunday, 中秋
        ("2026-09-30", WORK, WORK, WORK),
        ("2026-10-01", "", WORK, HALF),
        ("2026-10-03", "", "", HALF),  # Saturday
        ("2026-10-04", "", HALF, HALF),  # Sunday
        ("2026-10-07", "", WORK, HALF),
        ("2026-10-08", WORK, WORK, WORK),
        ("2026-10-10", WORK, WORK, WORK),
        ("2026-10-11", HALF, HALF, HALF),
        # 春节 2026: 15 to 23 February off; both Saturdays around it are worked.
        ("2026-02-14", WORK, WORK, WORK),
        ("2026-02-15", "", HALF, HALF),
        ("2026-02-16", "", WORK, HALF),
        ("2026-02-23", "", WORK, HALF),
        ("2026-02-24", WORK, WORK, WORK),
        ("2026-02-28", WORK, WORK, WORK),
        # 春节 2027: only the statutory days are known.
        ("2027-02-05", "", WORK, HALF),
        ("2027-02-08", "", WORK, HALF),
        ("2027-02-09", WORK, WORK, WORK),
    ],
)
def test_holidays_and_moved_workdays_stand_in_the_hours(day, closed, as_weekday, as_sunday):
    assert [hours(facts(mode), day) for mode in ("closed", "as_weekday", "as_sunday")] == [
        closed, as_weekday, as_sunday,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "now", "until", "next_open"),
    [
        ("2026-09-30T12:00", False, None, "2026-09-30T14:00"),
        ("2026-09-30T17:29", True, "2026-09-30T17:30", None),
        ("2026-09-30T17:30", False, None, "2026-10-08T08:30"),
        ("2026-10-08T08:30", True, "2026-10-08T12:00", None),
        ("2026-10-09T20:00", False, None, "2026-10-10T08:30"),
        ("2026-02-14T18:00", False, None, "2026-02-24T08:30"),
    ],
)
def test_it_is_said_until_when_and_when_again(moment, now, until, next_open):
    answer = facts(rules=OFFICE).answer(at(moment))

    assert (answer.now, answer.until, answer.next_open_at) == (
        now, at(until) if until else None, at(next_open) if next_open else None,
    )  # fmt: skip


def test_an_exception_day_replaces_the_whole_day_also_on_a_holiday():
    days = {dt.date(2026, 10, 1): [(600, 700)], dt.date(2026, 10, 8): []}

    assert hours(facts(exceptions=days), "2026-10-01") == "10:00-11:40"
    assert hours(facts(exceptions=days), "2026-10-08") == ""


def test_a_closure_takes_out_what_it_covers():
    closures = [Closed(at("2026-10-08T10:00"), at("2026-10-08T15:00"))]

    assert hours(facts(closures=closures), "2026-10-08") == "08:30-10:00、15:00-17:30"


def test_closed_until_further_notice_never_opens_again():
    answer = facts(closures=[Closed(at("2026-10-08T10:00"), None)]).answer(at("2026-10-08T11:00"))

    assert (answer.now, answer.until, answer.next_open_at, answer.known) == (False, None, None, True)


def test_a_span_past_midnight_belongs_to_the_day_on_which_it_begins():
    night = OpeningFacts(rules=[Rule(4, 1200, 1560)])  # Friday 20:00 to Saturday 02:00

    assert night.answer(at("2026-11-07T01:59")).until == at("2026-11-07T02:00")
    assert night.answer(at("2026-11-07T02:00")).next_open_at == at("2026-11-13T20:00")


def test_open_day_and_night_has_no_end():
    always = OpeningFacts(rules=[Rule(day, 0, 1440) for day in range(7)])

    answer = always.answer(at("2026-11-07T01:59"))
    assert (answer.now, answer.until, answer.next_open_at) == (True, None, None)


def test_what_a_closure_leaves_past_midnight_does_not_hide_the_next_day():
    some = OpeningFacts(
        rules=[Rule(4, 1200, 1900), Rule(5, 0, 60)],  # as an exception day could have it
        closures=[Closed(at("2026-11-06T22:00"), at("2026-11-07T03:00"))],
    )

    assert some.answer(at("2026-11-06T23:00")).next_open_at == at("2026-11-07T03:00")
    some = OpeningFacts(rules=some.rules, closures=[Closed(at("2026-11-06T22:00"), at("2026-11-06T23:30"))])
    assert some.answer(at("2026-11-06T23:00")).next_open_at == at("2026-11-06T23:30")


def test_hours_that_nobody_recorded_are_not_known():
    assert OpeningFacts().answer(at("2026-11-07T10:00")).known is False


def test_it_is_looked_for_thirty_days_ahead_and_no_further():
    far = {dt.date(2026, 12, 7): [(600, 700)], dt.date(2026, 12, 8): [(600, 700)]}

    assert OpeningFacts(exceptions=far).answer(at("2026-11-07T10:00")).next_open_at == at("2026-12-07T10:00")
    del far[dt.date(2026, 12, 7)]
    assert OpeningFacts(exceptions=far).answer(at("2026-11-07T10:00")).next_open_at is None


def test_a_week_stands_day_by_day():
    week = facts().week(dt.date(2026, 10, 5))

    assert [(day.day, len(spans)) for day, spans in week] == [
        (5, 0), (6, 0), (7, 0), (8, 2), (9, 2), (10, 2), (11, 1),
    ]  # fmt: skip


spans_strategy = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 720)).map(lambda one: (one[0], one[0] + one[1])),
    max_size=2,
).filter(lambda spans: spans_check(spans) is None)
day_strategy = st.integers(0, 20).map(lambda ahead: dt.date(2026, 9, 25) + dt.timedelta(days=ahead))
moment_strategy = st.integers(0, 20 * 1440 * 2).map(
    lambda halves: at("2026-09-25T00:00") + dt.timedelta(seconds=30 * halves)
)


@given(
    weekly=st.dictionaries(st.integers(0, 6), spans_strategy),
    exceptions=st.dictionaries(day_strategy, spans_strategy, max_size=3),
    closures=st.lists(st.tuples(moment_strategy, st.none() | st.integers(1, 5000)), max_size=2),
    mode=st.sampled_from(list(HolidayMode)),
    moment=moment_strategy,
)
def test_whatever_the_rules_the_answer_is_what_the_spans_say(weekly, exceptions, closures, mode, moment):
    some = OpeningFacts(
        rules=[Rule(day, *span) for day, spans in weekly.items() for span in spans],
        exceptions=exceptions,
        closures=[Closed(a, a + dt.timedelta(minutes=length) if length else None) for a, length in closures],
        calendar=CALENDAR,
        holiday_mode=mode,
    )
    first = moment.date() - dt.timedelta(days=1)
    spans = [span for ahead in range(32) for span in some.spans(first + dt.timedelta(days=ahead))]

    def is_open(when: dt.datetime) -> bool:
        return any(opens <= when < closes for opens, closes in spans)

    answer = some.answer(moment)
    assert answer.now is is_open(moment)
    later = [opens for opens, _closes in spans if opens > moment]
    if not answer.now:
        assert answer.next_open_at == min(later, default=None)
    elif answer.until is not None:
        assert not is_open(answer.until)
        assert all(is_open(opens) for opens, _closes in spans if moment < opens < answer.until)
        assert is_open(answer.until - dt.timedelta(seconds=1))


# --- Rules and how they are written -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        ([Rule(0, 510, 720), Rule(0, 720, 900)], None),
        ([Rule(0, 510, 720), Rule(0, 700, 900)], "overlap"),
        ([Rule(0, 1200, 1560), Rule(1, 60, 600)], "overlap"),
        ([Rule(6, 1200, 1560), Rule(0, 60, 600)], "overlap"),
        ([Rule(6, 1200, 1560), Rule(0, 120, 600)], None),
        ([Rule(0, 720, 720)], "order"),
        ([Rule(0, 720, 2161)], "range"),
        ([Rule(0, 1440, 1500)], "range"),
        ([Rule(0, 1, 2, dt.date(2026, 1, 2), dt.date(2026, 1, 2))], "order"),
        ([Rule(0, 1, 9, None, dt.date(2026, 1, 2)), Rule(0, 1, 9, dt.date(2026, 1, 2))], None),
        ([Rule(0, 1, 9, None, dt.date(2026, 1, 3)), Rule(0, 1, 9, dt.date(2026, 1, 2))], "overlap"),
    ],
)
def test_what_is_wrong_with_weekly_rules_is_named(rules, wrong):
    assert rules_check(rules) == wrong


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("08:30-12:00", [(510, 720)]),
        ("14:00–17:30、8:30—12:00", [(510, 720), (840, 1050)]),
        ("０８：３０至１２：００；14:00 到 17:30", [(510, 720), (840, 1050)]),
        ("20:00-02:00", [(1200, 1560)]),
        ("20:00-26:00", [(1200, 1560)]),
        ("00:00-24:00", [(0, 1440)]),
    ],
)
def test_hours_are_read_as_people_write_them(text, spans):
    assert spans_read(text) == spans


@pytest.mark.parametrize("text", ["上午", "8:30", "08:30-12:60", "08:30-37:00", "08:30-12:0014:00-17:30"])
def test_what_says_no_hours_is_refused(text):
    with pytest.raises(ValueError, match="no "):
        spans_read(text)


@given(st.integers(0, 2160))
def test_a_time_of_day_is_written_and_read_alike(minute):
    from apps.facilities.times import clock_read

    assert clock_read(clock_text(minute)) == minute
