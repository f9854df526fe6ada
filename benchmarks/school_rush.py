"""64 clients hand in 5,000 applications, each twice at once: is every one handed in, exactly once, and is nobody answered with an error?

Each has a child, a home and papers of its own, in a round that looks into registers, catchment and distance.  Every other one
is sent again by the same phone (the same Idempotency-Key: the same answer is owed), the rest by a second one (another key: one
of the two is refused).  The two of a pair leave one after the other on two connections, so that the second arrives while the
first is worked on.  Statements are counted before that, of one submission at a time.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

from benchmarks.load import Answered, Load, Ran, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.search_load import p95
from benchmarks.statements import shortened, statements_logged
from benchmarks.system import API, System

APPLICATIONS, CONNECTIONS = 5_000, 64
WARM_UP, COUNTED = 40, 9
MOST_STATEMENTS = 16
ANY = frozenset(range(200, 600))
_HANDED_IN = """
SELECT count(*) FILTER (WHERE a.state <> 'submitted'), count(*) FILTER (WHERE e.number IS DISTINCT FROM 1),
    count(*) FILTER (WHERE m.number IS DISTINCT FROM 1)
FROM schools_application a
    LEFT JOIN (SELECT application_id, count(*) AS number FROM schools_applicationevent WHERE verb = 'submit' GROUP BY 1) e
        ON e.application_id = a.id
    LEFT JOIN (SELECT fields->>'number' AS about, count(*) AS number FROM notifications_inboxmessage
        WHERE kind = 'schools.submitted' GROUP BY 1) m ON m.about = a.number
WHERE a.id = ANY(%s::uuid[])
"""
type Draft = tuple[str, str]  # a guardian's token, the application


def run(system: System) -> Finding:
    """Measure and return the finding."""
    made = json.loads(system.command("benchmarks.school_rows", str(APPLICATIONS), str(WARM_UP + COUNTED)))
    full, plain = made["full"], made["plain"]
    rushed = full[:APPLICATIONS]
    with system.workers_paused():
        sent = {"full": _statements(system, full[APPLICATIONS:]), "plain": _statements(system, plain)}
    ran, answers = _rush(system, rushed)
    ill = _pairs(answers)
    [(lost, doubled, untold)] = system.rows(_HANDED_IN, [application for _token, application in rushed])
    firsts = [1000 * one.seconds for one in answers if one.place % 2 == 0]
    return Finding(
        name="school_rush",
        question=f"{APPLICATIONS:,} applications, each handed in twice at once by {CONNECTIONS} clients: is each handed in once?",
        yardstick="",
        figures=[
            Figure("applications that were not handed in", lost, "", 0),
            Figure("applications with another number of events than one", doubled, "", 0),
            Figure("guardians who were not told, or told twice", untold, "", 0),
            Figure("answers with a server's error", sum(number for status, number in ran.answers.items() if status >= 500), "", 0),
            Figure("pairs that were not answered alike, or with one refusal", ill.total(), "", 0),
            Figure("statements of a submission, BEGIN and COMMIT included", len(sent["full"]), "statements", MOST_STATEMENTS),
            Figure("the same where neither home nor papers are asked for", len(sent["plain"]), "statements", MOST_STATEMENTS),
            Figure("first of each pair: median", round(statistics.median(firsts)), "ms"),
            Figure("first of each pair: p95", round(p95(firsts)), "ms"),
            Figure("applications handed in", round(APPLICATIONS / ran.seconds, 1), "1/s"),
            Figure("requests/s", round(ran.per_s, 1), "1/s"),
        ],
        rows={"applications": APPLICATIONS, "choices": system.number("SELECT count(*) FROM schools_preference")},
        notes=[
            f"{dict(ran.answers)} in {ran.seconds:.1f} s; ill pairs {dict(ill)}",
            *(f"{name}: {number:2} {shortened(sql)}" for name, some in sent.items() for number, sql in enumerate(some, start=1)),
        ],
    )  # fmt: skip


def _request(draft: Draft, number: int, key: str) -> bytes:
    token, application = draft
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Length": "0"}
    return request_bytes(
        "POST", f"{API}/schools/applications/{application}/submit", number=number, headers=headers
    )


def _statements(system: System, drafts: Sequence[Draft]) -> list[str]:
    """Return the statements of one submission on a warm connection."""
    requests = [_request(draft, number, str(uuid4())) for number, draft in enumerate(drafts)]
    with Load(system.port, connections=8) as load:
        load.run(requests[:WARM_UP])
    left = iter(requests[WARM_UP:])
    with (
        Load(system.port, connections=1) as load,
        statements_logged(
            database_url=system.stack.environment["DATABASE_URL"], log=system.postgres_log
        ) as log,
    ):
        _number, found = log.count(lambda: load.run([next(left)]), times=COUNTED)
    return found


def _rush(system: System, drafts: Sequence[Draft]) -> tuple[Ran, list[Answered]]:
    """Send each twice; returns the answers by their place: 2 n and 2 n + 1 are a pair."""
    requests = []
    for number, draft in enumerate(drafts):
        key = str(uuid4())
        requests.append(_request(draft, 2 * number, key))
        requests.append(_request(draft, 2 * number + 1, str(uuid4()) if number % 2 else key))
    answers: list[Answered] = []
    with Load(system.port, connections=CONNECTIONS) as load:
        ran = load.run(requests, expect=ANY, seen=answers.append)
    return ran, sorted(answers, key=lambda one: one.place)


def _pairs(answers: Sequence[Answered]) -> Counter[str]:
    """Return how many pairs were answered otherwise than they are owed, by what they were answered."""
    ill: Counter[str] = Counter()
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        if first.place // 2 % 2:
            owed = sorted((first.status, second.status)) == [200, 409]
        else:
            owed = (first.status, second.status) == (200, 200) and first.body == second.body
        if not owed:
            ill[f"{first.status} {second.status}"] += 1
    return ill
