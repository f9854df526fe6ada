"""How many statements do the lists and pages take, and does the number grow with the rows?

Counted at PostgreSQL, for each HTTP request, with everything that authentication and the page around it ask.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from benchmarks.load import Load, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.statements import StatementLog, shortened, statements_logged
from benchmarks.system import API, System
from qingshan.browser import Answer

TIMES = 7
QUEUE_ROWS = 20
WARM_UP = 60
MOST_API, MOST_ADMIN = 6, 12
_unique = itertools.count()


def _get(load: Load, path: str, token: str = "") -> Callable[[], object]:
    """Return a call that gets ``path`` past the public answers kept in memory."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call() -> None:
        number = next(_unique)
        mark = "&" if "?" in path else "?"
        load.run([request_bytes("GET", f"{path}{mark}x={number}", number=number, headers=headers)])

    return call


def run(system: System) -> Finding:
    """Count and return the finding."""
    few, many = system.data["few"], system.data["many"]
    # What is asked for 2 rows and for 100: path and token of each.
    pairs = {
        "own cases": (
            (f"{API}/feedback/cases?limit=100", few["token"]),
            (f"{API}/feedback/cases?limit=100", many["token"]),
        ),
        "case detail": (
            (f"{API}/feedback/cases/{few['number']}", few["token"]),
            (f"{API}/feedback/cases/{many['number']}", many["token"]),
        ),
        "article list": ((f"{API}/articles?limit=2", ""), (f"{API}/articles?limit=100", "")),
    }
    figures: list[Figure] = []
    notes: list[str] = []
    url = system.stack.environment["DATABASE_URL"]
    desk = system.desk("intake_clerk")
    with Load(system.port, connections=8) as load:
        path, token = pairs["own cases"][0]
        headers = {"Authorization": f"Bearer {token}"}
        load.run([request_bytes("GET", path, number=number, headers=headers) for number in range(WARM_UP)])
    with (
        Load(system.port, connections=1) as load,
        statements_logged(database_url=url, log=system.postgres_log) as log,
    ):
        for name, ((path_2, token_2), (path_100, token_100)) in pairs.items():
            at_2, _ = log.count(_get(load, path_2, token_2), times=TIMES)
            at_100, sent = log.count(_get(load, path_100, token_100), times=TIMES)
            figures.append(Figure(f"{name}: statements a request", at_100, "statements", MOST_API))
            figures.append(Figure(f"{name}: more at 100 rows than at 2", abs(at_100 - at_2), "statements", 0))
            notes += [f"{name}: {shortened(sql)}" for sql in sent]
        queue, sent = _queue(log, lambda: desk.get("/admin/feedback/case/?state__exact=submitted"))
        figures.append(
            Figure("admin queue page of 20 cases: statements a request", queue, "statements", MOST_ADMIN)
        )
        notes += [f"admin queue: {shortened(sql)}" for sql in sent]
    return Finding(
        name="statement_counts",
        question="How many statements do own cases, a case, the article list and the admin queue take?",
        yardstick="none: counts at PostgreSQL, BEGIN and COMMIT included; case detail: a case of a resident with 2 "
        "cases and of one with 100",
        figures=figures,
        rows=system.sizes(),
        notes=notes,
    )


def _queue(log: StatementLog, get: Callable[[], Answer]) -> tuple[int, list[str]]:
    def call() -> None:
        page = get()
        shown = len(set(re.findall(r"/admin/feedback/case/[0-9a-f-]{36}/change/", page.text())))
        if (page.status, shown) != (200, QUEUE_ROWS):
            raise RuntimeError(f"the admin queue answers {page.status} with {shown} cases")

    return log.count(call, times=TIMES)
