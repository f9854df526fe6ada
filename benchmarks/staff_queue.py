"""Is the first page of the staff's queue as quick at a million cases as at ten thousand?

The page that a clerk asks for, over HTTP: one unit, one state, one word of the text, in every combination of five units,
four states and six words, common and rare; and the queues without a word.  The two systems are asked in turn, so that
noise falls on both.  Statements are counted at PostgreSQL.
"""

from __future__ import annotations

import re
import statistics
import time
from itertools import product
from urllib.parse import urlencode

from benchmarks.report import Figure, Finding
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import System, system_million
from qingshan.browser import Browser

SMALL = 10_000
STATES = ("dispatched", "signed", "in_progress", "closed")
WORDS = ("路灯", "垃圾", "居民", "老人", "施工", "轮候")
UNITS = 5
ROUNDS = 2
MOST_RATIO, MOST_STATEMENTS = 1.5, 12
QUEUE = "/admin/feedback/case/"


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _ms(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    answer = browser.get(path)
    spent = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    return spent


def _paths(system: System) -> list[str]:
    """Return the filtered pages: units by how much they have, so that the largest are among them."""
    units = system.rows(
        "SELECT unit_id FROM feedback_case WHERE unit_id IS NOT NULL GROUP BY unit_id ORDER BY count(*) DESC LIMIT %s",
        UNITS,
    )
    return [
        f"{QUEUE}?{urlencode({'unit': unit, 'state__exact': state, 'q': word})}"
        for (unit,), state, word in product(units, STATES, WORDS)
    ]


def run(system: System) -> Finding:
    """Measure and return the finding."""
    with system_million(cases=SMALL) as small:
        filtered = _paths(system)
        plain = [
            QUEUE,
            f"{QUEUE}?which=overdue",
            f"{QUEUE}?which=all",
            *(f"{QUEUE}?state__exact={s}" for s in STATES),
        ]
        spent = {
            "filtered by unit, state and text": _both(system, small, filtered, rounds=ROUNDS),
            "without a word": _both(system, small, plain, rounds=10),
        }
        counted = _counted(system, [filtered[0], filtered[-1], QUEUE])
    figures = []
    for name, (large, few) in spent.items():
        bound = MOST_RATIO if "text" in name else None
        figures += [
            Figure(
                f"{name}: p95 at 1,000,000 ÷ p95 at 10,000", round(_p95(large) / _p95(few), 2), "×", bound
            ),
            Figure(f"{name}: p95 at 1,000,000", round(_p95(large), 1), "ms"),
            Figure(f"{name}: p95 at 10,000", round(_p95(few), 1), "ms"),
        ]
    whole = [sql for sql in counted if re.search(r"SELECT COUNT\(", sql, re.IGNORECASE)]
    most = max(int(line.split(" ", 1)[0]) for line in counted if line[0].isdigit())
    figures += [
        Figure("statements a page", most, "statements", MOST_STATEMENTS),
        Figure("statements that count a table", len(whole), "statements", 0),
    ]
    return Finding(
        name="staff_queue",
        question="Is the first page of the staff's queue as quick at a million cases as at ten thousand?",
        yardstick="the same pages of the same system with 10,000 cases, asked in turn",
        figures=figures,
        rows=system.sizes(),
        notes=counted,
    )


def _both(system: System, small: System, paths: list[str], *, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of ``paths`` on both systems; a first round warms up and is not counted."""
    browsers = (system.desk("desk_head"), small.desk("desk_head"))
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for path in paths:
            for browser, kept in zip(browsers, found, strict=True):
                spent = _ms(browser, path)
                if number:
                    kept.append(spent)
    return found


def _counted(system: System, paths: list[str]) -> list[str]:
    """Return for each page a line with its number of statements, and the statements."""
    browser = system.desk("desk_head")
    browser.get(QUEUE)
    url = system.stack.environment["DATABASE_URL"]
    lines = []
    with statements_logged(database_url=url, log=system.postgres_log) as log:
        for path in paths:
            number, sent = log.count(lambda path=path: browser.get(path), times=5)  # type: ignore[misc]
            lines += [f"{number} statements: {path}", *(f"  {shortened(sql)}" for sql in sent)]
    return lines
