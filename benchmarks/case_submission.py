"""What does one submitted case cost: statements at PostgreSQL, and CPU of web and PostgreSQL?

Signed in, one photo attached by id (its upload came before and is not counted), an Idempotency-Key: the whole of it,
with authentication, timeline, inbox and outbox rows.  The Celery workers stand still meanwhile, or their statements
would be counted as the request's; what the notices cost afterwards is told apart.  The nearest peer, measured on the
same kind of machine, takes 68 statements and 185 × its bare view's CPU.
"""

from __future__ import annotations

import json

from benchmarks.cpu import cpu_of
from benchmarks.load import Load, compare, cpu_mean, request_bytes, served_ms
from benchmarks.report import Figure, Finding
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import System

ROUNDS, SUBMISSIONS, BARE = 11, 80, 1500
COUNTED = 9


def run(system: System) -> Finding:
    """Measure and return the finding."""
    rows = system.sizes()
    with system.workers_paused():
        statements = _statements(system)
        answer = _answer_bytes(system)
        bare = system.bare("case", b"x" * answer)
        plain = [request_bytes("GET", bare, number=number) for number in range(BARE)]
        found = compare(
            system.port, ours=lambda _round: system.submissions(SUBMISSIONS), yardstick=lambda _round: plain,
            rounds=ROUNDS, pids=system.served_by, expect=201,
        )  # fmt: skip
        pids = system.about["pids"]
        behind = {name: pids[name] for name in ("worker-interactive", "postgres")}
        waiting = system.number("SELECT count(*) FROM notifications_delivery WHERE state = 'queued'")
        before = cpu_of(behind)
    drained = system.outbox_wait(timeout_s=120)
    after = cpu_of(behind)
    notice_ms = sum(after[name] - before[name] for name in behind) / max(waiting, 1)
    figures = [
        Figure("SQL statements a submission, BEGIN and COMMIT included", len(statements), "statements", 14),
        Figure("CPU web + PostgreSQL ÷ bare view", round(found.cost, 1), "×", 15),
        Figure("CPU web", round(cpu_mean(found.ours, "web"), 2), "ms/request"),
        Figure("CPU PostgreSQL", round(cpu_mean(found.ours, "postgres"), 2), "ms/request"),
        Figure("CPU Redis", round(cpu_mean(found.ours, "redis"), 2), "ms/request"),
        Figure(
            "CPU web + PostgreSQL, bare view",
            round(served_ms(found.yardstick), 3),
            "ms/request",
        ),
        Figure("bare view's requests/s ÷ submissions/s", round(1 / found.speed, 1), "×"),
        Figure("afterwards: CPU worker + PostgreSQL a notice", round(notice_ms, 2), "ms/notice"),
    ]
    notes = [f"{number:2} {shortened(sql)}" for number, sql in enumerate(statements, start=1)]
    if not drained:
        notes.append("the worker had not handled every notice after 120 s")
    return Finding(
        name="case_submission",
        question="What does submitting a case with a photo cost in statements and CPU?",
        yardstick=f"a bare Django view answering as many bytes ({answer}) under the same server and middleware",
        figures=figures,
        rows=rows,
        notes=notes,
    )


def _statements(system: System) -> list[str]:
    """Return the statements of one submission on a warm connection."""
    url = system.stack.environment["DATABASE_URL"]
    with Load(system.port, connections=8) as load:
        load.run(system.submissions(60), expect=201)
    with (
        Load(system.port, connections=1) as load,
        statements_logged(database_url=url, log=system.postgres_log) as log,
    ):
        _number, found = log.count(lambda: load.run(system.submissions(1), expect=201), times=COUNTED)
    return found


def _answer_bytes(system: System) -> int:
    """Return the length of the answer to a submission: a case as its resident sees it, with a photo."""
    newest = system.rows(
        "SELECT number, resident_id::text FROM feedback_case ORDER BY submitted_at DESC, id DESC LIMIT 1"
    )[0]
    token = next(one["token"] for one in system.data["submitters"] if one["id"] == newest[1])
    body = system.body_of(f"/api/v1/feedback/cases/{newest[0]}", token=token)
    if not json.loads(body)["timeline"][0]["uploads"]:
        raise RuntimeError("the submission carries no photo")
    return len(body)
