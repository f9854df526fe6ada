"""The clinic in the walk: found, booked, filled, waited for, offered, checked in and seen."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any
from uuid import uuid4

from qingshan.browser import Answer, Browser
from qingshan.walkthrough_feedback import check

CENTRE = "114.39707,30.634215"  # of the district, GCJ-02
UNIT = "WJ"  # whose staff the demonstration's clinics have
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def beijing_now() -> dt.datetime:
    """Return the time in Beijing: this program runs beside the system, without its settings."""
    return dt.datetime.fromtimestamp(time.time(), dt.timezone(dt.timedelta(hours=8)))


def id_number() -> str:
    """Return a well-formed number that no authority gives out: there is no region 990000."""
    digits = f"99000019{40 + uuid4().int % 40:02d}0501{uuid4().int % 1000:03d}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]


class ClinicWalk:
    """The steps; what they share with the others comes from ``Walk``."""

    phone: Browser
    desk: Any
    resident_new: Any
    wait_for: Any
    waiter: Browser
    session_path: str
    session_id: str
    department: dict[str, Any]
    appointment: dict[str, Any]
    patients: dict[str, str]

    def place_found(self) -> str:
        """The resident finds the nearest clinics, with a word on whether they are open and how sure that is."""
        listed = self.phone.get(f"/api/v1/facilities?kind=clinic&near={CENTRE}").json()["results"]
        hospitals = self.phone.get(f"/api/v1/facilities?kind=hospital&near={CENTRE}").json()["results"]
        distances = [row["distance_m"] for row in hospitals if row["distance_m"] is not None]
        check(
            len(hospitals) >= 5 and distances == sorted(distances), "hospitals are not listed nearest first"
        )
        shown = self.phone.get(f"/api/v1/facilities/{hospitals[0]['id']}").json()
        check(len(shown["hours"]) == 7, "the hours of a week are not shown")
        circle = self.phone.get(f"/api/v1/circle?near={CENTRE}&minutes=15")
        check(circle.status == 200, f"the circle answers {circle.status}")
        return f"{shown['name']} {hospitals[0]['distance_m']} m, {shown['freshness']}; {len(listed)} clinics"

    def session_added(self) -> str:
        """The clinic adds a session with a single place; it can be booked at once."""
        departments = self.phone.get("/api/v1/clinics/departments?limit=100").json()["results"]
        # It has no weekly sessions: nothing else of it is free.
        self.department = next(one for one in departments if one["name"].startswith("便民加诊"))
        desk = self.desk("service_operator", department=UNIT)
        starts = beijing_now().replace(second=0, microsecond=0) + dt.timedelta(minutes=50)
        ends = starts + dt.timedelta(minutes=30)
        made = desk.submit(
            desk.get("/admin/clinics/clinicsession/add/"), form="clinicsession_form",
            changes={
                "department": str(self.department["id"]), "minutes": "30", "public": "1", "counter": "0",
                "starts_at_0": f"{starts:%Y-%m-%d}", "starts_at_1": f"{starts:%H:%M:%S}",
                "ends_at_0": f"{ends:%Y-%m-%d}", "ends_at_1": f"{ends:%H:%M:%S}",
            },
        )  # fmt: skip
        check(made.status == 302, "the session could not be added: " + made.errors())
        path = f"/api/v1/clinics/departments/{self.department['id']}/sessions?from={starts:%Y-%m-%d}&to={starts:%Y-%m-%d}"
        wanted = starts.isoformat(timespec="seconds")
        session = next(one for one in self.phone.get(path).json()["results"] if one["starts_at"] == wanted)
        check(session["remaining"] == 1, f"{session['remaining']} places remain of one")
        self.session_id, self.session_path = (
            session["id"],
            f"/admin/clinics/clinicsession/{session['id']}/change/",
        )
        return f"{self.department['institution']} {self.department['name']} {starts:%H:%M}"

    def appointment_booked(self) -> str:
        """The resident enters the patient and books, twice with one key; then it is full and one can wait."""
        self.waiter, self.patients = self.resident_new("走读候补"), {}
        for name, phone in (("first", self.phone), ("second", self.waiter)):
            body = {"relation": "self", "name": "演示就诊人", "id_number": id_number(), "consent": True}
            entered = phone.post("/api/v1/patients", body, headers={"Idempotency-Key": str(uuid4())})
            check(
                entered.status == 201, f"entering a patient answers {entered.status} {entered.text()[:200]}"
            )
            self.patients[name] = entered.json()["id"]
        slot = self.phone.get(f"/api/v1/clinics/sessions/{self.session_id}/slots").json()["results"][0]["id"]
        key = {"Idempotency-Key": str(uuid4())}
        body = {"slot": slot, "patient": self.patients["first"], "reason": "复诊"}
        booked = self.phone.post("/api/v1/clinics/appointments", body, headers=key)
        check(booked.status == 201, f"booking answers {booked.status} {booked.text()[:200]}")
        again = self.phone.post("/api/v1/clinics/appointments", body, headers=key)
        check(again.json() == booked.json(), "the same key must give the same answer")
        self.appointment = booked.json()
        full = self._book_other(slot)
        check(
            (full.status, full.code()) == (409, "slot_full"),
            f"a full slot answers {full.status} {full.code()}",
        )
        check(full.json()["errors"][0]["waitlist"] is True, "a full slot does not offer the waiting list")
        return f"{self.appointment['number']}, then 409 slot_full"

    def _book_other(self, slot: str) -> Answer:
        return self.waiter.post(
            "/api/v1/clinics/appointments", {"slot": slot, "patient": self.patients["second"]},
            headers={"Idempotency-Key": str(uuid4())},
        )  # fmt: skip

    def place_waited_for(self) -> str:
        """Another resident waits; the first cancels; the place is offered and nobody else can grab it."""
        today = beijing_now().date()
        body = {
            "department": self.department["id"], "patient": self.patients["second"], "from": today.isoformat(),
            "to": (today + dt.timedelta(days=1)).isoformat(),
        }  # fmt: skip
        waits = self.waiter.post("/api/v1/clinics/waitlist", body, headers={"Idempotency-Key": str(uuid4())})
        if waits.status == 409 and waits.code() == "units_free":
            return self._taken_elsewhere(body)
        check(waits.status == 201, f"waiting answers {waits.status} {waits.text()[:200]}")
        return self._offered(waits.json()["id"])

    def _taken_elsewhere(self, body: dict[str, Any]) -> str:
        raise ValueError(f"something else of the department is free on {body['from']} or the day after")

    def _offered(self, wait_id: str) -> str:
        number = self.appointment["number"]
        gone = self.phone.post(f"/api/v1/clinics/appointments/{number}/cancel", {})
        check((gone.status, gone.json()["state"]) == (200, "cancelled"), f"cancelling answers {gone.status}")
        inbox = self.waiter.get("/api/v1/inbox").json()["results"]
        check([row["kind"] for row in inbox][:1] == ["clinics.offered"], "the offer is not in the inbox")
        slot = self.phone.get(f"/api/v1/clinics/sessions/{self.session_id}/slots").json()["results"][0]
        check(slot["remaining"] == 0, "an offered place is open to others")
        accepted = self.waiter.post(f"/api/v1/clinics/waitlist/{wait_id}/accept", {})
        check(
            (accepted.status, accepted.json()["state"]) == (200, "booked"),
            f"accepting answers {accepted.status}",
        )
        self.appointment = accepted.json()
        return f"offered, accepted: {self.appointment['number']}"

    def patient_seen(self) -> str:
        """The patient shows the code at the desk, is checked in and seen."""
        desk = self.desk("service_operator", department=UNIT)
        page = desk.get(self.session_path)
        check(self.appointment["number"] in page.text(), "the day sheet does not list the appointment")
        check("演示就诊人" not in page.text(), "the day sheet shows a full name unasked")
        sent = desk.submit(page, form="check-in", changes={"code": self.appointment["check_in_code"]})
        check(sent.status == 302, f"checking in answers {sent.status}")
        page = desk.get(self.session_path)
        check(bool(re.search("已到", page.text())), "the patient has not arrived")
        seen = desk.submit(page, form=f"act-{self.appointment['number']}-fulfil")
        check(seen.status == 302, f"the act answers {seen.status}")
        shown = self.waiter.get(f"/api/v1/clinics/appointments/{self.appointment['number']}").json()
        check(shown["state"] == "fulfilled", f"the appointment is {shown['state']}")
        return str(shown["state_label"])
