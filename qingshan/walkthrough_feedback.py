"""The second half of the walk: what becomes of cases that do not go straight.

A return, two reports of one lamp with one answer to both, an extension, a reopening, and the public board.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from qingshan.browser import Answer, Browser

LAMP = {
    "request_type": "help", "category": "0201", "street": "420107003", "identity": "named", "allow_public": True,
    "address": "建设二路公交站",
}  # fmt: skip
FIRST = "建设二路{pole}号灯杆的路灯又不亮了，晚上看不清台阶，我的电话19900004321。"
SECOND = "建设二路{pole}号灯杆的路灯坏了，晚上黑，台阶都看不清，请尽快修。"
ANSWER = "两盏路灯的电缆已更换，今晚起恢复照明。"


class Failed(Exception):
    """An assertion of the walk did not hold."""


def check(held: bool, what: str) -> None:
    """Raise Failed with ``what`` unless ``held``."""
    if not held:
        raise Failed(what)


class FeedbackWalk:
    """The steps; what they share with the first half comes from ``Walk``."""

    phone: Browser
    neighbour: Browser
    lamp: dict[str, Any]
    first: str
    second: str
    place: dict[str, Any]
    lamp_path: str
    other: dict[str, Any]
    other_path: str
    resident_new: Any
    desk: Any
    wait_for: Any

    # --- Short ways ------------------------------------------------------------------------------------------------
    def _case_new(self, who: Browser, text: str) -> dict[str, Any]:
        key = {"Idempotency-Key": str(uuid4())}
        body = {**LAMP, "text": text, "point": self.place}
        made = who.post("/api/v1/feedback/cases", body, headers=key)
        check(made.status == 201, f"submitting answers {made.status} {made.text()[:200]}")
        found: dict[str, Any] = made.json()
        return found

    def _path(self, desk: Browser, number: str) -> str:
        queue = desk.get(f"/admin/feedback/case/?which=all&q={number}").text()
        found = re.search(
            rf'href="(/admin/feedback/case/[0-9a-f-]{{36}}/change/)[^"]*"[^>]*>\s*{number}', queue
        )
        check(found is not None, f"{number} is not in the queue")
        return found.group(1) if found else ""

    def _move(self, desk: Browser, path: str, verb: str, **changes: str) -> Answer:
        done = desk.submit(desk.get(path), form=f"move-{verb}", changes=changes)
        check(done.status == 302, f"{verb} failed: {done.errors()}")
        return done

    def _seen(self, who: Browser, case: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = who.get(f"/api/v1/feedback/cases/{case['number']}").json()
        return found

    def _inbox(self, who: Browser, case: dict[str, Any]) -> list[str]:
        rows = who.get("/api/v1/inbox?limit=100").json()["results"]
        return [row["kind"] for row in rows if row["link"]["params"].get("number") == case["number"]]

    # --- The steps ---------------------------------------------------------------------------------------------------
    def case_returned(self) -> str:
        """A clerk sends a case to the wrong unit, which returns it with its clause; the clock has run on."""
        clerk, water = self.desk("intake_clerk"), self.desk("handler", department="SW")
        # A lamp of its own for each walk, so that none that an earlier walk left is taken for it.
        pole = uuid4().int % 9000 + 1000
        self.first, self.second = FIRST.format(pole=pole), SECOND.format(pole=pole)
        self.place = {"lng": 114.36 + pole / 90000, "lat": 30.6 + pole % 97 / 3000, "crs": "gcj02"}
        self.lamp = self._case_new(self.phone, self.first)
        self.lamp_path = self._path(clerk, self.lamp["number"])
        self._move(clerk, self.lamp_path, "dispatch", unit="SW", note="")
        due = self._seen(self.phone, self.lamp)["due_at"]
        page = water.get(self.lamp_path)
        without = water.submit(page, form="move-return", changes={"clause": "", "reason": "不归水务"})
        check(without.status == 400, "a return without its clause must be refused")
        self._move(water, self.lamp_path, "return", clause="01", reason="路灯由城管管养")
        shown = self._seen(self.phone, self.lamp)
        check((shown["state"], shown["due_at"]) == ("returned", due), "the return must not move the deadline")
        check("路灯由城管管养" not in str(shown), "the reason of a return is not the resident's")
        self._move(clerk, self.lamp_path, "dispatch", unit="CG", note="")
        return f"{self.lamp['number']}, due still {due}"

    def lamp_reported_twice(self) -> str:
        """A neighbour reports the same lamp: it is offered to be followed, then merged by a clerk."""
        self.neighbour = self.resident_new("走读邻居")
        asked = self.neighbour.post(
            "/api/v1/feedback/suggest", {"text": self.second, "street": LAMP["street"], "point": self.place}
        ).json()
        check(bool(asked["similar"]), "the neighbour is not offered the report of the same lamp")
        check("19900004321" not in str(asked), "what is offered must not hold another resident's words")
        self.other = self._case_new(self.neighbour, self.second)
        clerk = self.desk("intake_clerk")
        self.other_path = self._path(clerk, self.other["number"])
        page = clerk.get(self.other_path)
        check(self.lamp["number"] in page.text(), "staff are not shown the report of the same lamp")
        self._move(clerk, self.other_path, "merge", into=self.lamp["number"])
        check(
            self._seen(self.neighbour, self.other)["joined"] is True,
            "the neighbour does not see the joint case",
        )
        best = asked["categories"][0]
        return f"{self.other['number']} into {self.lamp['number']}, suggested {best['code']} {best['score']}"

    def extension_granted(self) -> str:
        """The unit signs and asks for time; its head grants it; the resident hears the new deadline and why."""
        handler, head = self.desk("handler", department="CG"), self.desk("supervisor", department="CG")
        before = self._seen(self.phone, self.lamp)["due_at"]
        self._move(handler, self.lamp_path, "sign")
        self._move(handler, self.lamp_path, "extend_ask", workdays="3", reason="等待电缆到货")
        check(self._seen(self.phone, self.lamp)["due_at"] == before, "asking must not move the deadline")
        self._move(head, self.lamp_path, "extend_grant")
        after = self._seen(self.phone, self.lamp)["due_at"]
        check(after > before, "the extension did not move the deadline")
        check("feedback.extended" in self._inbox(self.phone, self.lamp), "the resident was not told")
        return f"{before} → {after}"

    def both_answered(self) -> str:
        """One answer reaches both, each under their own number."""
        handler = self.desk("handler", department="CG")
        self._move(handler, self.lamp_path, "reply", text=ANSWER)
        for who, case in ((self.phone, self.lamp), (self.neighbour, self.other)):
            shown = self._seen(who, case)
            check(
                shown["state"] == "replied" and shown["reply"]["text"] == ANSWER,
                f"{case['number']} has no answer",
            )
            told = self._inbox(who, case).count("feedback.replied")
            check(told == 1, f"{case['number']} was told {told} times")
        rated = self.phone.post(
            f"/api/v1/feedback/cases/{self.lamp['number']}/rate",
            {"resolved": True, "satisfaction": 5, "comment": ""},
        ).json()
        check(rated["state"] == "closed", "the first case did not close")
        check(self._seen(self.neighbour, self.other)["state"] == "replied", "each rates their own")
        return "two answers, one closed"

    def case_reopened(self) -> str:
        """The neighbour is not content and has the case worked again; then it closes."""
        path = f"/api/v1/feedback/cases/{self.other['number']}"
        self.neighbour.post(
            f"{path}/rate", {"resolved": False, "satisfaction": 2, "comment": "我这边还是不亮"}
        )
        again = self.neighbour.post(f"{path}/reopen", {"text": "楼道口这一盏还是不亮"})
        check(
            again.status == 200 and again.json()["state"] == "reopened",
            f"reopening answers {again.text()[:200]}",
        )
        check(self._seen(self.phone, self.lamp)["state"] == "closed", "another's case must stay closed")
        self._move(self.desk("intake_clerk"), self.other_path, "dispatch", unit="CG", note="")
        handler = self.desk("handler", department="CG")
        self._move(handler, self.other_path, "sign")
        self._move(handler, self.other_path, "reply", text="楼道口的灯已更换。")
        done = self.neighbour.post(f"{path}/rate", {"resolved": True, "satisfaction": 4, "comment": ""})
        check(done.json()["state"] == "closed", "the case did not close")
        return f"{len(self._seen(self.neighbour, self.other)['timeline'])} entries"

    def case_published(self) -> str:
        """A clerk puts the first case on the public board; the phone number in it is masked; anyone finds it."""
        clerk, anyone = self.desk("intake_clerk"), Browser(self.phone.base)
        self.wait_for(
            lambda: "内容检测" not in clerk.get(self.lamp_path).text(),
            "WeChat did not judge what the resident wrote",
        )
        made = clerk.submit(clerk.get(self.lamp_path), form="board-propose")
        check(made.status == 302, f"proposing answers {made.status}")
        page = clerk.get(made.headers["Location"])
        check("19900004321" in page.text(), "the moderator does not see what is masked")
        shown = clerk.submit(page, form="board-form", changes={"verb": "publish"})
        check(shown.status == 302, f"publishing failed: {shown.errors()}")
        number = self._seen(self.phone, self.lamp)["public_number"]
        entry = anyone.get(f"/api/v1/feedback/board/{number}")
        check(entry.status == 200, f"the board answers {entry.status}")
        check("19900004321" not in entry.text(), "a phone number is on the board")
        found = anyone.get("/api/v1/feedback/board?q=%E8%B7%AF%E7%81%AF").json()["results"]
        check(number in [row["public_number"] for row in found], "the search does not find it")
        followed = self.neighbour.send(
            "PUT", f"/api/v1/feedback/board/{number}/follow", b"{}", {"Content-Type": "application/json"}
        )
        check(followed.status < 300, f"following answers {followed.status}")
        return f"{number}: {entry.json()['title']}"
