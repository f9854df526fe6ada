"""School places in the walk: a small round from opening to offers, checked at the end with the stand-alone file."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from qingshan.browser import Browser
from qingshan.walkthrough_clinics import beijing_now
from qingshan.walkthrough_feedback import check

UNIT = "JY"
# Intake → places; four children for three places.
PLAN = {"one": ("DEMO-1", 2), "two": ("DEMO-2", 1)}
FAMILIES = (("one", "two"), ("one", "two"), ("one",), ("two", "one"))
OPEN_S = 25  # how long families can apply
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def child_number() -> str:
    """Return a well-formed number of a child that no authority gives out: there is no region 990000."""
    digits = f"99000020{(beijing_now().year - 6) % 100:02d}0301{uuid4().int % 1000:03d}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]


class SchoolWalk:
    """The steps; what they share with the others comes from ``Walk``."""

    phone: Browser
    resident_new: Any
    person: Any
    wait_for: Any
    round_path: str
    round_id: str
    intakes: dict[str, str]
    families: list[dict[str, Any]]
    closes: dt.datetime

    def round_opened(self) -> str:
        """The admission office prepares a round with two intakes and announces it; families can apply for seconds."""
        desk = self.person("school.head.demo")
        now = beijing_now().replace(microsecond=0)
        # What is written down is whole seconds: it began a minute ago, so that nothing waits for it.
        self.closes = now + dt.timedelta(seconds=OPEN_S)
        year = now.year
        code = f"walk-{now:%m%d%H%M%S}"
        page = desk.get("/admin/schools/admissionround/add/")
        unit = re.search(r'<option value="(\d+)"[^>]*>\s*[^<]*教育局', page.text())
        check(unit is not None, "the office's unit is not offered")
        changes = {
            "code": code, "name": f"{year}年走读小学招生（演示）", "stage": "primary", "year": str(year),
            "department": unit.group(1) if unit else "", "source": "演示", "is_demo": "on", "max_choices": "2",
            "policy": "deferred", "parallel_width": "1", "band_m": "0", "waiting_answer_hours": "24",
            "public_number_source": "演示：最近一期公开摇奖号码", "starts_on": f"{year + 1}-09-01",
            "born_from": f"{year - 8}-01-01", "born_to": f"{year - 4}-12-31",
            "categories-TOTAL_FORMS": "1", "categories-0-code": "local", "categories-0-name": "户籍", "categories-0-rank": "0",
            "intakes-TOTAL_FORMS": str(len(PLAN)), **_moments(now, self.closes),
        }  # fmt: skip
        for place, (name, (school, seats)) in enumerate(PLAN.items()):
            changes |= {
                f"intakes-{place}-code": name, f"intakes-{place}-school": school, f"intakes-{place}-name": f"{name}（演示）",
                f"intakes-{place}-plan": str(seats),
            }  # fmt: skip
        made = desk.submit(page, form="admissionround_form", changes=changes)
        check(made.status == 302, "the round could not be prepared: " + made.errors())
        listed = desk.get("/admin/schools/admissionround/?q=&o=")
        found = re.search(
            r'href="(/admin/schools/admissionround/([0-9a-f-]{36})/change/)[^"]*"[^>]*>\s*'
            + str(year)
            + "年走读",
            listed.text(),
        )
        check(found is not None, "the round is not in the list")
        self.round_path, self.round_id = found.groups() if found else ("", "")
        hidden = self.phone.get(f"/api/v1/schools/rounds/{self.round_id}")
        check(hidden.status == 404, "a round that is being prepared is public")
        self._step("open")
        intakes = self.phone.get(f"/api/v1/schools/rounds/{self.round_id}/intakes").json()
        self.intakes = {one["code"]: one["id"] for one in intakes}
        check(
            {one["code"]: one["places"] for one in intakes} == {"one": 2, "two": 1},
            "the places are not the plan's",
        )
        return f"{code}: 3 places at 2 schools"

    def families_applied(self) -> str:
        """Four families enter their child, choose and hand in; one hands in twice."""
        self.families = []
        for number, choices in enumerate(FAMILIES):
            phone = self.resident_new(f"走读家长{number}")
            body = {"relation": "mother", "name": "演示童", "id_number": child_number(), "consent": True}
            child = phone.post("/api/v1/children", body, headers={"Idempotency-Key": str(uuid4())})
            check(child.status == 201, f"entering a child answers {child.status} {child.text()[:200]}")
            begun = phone.post(
                "/api/v1/schools/applications",
                {
                    "round": self.round_id, "child": child.json()["id"], "category": "local", "community": "420107003001",
                    "address": f"演示一路{number + 1}号1栋1单元101室", "preferences": [self.intakes[name] for name in choices],
                },
                headers={"Idempotency-Key": str(uuid4())},
            )  # fmt: skip
            check(begun.status == 201, f"applying answers {begun.status} {begun.text()[:200]}")
            path = f"/api/v1/schools/applications/{begun.json()['id']}"
            sent = phone.post(path + "/submit", {})
            check(
                (sent.status, sent.json()["state"]) == (200, "submitted"),
                f"handing in answers {sent.text()[:200]}",
            )
            self.families.append(
                {"phone": phone, "path": path, "id": begun.json()["id"], "number": sent.json()["number"]}
            )
        twice = self.families[0]["phone"].post(self.families[0]["path"] + "/submit", {})
        check(twice.status == 409, f"handing in twice answers {twice.status}")
        catchment = self.phone.get("/api/v1/schools/catchment?stage=primary&address=" + quote("演示二路7号"))
        check(
            [one["school_code"] for one in catchment.json()] == ["DEMO-2"],
            "the catchment is not the school of odd numbers",
        )
        return f"{len(self.families)} applications"

    def applications_verified(self) -> str:
        """Two people verify each application; the first can not be the second."""
        first, second = self.person("school.clerk1.demo"), self.person("school.clerk2.demo")
        for family in self.families:
            path = f"/admin/schools/application/{family['id']}/change/"
            page = first.get(path)
            check("演示童" not in page.text(), "the page shows a child's name unasked")
            check(first.submit(page, form="act-agree").status == 302, "the first review failed")
            first.submit(first.get(path), form="act-agree")
            stands = family["phone"].get(family["path"]).json()["state"]
            check(stands == "first_review", f"one person verified alone: {stands}")
            check(second.submit(second.get(path), form="act-agree").status == 302, "the second review failed")
            shown = family["phone"].get(family["path"]).json()
            check(shown["state"] == "verified", f"after two reviews it is {shown['state']}")
        return "two people each"

    def roster_drawn(self) -> str:
        """The roster is frozen, a secret committed, a public number fixed by someone else, places allocated and published."""
        # Not before the last moment to apply, which is that of missing papers here.
        while beijing_now() < self.closes + dt.timedelta(seconds=1):
            time.sleep(0.2)
        self._step("close")
        self._step("freeze")
        told = self._draw()
        check(
            bool(told["roster_hash"]) and told["secret"] is None,
            "the fingerprint is not public, or the secret is",
        )
        self._step("commit")
        alone = self._step("reveal", who="school.head.demo", refused=True, fields=_number())
        check(self._draw()["secret"] is None, f"one person drew alone: {alone}")
        self._step("reveal", who="school.head2.demo", fields=_number())
        self._step("allocate")
        check(
            self._draw()["files"] == ["roster.jsonl", "verify.py"],
            "the result is public before it is published",
        )
        self._step("publish")
        return f"roster {told['roster_hash'][:12]}…"

    def draw_checked(self) -> str:
        """Anyone downloads the files and checks them offline; one byte changed fails; a receipt names its lot."""
        told = self._draw()
        receipt = self.families[0]["phone"].get(self.families[0]["path"]).json()["roster_code"]
        with tempfile.TemporaryDirectory() as folder:
            for name in told["files"]:
                answer = self.phone.get(f"/api/v1/schools/rounds/{self.round_id}/draw/files/{name}")
                check(answer.status == 200, f"{name} answers {answer.status}")
                (Path(folder) / name).write_bytes(answer.body)
            command = [
                sys.executable,
                "-I",
                "-S",
                "verify.py",
                ".",
                "--roster-hash",
                told["roster_hash"],
                "--receipt",
                receipt,
            ]
            good = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
            check(good.returncode == 0, "the draw does not verify: " + good.stdout + good.stderr)
            result = Path(folder) / "result.jsonl"
            data = bytearray(result.read_bytes())
            data[10] ^= 1
            result.write_bytes(data)
            bad = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
            check(bad.returncode == 1, "a changed byte verifies")
        return good.stdout.strip().replace("\n", " ")

    def place_accepted(self) -> str:
        """Who has a place accepts it, is enrolled; who has none reads why and where it waits; a place given up goes on."""
        results = [
            (family, family["phone"].get(family["path"] + "/result").json()) for family in self.families
        ]
        placed = [one for one in results if one[1]["offer"]]
        without = [one for one in results if not one[1]["offer"]]
        check((len(placed), len(without)) == (3, 1), f"{len(placed)} of 4 children have one of 3 places")
        story = without[0][1]["choices"][0]
        check(story["waiting_position"] is not None and "未录取" in story["text"], f"the letter says {story}")
        wanted = {one["intake"] for one in without[0][1]["choices"]}
        gives_up = next(family for family, told in placed if told["offer"]["intake"] in wanted)
        declined = gives_up["phone"].post(gives_up["path"] + "/offer/decline", {})
        check(declined.status == 200, f"declining answers {declined.status} {declined.text()[:200]}")
        # It goes to whoever stands first in the list: the one without a place, or one who would rather be there.
        took = []
        for family, _told in results:
            offered = [
                one
                for one in family["phone"].get(family["path"] + "/result").json()["choices"]
                if one["waiting_offer_until"]
            ]
            for one in offered:
                accepted = family["phone"].post(family["path"] + "/offer/accept", {"intake": one["intake"]})
                check(accepted.status == 200, f"accepting answers {accepted.text()[:200]}")
                took.append(family)
        check(len(took) >= 1, "the place given up went to nobody")
        desk = self.person("school.clerk1.demo")
        path = f"/admin/schools/application/{took[0]['id']}/change/"
        check(desk.submit(desk.get(path), form="act-enrol").status == 302, "enrolling failed")
        state = took[0]["phone"].get(took[0]["path"]).json()["state"]
        check(state == "enrolled", f"the application is {state}")
        return str(story["text"])[:60]

    # --- Parts -------------------------------------------------------------------------------------------------
    def _draw(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.phone.get(f"/api/v1/schools/rounds/{self.round_id}/draw").body)
        return told

    def _step(
        self,
        verb: str,
        *,
        who: str = "school.head.demo",
        refused: bool = False,
        fields: dict[str, str] | None = None,
    ) -> str:
        """Take a step of the round at the desk; the state afterwards says whether it was taken."""
        desk = self.person(who)
        before = self._state()
        sent = desk.submit(desk.get(self.round_path), form=f"step-{verb}", changes=fields)
        check(sent.status == 302, f"{verb} answers {sent.status}")
        after = self._state()
        if not refused:
            said = re.search(r"批次[^<]{3,200}", desk.get(self.round_path).text())
            check(after != before, f"{verb} was refused: {said.group(0) if said else before}")
        return after

    def _state(self) -> str:
        shown = self.phone.get(f"/api/v1/schools/rounds/{self.round_id}")
        return str(shown.json()["state"]) if shown.status == 200 else "setup"


def _number() -> dict[str, str]:
    return {"public_number": "0815231604", "public_source": "演示：公开摇奖"}


def _moments(now: dt.datetime, closes: dt.datetime) -> dict[str, str]:
    moments = {
        "opens_at": now - dt.timedelta(minutes=1), "closes_at": closes, "fix_until": closes,
        "answer_until": closes + dt.timedelta(days=2), "waiting_until": closes + dt.timedelta(days=9),
    }  # fmt: skip
    return {
        key: value
        for name, moment in moments.items()
        for key, value in ((f"{name}_0", f"{moment:%Y-%m-%d}"), (f"{name}_1", f"{moment:%H:%M:%S}"))
    }
