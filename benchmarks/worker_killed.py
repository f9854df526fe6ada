"""Fault proof: the worker is killed with -9 between claim and outcome, again and again.  What is lost, what doubled?

60 replies are written while WeChat takes 3 s for each message.  Three times, as soon as rows are claimed, the worker
that claimed them is killed with all its processes; then WeChat is quick again.  A message whose request had left before
the kill reaches WeChat twice: it takes no idempotency key, and a reply that comes twice is better than one that never
comes.  The inbox, which is the record, must hold each reply once.
"""

from __future__ import annotations

import time
from threading import Thread

from benchmarks.report import Figure, Finding
from benchmarks.stage import Stage
from benchmarks.system import System, killed

PEOPLE, KILLS, SLOW_S = 60, 3, 3.0
CLAIM_WAIT_S = 60.0
_SENDING = (
    "SELECT d.id::text, d.attempts FROM notifications_delivery d JOIN notifications_inboxmessage m ON m.id = d.message_id"
    " WHERE d.state = 'sending' AND m.kind = 'feedback.replied'"
)


def run(system: System) -> Finding:
    """Break the worker and count."""
    stage = Stage.of(system, people=PEOPLE)
    numbers = stage.act("cases", given=stage.people)
    # What was told before had no permission and is over; only the replies are sent.
    system.outbox_wait(timeout_s=60)
    stage.grant(ours=1, wechat=KILLS + 2)
    stage.slow(SLOW_S)
    replying = Thread(target=lambda: stage.act("reply", given=numbers))
    replying.start()
    seen: set[tuple[str, int]] = set()
    for _each in range(KILLS):
        _kill_while_sending(system, seen)
    struck = {delivery for delivery, _attempt in seen}
    replying.join()
    stage.faults_clear()
    began = time.monotonic()
    drained = system.outbox_wait(timeout_s=120)
    seconds = time.monotonic() - began
    return _count(system, stage, numbers, struck, drained=drained, seconds=seconds)


def _kill_while_sending(system: System, seen: set[tuple[str, int]]) -> None:
    """Wait for claims that are not in ``seen``, kill the worker, add what was claimed.

    Raises RuntimeError when nothing is claimed for a minute.
    """
    until = time.monotonic() + CLAIM_WAIT_S
    while time.monotonic() < until:
        pid = system.about["pids"].get("worker-interactive")
        claimed = {(str(row[0]), int(row[1])) for row in system.rows(_SENDING)}
        if pid and claimed - seen:
            killed(pid)
            seen |= claimed
            return
        time.sleep(0.05)
    raise RuntimeError(f"no worker claimed anything within {CLAIM_WAIT_S:.0f} s")


def _count(
    system: System, stage: Stage, numbers: list[str], struck: set[str], *, drained: bool, seconds: float
) -> Finding:
    received = stage.received()
    wanted = {(person["openid"], number) for person, number in zip(stage.people, numbers, strict=True)}
    inbox = system.number("SELECT count(*) FROM notifications_inboxmessage WHERE kind = 'feedback.replied'")
    once = system.number(
        "SELECT count(DISTINCT (resident_id, fields->>'number')) FROM notifications_inboxmessage"
        " WHERE kind = 'feedback.replied'"
    )
    after_claim = system.number(
        "SELECT count(*) FROM notifications_delivery WHERE id::text = ANY(%s) AND state = 'sent' AND attempts > 1",
        sorted(struck),
    )
    states = dict(
        system.rows(
            "SELECT d.state, count(*) FROM notifications_delivery d JOIN notifications_inboxmessage m"
            " ON m.id = d.message_id WHERE m.kind = 'feedback.replied' GROUP BY 1"
        )
    )
    twice = sum(count - 1 for count in received.values())
    figures = [
        Figure("replies in no inbox", len(numbers) - once, "replies", 0),
        Figure("replies that WeChat never received", len(wanted - set(received)), "replies", 0),
        Figure("inbox rows doubled", inbox - once, "rows", 0),
        Figure("deliveries not recorded as sent at the end", len(numbers) - states.get("sent", 0), "rows", 0),
        Figure(
            f"of {len(struck)} claimed at a kill: delivered after the claim ran out",
            after_claim, "rows", max(len(struck), 1), "min",
        ),
        Figure("messages that reached WeChat more than once", twice, "messages"),
        Figure("from the last kill until all was delivered", round(seconds, 1), "s"),
    ]  # fmt: skip
    return Finding(
        name="worker_killed",
        question=f"What is lost or doubled when the worker is killed with -9 {KILLS} times between claim and outcome?",
        yardstick="none: counts in PostgreSQL and at the WeChat simulator; a claim holds 6 s, a sweep comes each 2 s",
        figures=figures,
        rows={"replies": len(numbers), "kills": KILLS},
        notes=[f"states at the end: {states}", f"drained: {drained}"],
    )
