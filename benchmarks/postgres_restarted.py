"""Fault proof: PostgreSQL is restarted twice during 20,000 sends.

Outcomes of messages that are in the air can not be written while it is away: the sender keeps them and tries again.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import psycopg

from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System

PEOPLE = 20_000


def _restart(system: System) -> float:
    """Stop PostgreSQL (fast shutdown: connections are ended) and return the seconds until it answers again."""
    began = time.monotonic()
    os.kill(system.about["pids"]["postgres"], signal.SIGINT)
    time.sleep(0.5)
    while time.monotonic() - began < 60:
        with suppress(psycopg.Error):
            system.number("SELECT 1")
            return time.monotonic() - began
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not come back")


def run(system: System) -> Finding:
    """Restart PostgreSQL and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    crowd.write(PEOPLE, "restarted")
    away = []
    for share in (0.25, 0.6):
        crowd.sent_wait(int(PEOPLE * share))
        away.append(_restart(system))
    crowd.over_wait(timeout_s=180)
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="postgres_restarted",
        question="What is lost or doubled when PostgreSQL is restarted twice during 20,000 sends?",
        yardstick="none: counts at the WeChat simulator and in PostgreSQL; claims hold 6 s, a sweep comes each 2 s",
        figures=[*figures, Figure("longest time without PostgreSQL", round(max(away), 1), "s")],
        rows={"messages": PEOPLE, "restarts": len(away)},
        notes=notes,
    )
