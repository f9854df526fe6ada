"""``make walkthrough``: the main job from end to end over HTTP, admin included.

Runs against the demo when one is up, else against a stack of its own.  Prints each step with its status and time and
ends with 0 only if every assertion held.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from apps.wechat.values import value_ok
from qingshan.browser import Answer, Browser
from qingshan.stack import stack
from qingshan.walkthrough_clinics import ClinicWalk
from qingshan.walkthrough_feedback import Failed, FeedbackWalk, check
from qingshan.walkthrough_news import NewsWalk
from qingshan.walkthrough_schools import SchoolWalk

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / ".local" / "demo.json"
ARTICLE = ROOT / "fixtures" / "articles" / "print-defects-sample.txt"
WAIT_S = 60
REPLY = "已到现场更换损坏的灯头，今晚七点前恢复照明。如仍不亮，请在这里告诉我们。"


class Walk(NewsWalk, FeedbackWalk, ClinicWalk, SchoolWalk):
    """One walk through the system: who is who, and the steps in order."""

    def __init__(self, *, about: Mapping[str, Any], environment: Mapping[str, str], article: Path) -> None:
        self.about, self.environment, self.article = about, environment, article
        self.phone = Browser(about["web"])
        self.control = Browser(about["control"])
        self.desks: dict[str, Browser] = {}
        self.openid = ""
        self.article_id = ""
        self.case: dict[str, Any] = {}
        self.case_path = ""

    # --- The steps ---------------------------------------------------------------------------------------------
    def resident_signed_in(self) -> str:
        """A resident signs in with a WeChat code and agrees to the policy."""
        self.openid = self.control.post("/control/users", {"nickname": "走读居民"}).json()["openid"]
        code = self.control.post("/control/codes", {"openid": self.openid}).json()["code"]
        policy = self.phone.get("/api/v1/privacy").json()
        answer = self.phone.post("/api/v1/auth/wechat", {"code": code})
        check(answer.status == 200, f"sign-in answers {answer.status}")
        self.phone.headers["Authorization"] = f"Bearer {answer.json()['access']}"
        again = self.phone.post("/api/v1/auth/wechat", {"code": code})
        check((again.status, again.code()) == (400, "wechat_code_used"), "a code must work once")
        early = self.phone.post("/api/v1/feedback/cases", {"request_type": "help", "text": "路灯不亮"})
        check((early.status, early.code()) == (403, "consent_required"), "a write needs consent")
        given = self.phone.post(
            "/api/v1/me/consents", {"purpose": "basic_service", "version": policy["version"]}
        )
        check(given.status == 201, f"consent answers {given.status}")
        return f"policy {policy['version']}"

    def message_granted(self) -> str:
        """The resident permits one message."""
        ask = self.phone.get("/api/v1/wechat/templates?moment=case_submitted").json()
        check(len(ask) >= 1, "there is no template to ask for")
        results = {ask[0]["template_id"]: "accept"}
        self.control.post("/control/dialog", {"openid": self.openid, "results": results})
        answer = self.phone.post("/api/v1/wechat/grants", {"results": results})
        check(answer.status == 200, f"the grant answers {answer.status}")
        return str(answer.json()["remaining"])

    def case_submitted(self) -> str:
        """The resident uploads a photo and submits a case, twice with one key."""
        photo = self.phone.upload("/api/v1/uploads", name="lamp.jpg", data=_photo(), purpose="case")
        check(photo.status == 201, f"the upload answers {photo.status}")
        body = {
            "request_type": "report", "category": "0201", "street": "420107003", "identity": "named",
            "text": "建设二路公交站旁的路灯不亮，晚上看不清台阶。", "address": "建设二路公交站",
            "point": {"lng": 114.397853, "lat": 30.633169, "crs": "gcj02"}, "uploads": [photo.json()["id"]],
        }  # fmt: skip
        key = {"Idempotency-Key": str(uuid4())}
        first = self.phone.post("/api/v1/feedback/cases", body, headers=key)
        check(first.status == 201, f"submitting answers {first.status} {first.text()[:200]}")
        second = self.phone.post("/api/v1/feedback/cases", body, headers=key)
        check(second.json() == first.json(), "the same key must give the same answer")
        check(second.headers.get("Idempotent-Replayed") == "true", "a replay must say so")
        self.case = first.json()
        return f"{self.case['number']}, due {self.case['due_at']}"

    def case_dispatched(self) -> str:
        """A clerk finds the case in the queue and sends it to a unit."""
        desk = self.desk("intake_clerk")
        queue = desk.get("/admin/feedback/case/?q=" + self.case["number"])
        found = re.search(
            rf'href="(/admin/feedback/case/[0-9a-f-]{{36}}/change/)[^"]*"[^>]*>\s*{self.case["number"]}',
            queue.text(),
        )
        check(found is not None, "the case is not in the clerk's queue")
        self.case_path = found.group(1) if found else ""
        page = desk.get(self.case_path)
        sent = desk.submit(page, form="move-dispatch", changes={"unit": "CG", "note": "请尽快到现场"})
        check(sent.status == 302, "dispatching failed: " + sent.errors())
        return "CG"

    def case_hidden_from_others(self) -> str:
        """Another unit's handler can not see it, in no way."""
        other = self.desk("handler", department="JY")
        check(other.get(self.case_path).status == 404, "another unit can open the case")
        check(
            self.case["number"] not in other.get("/admin/feedback/case/").text(),
            "another unit lists the case",
        )
        token = other.token(other.get("/admin/"))
        path = self.case_path.replace("change/", "move/sign/")
        tried = other.form_post(path, {"csrfmiddlewaretoken": token, "version": "2"})
        check(tried.status == 404, "another unit can act on the case")
        return "404"

    def case_replied(self) -> str:
        """A handler of the unit signs for it and answers."""
        desk = self.desk("handler", department="CG")
        signed = desk.submit(desk.get(self.case_path), form="move-sign")
        check(signed.status == 302, "signing failed: " + signed.errors())
        stale = desk.get(self.case_path)
        replied = desk.submit(stale, form="move-reply", changes={"text": REPLY})
        check(replied.status == 302, "replying failed: " + replied.errors())
        twice = desk.submit(stale, form="move-reply", changes={"text": REPLY})
        check(twice.status == 409, "a decision on a stale page must be refused")
        return "signed, replied, stale click refused"

    def resident_told(self) -> str:
        """The inbox holds the reply; WeChat got exactly one valid message for the right openid."""
        inbox = self.phone.get("/api/v1/inbox").json()["results"]
        replies = [row for row in inbox if row["kind"] == "feedback.replied"]
        check(len(replies) == 1 and REPLY in replies[0]["body"], "the inbox does not hold the reply once")
        path = f"/control/messages?openid={self.openid}"
        messages = self.wait_for(lambda: self.control.get(path).json(), "WeChat got no message")
        check(len(messages) == 1, f"WeChat got {len(messages)} messages")
        data = messages[0]["data"]
        check(messages[0]["openid"] == self.openid, "the message went to someone else")
        check(data["character_string1"]["value"] == self.case["number"], "the message is about another case")
        wrong = [key for key, value in data.items() if not value_ok(key, value["value"])]
        check(not wrong, f"values break WeChat's rules: {wrong}")
        left = self.control.get(f"/control/ledger?openid={self.openid}").text()
        return f"{ {key: value['value'] for key, value in data.items()} } ledger {left[:80]}"

    def case_closed(self) -> str:
        """The resident rates the reply; the case closes."""
        path = f"/api/v1/feedback/cases/{self.case['number']}"
        shown = self.phone.get(path).json()
        check(
            shown["state"] == "replied" and shown["reply"]["text"] == REPLY,
            "the case does not show the reply",
        )
        check("rate" in shown["can"], "the case can not be rated")
        rated = self.phone.post(
            path + "/rate", {"resolved": True, "satisfaction": 5, "comment": "很快，谢谢"}
        )
        check((rated.status, rated.json()["state"]) == (200, "closed"), "the case did not close")
        return str(rated.json()["state_label"])

    # --- Around them -------------------------------------------------------------------------------------------
    def desk(self, role: str, *, department: str | None = None) -> Browser:
        """Return a browser signed in to the admin as demo staff of ``role``."""
        for person in self.about["staff"]:
            if role in person["roles"] and department in (None, person["department"]):
                break
        else:
            raise Failed(f"the demo has no {role} of {department}")
        return self.person(person["username"])

    def person(self, name: str) -> Browser:
        """Return a browser signed in to the admin as that member of the demo's staff."""
        if name not in self.desks:
            browser = Browser(self.about["web"])
            password = next(one["password"] for one in self.about["staff"] if one["username"] == name)
            page = browser.get("/admin/login/")
            signed = browser.submit(page, form="login-form", changes={"username": name, "password": password})
            check(signed.status == 302, f"{name} could not sign in: {signed.status}")
            self.desks[name] = browser
        return self.desks[name]

    def resident_new(self, nickname: str) -> Browser:
        """Return the phone of a further resident who signed in and agreed to the policy."""
        openid = self.control.post("/control/users", {"nickname": nickname}).json()["openid"]
        code = self.control.post("/control/codes", {"openid": openid}).json()["code"]
        phone = Browser(self.about["web"])
        version = phone.get("/api/v1/privacy").json()["version"]
        answer = phone.post("/api/v1/auth/wechat", {"code": code, "privacy_version": version})
        check(answer.status == 200, f"sign-in answers {answer.status}")
        phone.headers["Authorization"] = f"Bearer {answer.json()['access']}"
        return phone

    def wait_for(self, ask: Callable[[], Any], otherwise: str) -> Any:
        """Return the first true answer within a minute."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if answer := ask():
                return answer
            time.sleep(0.2)
        raise Failed(f"{otherwise} within {WAIT_S} s")

    def steps(self) -> tuple[Callable[[], str], ...]:
        """Return the steps in order."""
        return (
            self.article_imported, self.article_submitted, self.article_signed, self.article_published,
            self.resident_signed_in, self.article_read,
            self.message_granted, self.case_submitted, self.case_dispatched, self.case_hidden_from_others,
            self.case_replied, self.resident_told, self.case_closed, self.case_returned, self.lamp_reported_twice,
            self.extension_granted, self.both_answered, self.case_reopened, self.case_published,
            self.place_found, self.session_added, self.appointment_booked, self.place_waited_for, self.patient_seen,
            self.round_opened, self.families_applied, self.applications_verified, self.roster_drawn, self.draw_checked,
            self.place_accepted,
            self.article_retracted,
        )  # fmt: skip


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (40, 44, 52)).save(out, "JPEG")
    return out.getvalue()


@contextmanager
def system() -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Yield what describes the running demo and its environment, or those of a stack of one's own."""
    if DESCRIPTION.exists():
        about = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
        if Browser(about["web"]).alive():
            lines = (ROOT / ".local" / "demo.env").read_text(encoding="utf-8").splitlines()
            yield about, dict(line.split("=", 1) for line in lines if "=" in line)
            return
    print("No demo is running: starting a stack of its own.", flush=True)
    with stack(folder=ROOT / ".local" / "walkthrough") as own:
        yield own.describe(), own.environment


def walk(*, about: Mapping[str, Any], environment: Mapping[str, str], article: Path) -> bool:
    """Take every step, print each, stop at the first that fails; returns whether all held."""
    one = Walk(about=about, environment=environment, article=article)
    for number, step in enumerate(one.steps(), start=1):
        began = time.perf_counter()
        words = step.__doc__ or ""
        try:
            said = step()
        except (Failed, OSError, ValueError, KeyError, TypeError) as error:
            print(
                f"{number:2} FAILED {time.perf_counter() - began:6.2f} s  {words}  {type(error).__name__}: {error}"
            )
            return False
        print(f"{number:2} ok     {time.perf_counter() - began:6.2f} s  {words}  {said}", flush=True)
    return True


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m qingshan.walkthrough")
    parser.add_argument("--article", type=Path, default=ARTICLE)
    given = parser.parse_args()
    if not given.article.is_file():
        print(f"{given.article} is not a file.", file=sys.stderr)
        return 2
    began = time.perf_counter()
    with system() as (about, environment):
        held = walk(about=about, environment=environment, article=given.article.resolve())
    print(f"{'Every step held' if held else 'The walk failed'} ({time.perf_counter() - began:.1f} s).")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())


__all__ = ["Answer", "Walk", "main", "walk"]
