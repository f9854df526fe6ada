"""How fast is the desk's list of articles with 100,000 of them, for an editor with rights in 500 columns of 600?

Over HTTP, signed in: the first page, the second, one state, one word, eight times each.  Statements are
counted at PostgreSQL.
"""

from __future__ import annotations

import statistics
import time
from urllib.parse import quote

from benchmarks.article_search import archive
from benchmarks.report import Figure, Finding
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import System
from qingshan.browser import Browser

LIST = "/admin/news/article/"
ROUNDS = 8
MOST_MS, MOST_STATEMENTS = 200, 12


def _ms(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    answer = browser.get(path)
    spent = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    return spent


def run(system: System) -> Finding:
    """Measure and return the finding."""
    archive(system)
    paths = {
        "first page": LIST,
        "second page": f"{LIST}?p=2",
        "one state": f"{LIST}?state__exact=draft",
        "one word": f"{LIST}?q={quote('路灯')}",
    }
    browser = system.desk("editor")
    for path in paths.values():  # the session's first requests write it
        _ms(browser, path)
    spent = {name: [_ms(browser, path) for _round in range(ROUNDS)] for name, path in paths.items()}
    url = system.stack.environment["DATABASE_URL"]
    with statements_logged(database_url=url, log=system.postgres_log) as log:
        counted = {
            name: log.count(lambda path=path: browser.get(path), times=5) for name, path in paths.items()
        }  # type: ignore[misc]
    everything = [ms for values in spent.values() for ms in values]
    return Finding(
        name="desk_list",
        question="How fast is the desk's list with 100,000 articles for an editor with rights in 500 columns?",
        yardstick="",
        figures=[
            Figure("desk list, p95", round(statistics.quantiles(everything, n=20)[-1], 1), "ms", MOST_MS),
            Figure("desk list, most statements", max(number for number, _sent in counted.values()), "statements", MOST_STATEMENTS),
            *(Figure(f"{name}: median", round(statistics.median(values), 1), "ms") for name, values in spent.items()),
        ],
        rows=system.sizes() | {"rights": system.number("SELECT count(*) FROM news_columnright")},
        notes=[
            line
            for name, (number, sent) in counted.items()
            for line in (f"{name}: {number} statements", *(f"  {shortened(sql)}" for sql in sent))
        ],
    )  # fmt: skip
