"""People known on both sides, in the stack and in the WeChat simulator, and what WeChat has received for them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.acts import TEMPLATE
from benchmarks.system import System

SEND_PATH = "/cgi-bin/message/subscribe/send"


@dataclass
class Stage:
    """Residents with tokens, their openids known to the simulator."""

    system: System
    people: list[dict[str, str]]

    @classmethod
    def of(cls, system: System, *, people: int) -> Stage:
        """Make the people on both sides."""
        found = json.loads(system.command("benchmarks.acts", "people", str(people)))
        control = system.control()
        for person in found:
            control.post("/control/users", {"openid": person["openid"]})
        return cls(system, found)

    def grant(self, *, ours: int, wechat: int) -> None:
        """Let each of the people have granted ``ours`` messages as far as we know, ``wechat`` as far as WeChat does."""
        if ours:
            self.act("grant", str(ours), given=self.people)
        template = self.system.about["wechat"]["templates"][TEMPLATE]
        control = self.system.control()
        for person in self.people * wechat:
            answer = control.post(
                "/control/dialog", {"openid": person["openid"], "results": {template: "accept"}}
            )
            if answer.status != 200:
                raise RuntimeError(f"the dialog answers {answer.status}")

    def act(self, name: str, *arguments: str, given: object) -> Any:
        """Run an act of ``benchmarks/acts.py`` on ``given`` and return what it answered."""
        file = Path(self.system.stack.folder) / f"{name}.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        return json.loads(self.system.command("benchmarks.acts", name, *arguments, str(file)))

    def slow(self, seconds: float) -> None:
        """Make WeChat answer each message after ``seconds``."""
        self.system.control().post("/control/faults", {"path": SEND_PATH, "kind": "slow", "value": seconds})

    def faults_clear(self) -> None:
        """Let WeChat answer as usual."""
        self.system.control().send("DELETE", "/control/faults", None, {})

    def received(self) -> Counter[tuple[str, str]]:
        """Return how often WeChat took which message: openid and case number."""
        messages = self.system.control().get("/control/messages").json()
        return Counter((one["openid"], one["data"]["character_string1"]["value"]) for one in messages)
