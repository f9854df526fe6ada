"""How fast does a department's list of sessions answer among a million slots, and in how many statements?

Over HTTP, one request after the other, each for another department and other days (two weeks of the next half year), so that
nothing is answered from memory.  Statements are counted at PostgreSQL.  The yardstick is the same list among a hundredth of
the slots.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import random
import statistics
import time

from benchmarks.report import Figure, Finding
from benchmarks.search_load import p95
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import API, System
from qingshan.browser import Browser

FEW, MANY, REQUESTS, SEED = 10_000, 1_000_000, 300, 62
MOST_MS, MOST_STATEMENTS = 30.0, 4
DAYS = 180  # from tomorrow on
BEIJING = dt.timezone(dt.timedelta(hours=8))


def run(system: System) -> Finding:
    """Measure and return the finding."""
    few = json.loads(system.command("benchmarks.clinic_rows", "slots", str(FEW)))
    with system.workers_paused():
        small = _asked(system, few["departments"])
        many = json.loads(system.command("benchmarks.clinic_rows", "slots", str(MANY)))
        large = _asked(system, many["departments"])
    browser = Browser(system.stack.web)
    path = f"{API}/clinics/departments/{many['departments'][0]}/sessions"
    with statements_logged(
        database_url=system.stack.environment["DATABASE_URL"], log=system.postgres_log
    ) as log:
        number, sent = log.count(lambda: browser.get(path), times=5)
    return Finding(
        name="session_search",
        question=f"How fast does a department's list of two weeks answer among {many['slots']:,} slots?",
        yardstick=f"the same list among {few['slots']:,} slots",
        figures=[
            Figure("sessions of two weeks, p95", round(p95(large), 1), "ms", MOST_MS),
            Figure("sessions of two weeks, median", round(statistics.median(large), 1), "ms"),
            Figure("statements", number, "statements", MOST_STATEMENTS),
            Figure("÷ the same among few slots, median", round(statistics.median(large) / statistics.median(small), 2), "×"),
        ],
        rows={"slots": many["slots"], "pools": system.number("SELECT count(*) FROM capacity_pool")},
        notes=[f"{number} statements", *(f"  {shortened(sql)}" for sql in sent)],
    )  # fmt: skip


def _asked(system: System, departments: list[int]) -> list[float]:
    """Return the milliseconds of each request, after ten that warm up.  Raises RuntimeError on an answer without sessions."""
    line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    draw, spent = random.Random(SEED), []
    today = dt.datetime.fromtimestamp(time.time(), BEIJING).date()
    for turn in range(REQUESTS + 10):
        first = today + dt.timedelta(days=draw.randrange(1, DAYS))
        last = first + dt.timedelta(days=13)
        asked = (
            f"{API}/clinics/departments/{draw.choice(departments)}/sessions?from={first}&to={last}&limit=100"
        )
        began = time.perf_counter()
        line.request("GET", asked)
        answer = line.getresponse()
        body = answer.read()
        took = 1000 * (time.perf_counter() - began)
        if answer.status != 200 or len(json.loads(body)["results"]) != 28:
            raise RuntimeError(f"{asked} answers {answer.status}: {body[:200]!r}")
        if turn >= 10:
            spent.append(took)
    line.close()
    return spent
