"""Are the figures quick and true at a million cases?

quick   a year of figures over HTTP: the staff's page by unit and by category (the small and the large table behind it), the
        list of cases behind a number, and the public answer with a first day that differs each time, so that nothing is
        answered from memory.  Bound on the 95th percentile.  Yardstick: the same sums straight from the events by the
        statement that the daily figures are made with, run in the same minutes; the ratio is told.
true    the daily figures against that direct computation, unit by unit and measure by measure, and the last month against
        a replay of its events in plain Python.  No difference is allowed.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import psycopg

from apps.reports.aggregation import marks_sql
from apps.reports.definitions import Measure
from benchmarks.report import Figure, Finding
from benchmarks.system import API, System
from qingshan.browser import Browser

MOST_S = 2.0
TIMES = 30
YEAR = 365
DIRECT_TIMES = 2


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _timed(call: Callable[[int], object], *, times: int = TIMES) -> list[float]:
    """Return the seconds of each call; one before them warms up."""
    call(-1)
    spent = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        spent.append(time.perf_counter() - began)
    return spent


def _page(browser: Browser, path: str, mark: str) -> str:
    answer = browser.get(path)
    if answer.status != 200 or mark not in answer.text():
        raise RuntimeError(f"{path} answers {answer.status} without {mark}")
    return answer.text()


def run(system: System) -> Finding:
    """Measure and return the finding."""
    # What the workers count meanwhile would be measured as well.
    with system.workers_paused():
        return _finding(system)


def _finding(system: System) -> Finding:
    began = time.perf_counter()
    system.stack.manage("figures_rebuild")
    rebuild_s = time.perf_counter() - began
    system.rows("ANALYZE reports_dailyfigure, reports_unitfigure")
    as_of = system.rows("SELECT as_of FROM reports_figurestate")[0][0]
    today = as_of.astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    began = time.perf_counter()
    system.stack.manage(
        "figures_rebuild", "--since", str(today - dt.timedelta(days=1)), "--until", str(today)
    )
    two_days_s = time.perf_counter() - began
    spent = _latencies(system, today)
    direct = [_direct(system, as_of) for _each in range(DIRECT_TIMES)]
    direct_s = statistics.median(seconds for seconds, _sums in direct)
    wrong = _differences(system, direct[0][1])
    page_s = statistics.median(spent["staff's page by category"])
    figures = [
        *(
            Figure(f"a year: {name}, 95th percentile", round(_p95(values), 3), "s", MOST_S)
            for name, values in spent.items()
        ),
        Figure(
            "the same sums straight from the events ÷ staff's page by category", round(direct_s / page_s), "×"
        ),
        Figure("the same sums straight from the events", round(direct_s, 1), "s"),
        Figure("counting everything anew", round(rebuild_s, 1), "s"),
        Figure("counting yesterday and today anew", round(two_days_s, 1), "s"),
        Figure("sums of units and measures that differ from the direct ones", wrong, "sums", 0),
        Figure("differences from a replay of the last 31 days", _replayed(system, today), "figures", 0),
    ]
    return Finding(
        name="figures",
        question="How long do a year's figures take at a million cases, and are they what the events say?",
        yardstick="the statement that daily figures are made with, over all events, added up by unit",
        figures=figures,
        rows=system.sizes() | {"daily_figures": system.number("SELECT count(*) FROM reports_dailyfigure")},
        notes=[f"{name}: {[round(value, 3) for value in values]}" for name, values in spent.items()],
    )


def _latencies(system: System, today: dt.date) -> dict[str, list[float]]:
    """Return the seconds of each request by what is asked."""
    head, anyone = system.desk("desk_head"), Browser(system.stack.web)
    first = today - dt.timedelta(days=YEAR - 1)

    def page(by: str) -> Callable[[int], object]:
        query = urlencode({"since": first, "until": today, "by": by})
        return lambda _number: _page(head, f"/admin/reports/dailyfigure/?{query}", 'id="figures-table"')

    def public(number: int) -> object:
        query = urlencode({"from": first - dt.timedelta(days=number + 1), "to": today})
        return _page(anyone, f"{API}/feedback/stats?{query}", '"on_time_rate"')

    def cases(code: str, key: str) -> Callable[[int], object]:
        query = urlencode(
            {
                "since": first,
                "until": today,
                "by": "category",
                "key": key,
                "code": code,
                "part": "denominator",
            }
        )
        return lambda _number: _page(head, f"/admin/reports/dailyfigure/cases/?{query}", "/change/")

    return {
        "staff's page by unit": _timed(page("unit")),
        "staff's page by category": _timed(page("category")),
        "public answer": _timed(public),
        "50 cases behind a number": _timed(cases("responded_rate", ""), times=10),
        "50 cases behind a number of one category": _timed(cases("solved_rate", "0201"), times=10),
    }


def _direct(system: System, as_of: dt.datetime) -> tuple[float, dict[Any, tuple[int, ...]]]:
    """Return the seconds and the sums by unit, straight from the events."""
    sums = ", ".join(f"sum({measure.value})::bigint" for measure in Measure)
    clause = marks_sql(cases="SELECT id FROM feedback_case", measures=tuple(Measure))
    values = {"as_of": as_of, "last": as_of + dt.timedelta(microseconds=1)}
    url = system.stack.environment["DATABASE_URL"]
    with psycopg.connect(url, application_name="benchmark") as connection:
        connection.execute("SET LOCAL work_mem = '128MB'")
        began = time.perf_counter()
        rows = connection.execute(f"{clause} SELECT unit_id, {sums} FROM marks GROUP BY 1", values).fetchall()  # type: ignore[arg-type]
        return time.perf_counter() - began, {row[0]: tuple(row[1:]) for row in rows}


def _differences(system: System, direct: dict[Any, tuple[int, ...]]) -> int:
    """Return how many sums of the two tables of figures differ from ``direct``."""
    sums = ", ".join(f"sum({measure.value})::bigint" for measure in Measure)
    wrong = 0
    for table in ("reports_dailyfigure", "reports_unitfigure"):
        stored = {
            row[0]: tuple(row[1:])
            for row in system.rows(f"SELECT unit_id, {sums} FROM {table} GROUP BY 1")  # type: ignore[arg-type]
        }
        nothing = (0,) * len(Measure)
        wrong += sum(
            ours != theirs
            for unit in {*stored, *direct}
            for ours, theirs in zip(stored.get(unit, nothing), direct.get(unit, nothing), strict=True)
        )
    return wrong


def _replayed(system: System, today: dt.date) -> int:
    """Return how many figures of the last 31 days differ from a replay in plain Python."""
    since = today - dt.timedelta(days=30)
    try:
        said = system.command("manage", "figures_verify", "--since", str(since), "--until", str(today))
    except (RuntimeError, subprocess.SubprocessError) as error:
        said = str(error)
    found = re.search(r"(\d+) differences", said)
    if found is None:
        raise RuntimeError(f"figures_verify said: {said[-500:]}")
    return int(found.group(1))
