"""The judge of a proof: what the WeChat simulator has taken, against what was owed."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

import psycopg

from benchmarks.crowd import TEMPLATE, number_of, openid_of
from benchmarks.report import Figure
from benchmarks.system import System

SEND_PATH = "/cgi-bin/message/subscribe/send"
ONCE = 5000


@dataclass
class Crowd:
    """People known on both sides, and the ledger of what reached them."""

    system: System
    count: int

    @classmethod
    def of(cls, system: System, *, people: int, grants: int) -> Crowd:
        """Make the people in the stack and in the simulator, ``grants`` messages permitted on both sides."""
        system.command("benchmarks.crowd", "people", str(people), str(grants))
        crowd = cls(system, people)
        for first in range(0, people, ONCE):
            some = [openid_of(number) for number in range(first, min(first + ONCE, people))]
            crowd.control("POST", "/control/users", {"openids": some})
        crowd.permit(grants)
        return crowd

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the simulator's control API.  Raises RuntimeError unless it answers 200."""
        raw = None if body is None else json.dumps(body).encode()
        answer = self.system.control().send(method, path, raw, {"Content-Type": "application/json"})
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answers {answer.status}: {answer.text()[:200]}")
        return answer.json()

    def permit(self, count: int) -> None:
        """Let WeChat know of ``count`` more permitted messages of each."""
        template = self.system.about["wechat"]["templates"][TEMPLATE]
        self.control("POST", "/control/grants", {"all": True, "template_id": template, "count": count})

    def fault(self, **rule: object) -> None:
        """Break sends by a rule (``POST /control/faults``)."""
        self.control("POST", "/control/faults", {"path": SEND_PATH, **rule})

    def write(self, count: int, key: str, lane: str = "interactive") -> None:
        """Write a notice for each of the first ``count``."""
        self.system.command("benchmarks.crowd", "notices", str(count), key, lane)

    def received(self) -> dict[tuple[str, str], int]:
        """Return how often WeChat took which message, by openid and case number."""
        found: dict[tuple[str, str], int] = {}
        for one in self.control("GET", "/control/messages"):
            key = (one["openid"], one["data"]["character_string1"]["value"])
            found[key] = found.get(key, 0) + 1
        return found

    def states(self) -> dict[str, int]:
        """Return the WeChat deliveries by state."""
        return dict(
            self.system.rows(
                "SELECT state, count(*) FROM notifications_delivery WHERE channel = 'wechat' GROUP BY 1"
            )
        )

    def writing(self, count: int, key: str) -> Thread:
        """Write the notices in the background, so that a fault meets both writing and sending."""
        thread = Thread(target=lambda: self.write(count, key))
        thread.start()
        return thread

    def over_wait(self, *, timeout_s: float) -> float:
        """Wait until no delivery is under way; returns the seconds it took, at most ``timeout_s``."""
        began = time.monotonic()
        while time.monotonic() - began < timeout_s:
            with suppress(psycopg.Error):
                if not self.under_way():
                    break
            time.sleep(0.5)
        return time.monotonic() - began

    def under_way(self) -> int:
        """Return how many deliveries are neither over nor given up."""
        return self.system.number("SELECT count(*) FROM notifications_delivery WHERE finished_at IS NULL")

    def sent(self) -> int:
        """Return how many messages WeChat has taken."""
        return int(self.control("GET", "/control/messages/summary")["sent"])

    def sent_wait(self, count: int, *, timeout_s: float = 120) -> None:
        """Wait until WeChat has taken ``count`` messages.  Raises RuntimeError when it does not."""
        until = time.monotonic() + timeout_s
        while self.sent() < count:
            if time.monotonic() > until:
                raise RuntimeError(
                    f"WeChat has taken {self.sent()} of {count} messages after {timeout_s:.0f} s"
                )
            time.sleep(0.1)

    def verdict(self, *, owed: int) -> tuple[list[Figure], list[str]]:
        """Return what was sent, lost and doubled of ``owed`` notices (one for each of the first), and notes.

        A message that is due at another time counts as lost here: each proof lets it come due before it asks.
        """
        received, states = self.received(), self.states()
        wanted = {(openid_of(index), number_of(index)) for index in range(owed)}
        inbox = self.system.number(
            "SELECT count(DISTINCT fields->>'number') FROM notifications_inboxmessage WHERE dedup_key LIKE 'crowd:%%'"
        )
        figures = [
            Figure("messages owed", owed, "messages"),
            Figure("messages that WeChat took", len(received), "messages"),
            Figure("lost", len(wanted - set(received)), "messages", 0),
            Figure("doubled", sum(count - 1 for count in received.values()), "messages", 0),
            Figure("notices in no inbox", owed - inbox, "messages", 0),
            Figure("deliveries that are not over", self.under_way(), "rows", 0),
        ]
        doubts = self.system.number(
            "SELECT count(*) FROM notifications_deliveryattempt WHERE outcome IN ('unknown', 'claim_expired')"
        )
        return figures, [f"states at the end: {states}", f"attempts in doubt: {doubts}"]
