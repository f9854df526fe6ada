"""Fault proof: Redis is away while residents submit.  Is every case kept and every notice delivered?

Redis is killed with -9 and killed again each time the supervisor has brought it back, until the last submission has been
answered.  It keeps nothing on disk, so that all that was queued in it is gone as well.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from benchmarks.report import Figure, Finding
from benchmarks.stage import Stage
from benchmarks.system import API, System, killed
from qingshan.browser import Answer, Browser

PEOPLE, AT_ONCE = 60, 6
# Spread over some seconds, so that the outage meets every part of a submission and outlasts several restarts.
PAUSE_S = 0.5


class Down:
    """Keeps Redis away: kills it whenever it is back."""

    def __init__(self, system: System) -> None:
        self.kills = 0
        self._system, self._over = system, Event()
        self._thread = Thread(target=self._work)

    def __enter__(self) -> Down:
        self._thread.start()
        while not self.kills:
            time.sleep(0.01)
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        last = 0
        while not self._over.is_set():
            pid = self._system.about["pids"].get("redis", 0)
            if pid and pid != last:
                killed(pid)
                self.kills, last = self.kills + 1, pid
            time.sleep(0.03)


def _submit(system: System, person: dict[str, str]) -> tuple[Answer, float]:
    """Submit a case and return the answer and how many seconds it took."""
    phone = Browser(system.stack.web)
    phone.headers["Authorization"] = f"Bearer {person['token']}"
    time.sleep(PAUSE_S)
    began = time.perf_counter()
    answer = phone.post(
        f"{API}/feedback/cases",
        {"request_type": "help", "text": "路灯不亮，晚上看不清台阶。", "category": "0201"},
        headers={"Idempotency-Key": f"redis-{person['id'][:20]}"},
    )
    return answer, time.perf_counter() - began


def run(system: System) -> Finding:
    """Take Redis away and count."""
    stage = Stage.of(system, people=PEOPLE)
    # A receipt leaves the last permission for the reply, so it takes two.
    stage.grant(ours=2, wechat=2)
    with Down(system) as down, ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda person: _submit(system, person), stage.people))
    statuses = Counter(answer.status for answer, _took in answers)
    took = [seconds for _answer, seconds in answers]
    numbers = {
        person["openid"]: str(answer.json()["number"])
        for person, (answer, _took) in zip(stage.people, answers, strict=True)
        if answer.status == 201
    }
    began = time.monotonic()
    drained = system.outbox_wait(timeout_s=120)
    seconds = time.monotonic() - began
    received = stage.received()
    kept = {str(row[0]) for row in system.rows("SELECT number FROM feedback_case")}
    inbox = system.number("SELECT count(*) FROM notifications_inboxmessage WHERE kind = 'feedback.submitted' AND fields->>'number' = ANY(%s)", list(numbers.values()))  # fmt: skip
    figures = [
        Figure("submissions not answered 201 while Redis was away", PEOPLE - statuses[201], "requests", 0),
        Figure("answered cases that are not kept", len(set(numbers.values()) - kept), "cases", 0),
        Figure("answered cases without a receipt in the inbox", len(numbers) - inbox, "cases", 0),
        Figure(
            "notices that WeChat never received after Redis was back",
            len(set(numbers.items()) - set(received)), "notices", 0,
        ),
        Figure("notices that WeChat received twice", sum(received.values()) - len(received), "notices", 0),
        Figure("a submission without Redis, median", round(statistics.median(took) * 1000), "ms"),
        Figure("a submission without Redis, slowest", round(max(took) * 1000), "ms"),
        Figure("from the last submission until all was delivered", round(seconds, 1), "s"),
    ]  # fmt: skip
    return Finding(
        name="redis_lost",
        question="Redis is away while residents submit: is every case answered and kept, every notice delivered?",
        yardstick="none: counts in PostgreSQL and at the WeChat simulator; a sweep comes each 2 s",
        figures=figures,
        rows={"submissions": PEOPLE, "redis_kills": down.kills},
        notes=[f"statuses: {dict(statuses)}", f"drained: {drained}"],
    )
