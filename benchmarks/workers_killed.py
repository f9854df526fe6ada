"""Fault proof: a random worker is killed with -9 every two seconds during 20,000 sends.

WeChat takes no idempotency key, and a one-time permission pays for one message.  Claims of a killed worker are in doubt:
its receipts say which of them WeChat took, and only the others are sent again.
"""

from __future__ import annotations

import random
import time

from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System, killed

PEOPLE, EVERY_S = 20_000, 2.0
WORKERS = ("worker-interactive", "worker-bulk", "worker-background")


def run(system: System) -> Finding:
    """Kill workers while the messages are written and sent, and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    writing = crowd.writing(PEOPLE, "killed")
    chance = random.Random(4)
    kills: dict[str, int] = dict.fromkeys(WORKERS, 0)
    until = time.monotonic() + 300
    while (writing.is_alive() or crowd.sent() < PEOPLE * 0.98) and time.monotonic() < until:
        time.sleep(EVERY_S)
        name = chance.choice(WORKERS)
        if pid := system.about["pids"].get(name):
            killed(pid)
            kills[name] += 1
    writing.join()
    seconds = crowd.over_wait(timeout_s=180)
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="workers_killed",
        question=f"What is lost or doubled when a random worker is killed with -9 every {EVERY_S:.0f} s?",
        yardstick="none: counts at the WeChat simulator and in PostgreSQL; claims hold 6 s, a receipt is awaited 5 s",
        figures=[
            *figures,
            Figure("workers killed", sum(kills.values()), "workers", 8, "min"),
            Figure("of them sending replies", kills["worker-interactive"], "workers", 2, "min"),
            Figure("from the last kill until all was over", round(seconds, 1), "s"),
        ],
        rows={"messages": PEOPLE, "kills": sum(kills.values())},
        notes=notes,
    )
