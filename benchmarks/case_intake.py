"""What does a submission cost with suggestion, routing and grouping on, and does it grow with the cases there are?

A case without a category, with a street and a point: categories are suggested, a live rule sends it on, reports of the
same event are looked for.  Statements are counted at PostgreSQL; times are compared with a system of ten thousand cases
that is asked in turn.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time

from benchmarks.load import Load, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import API, System, system_million

SMALL = 10_000
PEOPLE, TIMES, COUNTED, LOOKED = 40, 300, 9, 300
MOST_STATEMENTS, MOST_RATIO = 22, 1.5
TEXT = "建设二路公交站旁的路灯不亮，晚上看不清台阶，请尽快来修。"
_unique = itertools.count()


def _request(token: str) -> bytes:
    number = next(_unique)
    body = {
        "request_type": "help", "street": "420107003", "text": TEXT, "address": "建设二路公交站", "identity": "named",
        "point": {"lng": 114.397853 + number % 50 / 1000, "lat": 30.633169, "crs": "gcj02"},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"intake-{number}"}
    raw = json.dumps(body, ensure_ascii=False).encode()
    return request_bytes("POST", f"{API}/feedback/cases", number=number, headers=headers, body=raw)


def run(system: System) -> Finding:
    """Measure and return the finding."""
    with system_million(cases=SMALL) as small:
        both = (system, small)
        people = [json.loads(one.command("benchmarks.acts", "people", str(PEOPLE))) for one in both]
        for one in both:
            one.command("benchmarks.acts", "rule")
        with system.workers_paused(), small.workers_paused():
            sent = _statements(system, people[0])
            large, few = _times(both, people)
        looks = [json.loads(one.command("benchmarks.acts", "alike", str(LOOKED))) for one in both]
    medians = [statistics.median(values) for values in looks]
    figures = [
        Figure(
            "SQL statements a submission, BEGIN and COMMIT included", len(sent), "statements", MOST_STATEMENTS
        ),
        Figure(
            "submission: median at 1,000,000 ÷ at 10,000",
            round(statistics.median(large) / statistics.median(few), 2),
            "×",
            MOST_RATIO,
        ),
        Figure("submission: median at 1,000,000", round(statistics.median(large), 1), "ms"),
        Figure(
            "grouping: median at 1,000,000 ÷ at 10,000", round(medians[0] / medians[1], 2), "×", MOST_RATIO
        ),
        Figure("grouping: median at 1,000,000", round(medians[0], 2), "ms"),
        Figure("grouping: p95 at 1,000,000", round(statistics.quantiles(looks[0], n=20)[-1], 2), "ms"),
    ]
    return Finding(
        name="case_intake",
        question="What does a submission with suggestion, routing and grouping cost, and does it grow with the cases?",
        yardstick="the same submissions to the same system with 10,000 cases, sent in turn",
        figures=figures,
        rows=system.sizes(),
        notes=[f"{number:2} {shortened(sql)}" for number, sql in enumerate(sent, start=1)],
    )


def _statements(system: System, people: list[dict[str, str]]) -> list[str]:
    """Return the statements of one submission on a warm connection that a rule sends on."""
    tokens = itertools.cycle(one["token"] for one in people)
    with Load(system.port, connections=8) as load:
        load.run([_request(next(tokens)) for _each in range(60)], expect=201)
    with (
        Load(system.port, connections=1) as load,
        statements_logged(
            database_url=system.stack.environment["DATABASE_URL"], log=system.postgres_log
        ) as log,
    ):
        _number, found = log.count(lambda: load.run([_request(next(tokens))], expect=201), times=COUNTED)
    if not any("feedback_cohandling" in sql or "accounts_department" in sql for sql in found):
        raise RuntimeError("the rule did not send the case on")
    return found


def _times(
    both: tuple[System, System], people: list[list[dict[str, str]]]
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of single submissions to both systems, sent in turn."""
    found: tuple[list[float], list[float]] = ([], [])
    tokens = [itertools.cycle(one["token"] for one in some) for some in people]
    with Load(both[0].port, connections=1) as first, Load(both[1].port, connections=1) as second:
        for number in range(TIMES + 40):
            for load, some, kept in zip((first, second), tokens, found, strict=True):
                request = _request(next(some))
                began = time.perf_counter()
                load.run([request], expect=201)
                if number >= 40:
                    kept.append((time.perf_counter() - began) * 1000)
    return found
