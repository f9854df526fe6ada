"""Are the inbox and its unread count as quick with ten million rows as with ten thousand?

Over HTTP, for residents with 200 messages of their own, 20 of them unread: the first page, a later page, the unread ones
and the count.  The same residents are asked before and after the table has grown; statements are counted at PostgreSQL.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time

from benchmarks.report import Figure, Finding
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import API, System

SMALL, LARGE = 10_000, 10_000_000
ASKED, OWN, UNREAD_EACH = 20, 200, 10
ROUNDS = 30
MOST_STATEMENTS, MOST_RATIO = 3, 1.5
_OWNERS = """
INSERT INTO accounts_resident (id, nickname, elder_mode, language, created_at)
SELECT uuid7_of(now() - interval '1 year'), '', FALSE, 'zh-hans', now() FROM generate_series(1, %s)
"""
# Spread over a year and over all residents but the asked ones, as a district's traffic is.
_MESSAGES = """
WITH owner AS (
    SELECT id, row_number() OVER (ORDER BY id) AS number FROM accounts_resident WHERE openid_hash IS NULL
)
INSERT INTO notifications_inboxmessage
    (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at, read_at)
SELECT uuid7_of(at), owner.id, 'feedback.replied', 0, '区城管执法局已答复您的诉求', '诉求 2026031000000019 的答复：已到现场修好，请查看。',
    'pages/feedback/case', '{"number": "2026031000000019"}', '{}', 'bench:' || n, at,
    CASE WHEN n %% 10 > 0 THEN at END
FROM (SELECT n, now() - interval '1 year' * (1 - n::float8 / %s) AS at FROM generate_series(%s::int, %s::int) n) made
JOIN owner ON owner.number = 1 + n %% (SELECT count(*) FROM owner)
"""
_OWN = """
INSERT INTO notifications_inboxmessage
    (id, resident_id, kind, text_version, title, body, page, params, fields, dedup_key, created_at, read_at)
SELECT uuid7_of(at), %s, 'feedback.replied', 0, '区城管执法局已答复您的诉求', '已到现场修好，请查看。', 'pages/feedback/case',
    '{"number": "2026031000000019"}', '{}', 'own:' || %s::text || ':' || n, at, CASE WHEN n %% %s > 0 THEN at END
FROM (SELECT n, now() - interval '1 day' * n AS at FROM generate_series(1, %s) n) made
"""
OWNERS = 100_000
STEP = 500_000


def run(system: System) -> Finding:
    """Measure and return the finding."""
    people = json.loads(system.command("benchmarks.acts", "people", str(ASKED)))
    system.rows(_OWNERS, OWNERS)
    for person in people:
        system.rows(_OWN, person["id"], person["id"], UNREAD_EACH, OWN)
    system.rows(_MESSAGES, LARGE, 1, SMALL)
    system.rows("VACUUM ANALYZE notifications_inboxmessage")
    paths = _paths(system, people[0])
    small = {name: _p95(system, people, path) for name, path in paths.items()}
    began = time.monotonic()
    for first in range(SMALL + 1, LARGE + 1, STEP):
        system.rows(_MESSAGES, LARGE, first, min(first + STEP - 1, LARGE))
    grown_s = time.monotonic() - began
    system.rows("VACUUM ANALYZE notifications_inboxmessage")
    large = {name: _p95(system, people, path) for name, path in paths.items()}
    figures, notes = _statements(system, people[0], paths)
    for name in paths:
        figures += [
            Figure(f"{name}: p95 at {LARGE:,} rows ÷ at {SMALL:,}", round(large[name] / small[name], 2), "×", MOST_RATIO),
            Figure(f"{name}: p95 at {LARGE:,} rows", round(large[name], 2), "ms"),
        ]  # fmt: skip
    return Finding(
        name="inbox",
        question="Are the inbox and its unread count as quick with ten million rows as with ten thousand?",
        yardstick=f"the same residents' requests at {SMALL:,} rows, in the same run",
        figures=figures,
        rows={
            "inbox_messages": system.number("SELECT count(*) FROM notifications_inboxmessage"),
            "residents": OWNERS + ASKED,
        },
        notes=[f"grown in {grown_s:.0f} s", *notes],
    )


def _paths(system: System, person: dict[str, str]) -> dict[str, str]:
    page = json.loads(system.body_of(f"{API}/inbox", token=person["token"]))
    if len(page["results"]) != 20 or not page["next"]:
        raise RuntimeError("the inbox shows no full page")
    return {
        "inbox list": f"{API}/inbox",
        "unread ones": f"{API}/inbox?unread=1",
        "unread count": f"{API}/inbox/unread-count",
    }


def _p95(system: System, people: list[dict[str, str]], path: str) -> float:
    """Return the 95th percentile in ms of ``ROUNDS`` requests of each person, one after the other."""
    line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    spent: list[float] = []
    for turn in range(ROUNDS + 1):
        for person in people:
            began = time.perf_counter()
            line.request("GET", path, headers={"Authorization": f"Bearer {person['token']}"})
            answer = line.getresponse()
            body = json.loads(answer.read())
            took = 1000 * (time.perf_counter() - began)
            if answer.status != 200 or (body.get("count", OWN // UNREAD_EACH) != OWN // UNREAD_EACH):
                raise RuntimeError(f"{path} answers {answer.status}: {str(body)[:200]}")
            if turn:  # the first warms up
                spent.append(took)
    line.close()
    return statistics.quantiles(spent, n=20)[-1]


def _statements(
    system: System, person: dict[str, str], paths: dict[str, str]
) -> tuple[list[Figure], list[str]]:
    figures, notes = [], []
    url = system.stack.environment["DATABASE_URL"]
    with statements_logged(database_url=url, log=system.postgres_log) as log:
        for name, path in paths.items():
            count, sent = log.count(lambda path=path: system.body_of(path, token=person["token"]), times=5)  # type: ignore[misc]
            figures.append(Figure(f"{name}: statements a request", count, "statements", MOST_STATEMENTS))
            notes += [f"{name}: {shortened(sql)}" for sql in sent]
    return figures, notes
