"""How fast does one sender process deliver, with 100 messages in flight and WeChat answering after 50 ms?

The limit is 100 ÷ 0.05 s = 2,000 messages a second.  One process takes 20,000 notices from claim to outcome: permission,
sending, attempt, ledger.  CPU is that of the whole process, threads included, for each message.
"""

from __future__ import annotations

import json
import statistics

from benchmarks.cpu import cpu_of
from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import ANSWER_S, System

PEOPLE, ROUNDS = 20_000, 3
IN_FLIGHT = 100


def run(system: System) -> Finding:
    """Measure and return the finding."""
    crowd = Crowd.of(system, people=PEOPLE, grants=ROUNDS + 1)
    limit = IN_FLIGHT / ANSWER_S
    took: list[dict[str, float]] = []
    servers: list[dict[str, float]] = []
    with system.workers_paused():
        for number in range(ROUNDS + 1):
            crowd.write(PEOPLE if number else PEOPLE // 10, f"round-{number}")
            system.rows("ANALYZE")
            pids = {name: system.about["pids"][name] for name in ("postgres", "simulator")}
            before = cpu_of(pids)
            one = json.loads(system.command("benchmarks.crowd", "pump", "interactive"))
            after = cpu_of(pids)
            if number:  # the first warms up
                took.append(one)
                servers.append({name: (after[name] - before[name]) / PEOPLE for name in before})
    rates = [one["handled"] / one["seconds"] for one in took]
    received = len(crowd.received())
    return Finding(
        name="sender",
        question="How many messages a second does one sender process deliver with 100 in flight?",
        yardstick=f"the limit of {IN_FLIGHT} in flight at an answer after {ANSWER_S * 1000:.0f} ms: {limit:.0f}/s",
        figures=[
            Figure("messages/s of one process ÷ the limit", round(statistics.median(rates) / limit, 2), "×", 0.75, "min"),
            Figure("messages/s of one process", round(statistics.median(rates)), "messages/s"),
            Figure(
                "CPU of the sender a message, all in",
                round(statistics.median(1000 * one["cpu_s"] / one["handled"] for one in took), 3), "ms", 0.6,
            ),
            Figure(
                "CPU of PostgreSQL a message", round(statistics.median(one["postgres"] for one in servers), 3), "ms"
            ),
            Figure(
                "CPU of the simulator a message", round(statistics.median(one["simulator"] for one in servers), 3), "ms"
            ),
            Figure("peak memory of the sender", round(max(one["peak_mib"] for one in took)), "MiB"),
            Figure("people who were not reached", PEOPLE - received, "people", 0),
        ],
        rows={"messages_a_round": PEOPLE, "rounds": ROUNDS},
        notes=[f"rates {[round(rate) for rate in rates]}"],
    )  # fmt: skip
