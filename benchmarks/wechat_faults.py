"""Fault proof: WeChat answers wrongly, or not at all, at 5 % of 20,000 sends for each kind of fault.

System error (-1), a token that it calls invalid (40001), connections cut before and after the message was taken.  The
daily quota (45009) stops the whole channel, so it has a proof of its own (``midnight_quota``).
"""

from __future__ import annotations

from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System

PEOPLE, SHARE = 20_000, 0.05


def run(system: System) -> Finding:
    """Break sends and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    for seed, rule in enumerate(
        ({"kind": "errcode", "value": -1}, {"kind": "errcode", "value": 40001}, {"kind": "cut_before"}, {"kind": "cut_after"})
    ):  # fmt: skip
        crowd.fault(**rule, probability=SHARE, seed=seed)
    crowd.write(PEOPLE, "faults")
    seconds = crowd.over_wait(timeout_s=400)
    struck = crowd.control("DELETE", "/control/faults")["struck"]
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="wechat_faults",
        question="What is lost or doubled when WeChat fails in four ways at 5 % of the sends each?",
        yardstick="none: counts at the WeChat simulator and in PostgreSQL; a receipt is awaited 5 s",
        figures=[
            *figures,
            Figure("faults that struck", struck, "sends", PEOPLE * SHARE * 3, "min"),
            Figure("from the last notice until all was over", round(seconds, 1), "s"),
        ],
        rows={"messages": PEOPLE},
        notes=notes,
    )
