"""Fault proof: Redis is emptied, then killed and started again empty, during 20,000 sends.

What is queued, every token, lock, bucket and rest is gone; the rows are in PostgreSQL and a sweep finds them.
"""

from __future__ import annotations

import redis

from benchmarks.judge import Crowd
from benchmarks.report import Finding
from benchmarks.system import System, killed

PEOPLE = 20_000


def run(system: System) -> Finding:
    """Take Redis' memory away twice and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    writing = crowd.writing(PEOPLE, "emptied")
    crowd.sent_wait(PEOPLE // 4)
    with redis.Redis.from_url(system.stack.environment["REDIS_URL"]) as server:
        keys = int(server.dbsize())  # type: ignore[arg-type]
        server.flushall()
    crowd.sent_wait(PEOPLE // 2)
    killed(system.about["pids"]["redis"])
    writing.join()
    crowd.over_wait(timeout_s=180)
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="redis_emptied",
        question="What is lost or doubled when Redis is emptied and restarted during 20,000 sends?",
        yardstick="none: counts at the WeChat simulator and in PostgreSQL; a sweep comes each 2 s",
        figures=figures,
        rows={"messages": PEOPLE, "keys_forgotten": keys},
        notes=notes,
    )
