"""What does the kernel's take cost, against the two bare statements that it stands for, from 16 threads at once?

Each thread has a connection of its own and takes units one by one in a transaction each; the yardstick updates a counter
and inserts a row in a transaction each, over the same connections, into a table with the same indexes and none of the
triggers.  Two shapes: all threads on one counter, and each thread on its own.  In turns.
"""

from __future__ import annotations

import json
import statistics

from benchmarks.report import Figure, Finding
from benchmarks.system import System

THREADS, EACH, ROUNDS = 16, 150, 5
LEAST_RATIO = 0.5


def run(system: System) -> Finding:
    """Measure and return the finding."""
    with system.workers_paused():
        found = json.loads(system.command("benchmarks.takers", str(THREADS), str(EACH), str(ROUNDS)))
    ratios = {
        shape: statistics.median(
            kernel / bare for kernel, bare in zip(took["kernel"], took["bare"], strict=True)
        )
        for shape, took in found["rates"].items()
    }
    return Finding(
        name="capacity_take",
        question=f"Units taken by the kernel a second from {THREADS} threads ÷ bare UPDATE + INSERT transactions?",
        yardstick="one conditional UPDATE and one INSERT in a transaction, the same threads and connections, in turns",
        figures=[
            Figure("all threads on one counter: kernel ÷ bare", round(ratios["one"], 2), "×", LEAST_RATIO, "min"),
            Figure("each thread on a counter of its own: kernel ÷ bare", round(ratios["own"], 2), "×", LEAST_RATIO, "min"),
            Figure("units taken, of those asked for", found["taken"], "", found["asked"], "min"),
            Figure("counters that differ from their claims", found["differing"], "", 0),
            Figure("one counter: takes/s", round(statistics.median(found["rates"]["one"]["kernel"])), "1/s"),
            Figure("one counter: bare/s", round(statistics.median(found["rates"]["one"]["bare"])), "1/s"),
            Figure("own counters: takes/s", round(statistics.median(found["rates"]["own"]["kernel"])), "1/s"),
            Figure("own counters: bare/s", round(statistics.median(found["rates"]["own"]["bare"])), "1/s"),
        ],
        rows={"claims": found["asked"]},
    )  # fmt: skip
