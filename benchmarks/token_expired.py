"""Fault proof: the access token expires while eight processes send.  How many fetch a new one?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System

PEOPLE, PROCESSES = 20_000, 8
TOKEN_PATH = "/cgi-bin/stable_token"


def run(system: System) -> Finding:
    """Let the token expire in the middle and count."""
    crowd = Crowd.of(system, people=PEOPLE, grants=1)
    with system.workers_paused():
        crowd.write(PEOPLE, "token")
        with ThreadPoolExecutor(PROCESSES) as pool:
            sending = [
                pool.submit(system.command, "benchmarks.crowd", "pump", "interactive")
                for _each in range(PROCESSES)
            ]
            crowd.sent_wait(PEOPLE // 4)
            before = int(crowd.control("GET", "/control/calls").get(TOKEN_PATH, 0))
            crowd.control("POST", "/control/tokens", {"expire": True})
            for one in sending:
                one.result()
        fetched = int(crowd.control("GET", "/control/calls").get(TOKEN_PATH, 0)) - before
    crowd.over_wait(timeout_s=120)
    figures, notes = crowd.verdict(owed=PEOPLE)
    return Finding(
        name="token_expired",
        question=f"What is lost or doubled when the token expires while {PROCESSES} processes send?",
        yardstick="none: counts at the WeChat simulator",
        figures=[*figures, Figure("tokens fetched after it had expired", fetched, "fetches", 1)],
        rows={"messages": PEOPLE, "processes": PROCESSES},
        notes=notes,
    )
