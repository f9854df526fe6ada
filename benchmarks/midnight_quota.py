"""Fault proof: WeChat's quota of the day ends in the middle of 20,000 sends; the next Beijing day begins.

The rest waits, is tried by nobody before midnight, and goes out after it.  Both clocks are moved: the simulator's by its
control API, the sender's in its process.
"""

from __future__ import annotations

import datetime as dt
import time

from benchmarks.judge import SEND_PATH, Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System

PEOPLE, QUOTA = 20_000, 8_000
# The simulator counts a call when it has ended: what two senders have in flight at that moment passes too.
IN_FLIGHT = 200
BEIJING = dt.timezone(dt.timedelta(hours=8))


def run(system: System) -> Finding:
    """Use up the quota, go over midnight, and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    crowd.control("POST", "/control/limits", {"path": SEND_PATH, "day": QUOTA})
    crowd.write(PEOPLE, "midnight")
    crowd.sent_wait(QUOTA)
    time.sleep(10)  # several sweeps: whoever wanted to try again would have
    calls_before = int(crowd.control("GET", "/control/calls").get(SEND_PATH, 0))
    time.sleep(10)
    tried = int(crowd.control("GET", "/control/calls").get(SEND_PATH, 0)) - calls_before
    waiting = crowd.under_way()
    crowd.control("POST", "/control/limits", {"path": SEND_PATH, "day": PEOPLE})
    now = dt.datetime.fromtimestamp(time.time(), tz=BEIJING)
    over = (now + dt.timedelta(days=1)).replace(hour=0, minute=30, second=0, microsecond=0)
    with system.workers_paused():
        crowd.control("POST", "/control/clock", {"advance_s": (over - now).total_seconds()})
        system.command("benchmarks.crowd", "pump-at", over.isoformat())
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="midnight_quota",
        question="What is lost or doubled when the quota of the day ends in the middle of 20,000 sends?",
        yardstick="none: counts at the WeChat simulator and in PostgreSQL",
        figures=[
            *figures,
            Figure(
                "messages that waited for the next day",
                waiting,
                "messages",
                PEOPLE - QUOTA - IN_FLIGHT,
                "min",
            ),
            Figure("calls in ten seconds after the quota had ended", tried, "calls", 0),
        ],
        rows={"messages": PEOPLE, "quota": QUOTA},
        notes=notes,
    )
