"""How fast does the pump deliver, in one process, against sending alone?

500 notices go through claim, permission, sending and outcome (two transactions a batch of 50); against them as many
messages sent to the same simulator over bare aiohttp, 50 at once, with nothing written.  Three rounds of each in turn.
"""

from __future__ import annotations

import statistics

from benchmarks.report import Figure, Finding
from benchmarks.stage import Stage
from benchmarks.system import System

PEOPLE, ROUNDS = 500, 3


def run(system: System) -> Finding:
    """Measure and return the finding."""
    rows = system.sizes()
    system.outbox_wait(timeout_s=120)
    stage = Stage.of(system, people=PEOPLE)
    # More than are sent: one person gets a message to warm up with, and a receipt leaves the last permission.
    stage.grant(ours=2 * ROUNDS + 1, wechat=3 * ROUNDS + 1)
    pumped: list[float] = []
    bare: list[float] = []
    with system.workers_paused():
        for _each in range(ROUNDS):
            pumped.append(float(stage.act("pump", given=stage.people)))
            bare.append(float(stage.act("bare", given=stage.people)))
    sent = sum(stage.received().values())
    ratio = statistics.median(b / a for a, b in zip(pumped, bare, strict=True))
    return Finding(
        name="outbox",
        question="How many messages a second does the pump deliver in one process, against sending alone?",
        yardstick="as many messages over bare aiohttp to the same simulator, 50 at once, nothing written",
        figures=[
            Figure("messages/s of the pump ÷ bare aiohttp", round(ratio, 2), "×", None, "min"),
            Figure("messages/s of the pump", round(PEOPLE / statistics.median(pumped)), "messages/s"),
            Figure("messages/s of bare aiohttp", round(PEOPLE / statistics.median(bare)), "messages/s"),
            Figure("messages that did not arrive", ROUNDS * (2 * PEOPLE + 1) - sent, "messages", 0),
        ],
        rows=rows | {"messages_a_round": PEOPLE},
        notes=[f"seconds pump {pumped}, bare {bare}"],
    )
