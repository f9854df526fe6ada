"""From a child's registration to its enrolment with two guardians who disagree: HTTP and desk in, WeChat's simulator out."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client

from apps.common import clock as the_clock
from apps.notifications import services as notifications
from apps.notifications.models import InboxMessage
from apps.notifications.states import Channel
from apps.schools.models import Application, Offer, PlaceLock
from tests.factories.clinics import id_number
from tests.factories.people import ResidentClient, code_of, policy_now, resident_make
from tests.factories.pictures import jpeg
from tests.factories.schools import office_make, round_make
from tests.factories.schools_ground import COMMUNITY, lock_rule_make
from tests.notifications.conftest import Wechat

pytestmark = pytest.mark.django_db
SIGNS = "service_notice"
BASE = "/admin/schools"
MINUTE = dt.timedelta(minutes=1)


class Parent:
    """A guardian whom WeChat knows; signed in anew whenever the clock has moved."""

    def __init__(self, wechat: Wechat, grant: Any) -> None:
        self.openid = wechat.ask("POST", "/control/users", {"nickname": "某人"})["openid"]
        self.wechat = wechat
        grant(self.phone, template=SIGNS, count=12)
        wechat.permit(self.phone, 12, template=SIGNS)

    @property
    def phone(self) -> ResidentClient:
        """The mini-program with a fresh token."""
        return resident_make(openid=self.openid)

    def told(self) -> list[str]:
        """Send what waits and return the states that WeChat's messages named, in order."""
        notifications.pump(lane="interactive", channel=Channel.WECHAT)
        return [one["data"]["phrase4"]["value"] for one in self.wechat.messages(self.phone)]


class Desk:
    """Staff at work: each act with a session of its own."""

    def __init__(self, staff: Any) -> None:
        self.staff = staff

    def post(self, path: str, **given: Any) -> str:
        """Act at the desk and return the page that it leads to."""
        client = Client()
        client.force_login(self.staff, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(f"{BASE}/{path}/", given, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()


def agree(desk: Desk, path: str) -> None:
    desk.post(f"application/{path}/act/agree", version=Application.objects.get(pk=path).version)


def test_two_guardians_who_disagree_from_registration_to_enrolment(simulator, grant, clock):
    wechat, now = Wechat(simulator), the_clock.now()
    policy_now()
    office = office_make()
    lock_rule_make()
    held = round_make(now=now, office=office, places={"s1": 1}, home_papers=True)
    held.categories["a"].papers = "户口簿"
    held.categories["a"].save()
    mother, father = Parent(wechat, grant), Parent(wechat, grant)
    clerk, second, head = Desk(office.reviewers[0]), Desk(office.reviewers[1]), Desk(office.head)
    other_head = Desk(office.other_head)

    # Two parents, one child.
    number = id_number(born=dt.date(2020, 3, 1))
    body = {"relation": "mother", "name": "演示童", "id_number": number, "consent": True}
    child = mother.phone.post("children", body, key="c1").json()
    asked = father.phone.post("children", body | {"relation": "father"}, key="c2").json()
    assert (child["confirmed"], asked["confirmed"], asked["id"]) == (True, False, child["id"])
    assert father.phone.get("schools/applications").json() == []
    assert mother.told() == ["待确认"]
    assert mother.phone.post(f"children/guardians/{asked['guardianship']}/confirm").status_code == 204
    assert father.told() == ["已确认"]

    # The mother files; the father objects.
    wanted = {
        "round": str(held.pk), "child": child["id"], "category": "a", "address": "和平大道1388号3栋2单元501", "community": COMMUNITY,
        "preferences": [str(held.intakes["s1"].pk)],
    }  # fmt: skip
    made = mother.phone.post("schools/applications", wanted, key="a1").json()
    pk, path = made["id"], f"schools/applications/{made['id']}"
    paper = mother.phone.upload_to(f"{path}/documents", io.BytesIO(jpeg()), {"kind": "hukou"}, key="p1")
    assert paper.status_code == 201, paper.content
    assert mother.phone.post(f"{path}/submit", {}, key="s1").json()["state"] == "submitted"
    assert father.phone.get(path).json()["number"] == made["number"]
    assert father.phone.post(f"{path}/object", {"text": "我不同意报这所学校。"}).json()["objected"] is True
    assert code_of(mother.phone.post(f"{path}/object", {"text": "x"})) == "objection_refused"

    # The office: nobody verifies it before the two agree.
    agree(clerk, pk)
    agree(second, pk)
    assert Application.objects.get().state == "first_review"
    assert "我不同意报这所学校" in clerk.post(f"application/{pk}/act/read", text="核对异议")
    clerk.post(f"application/{pk}/act/settle", text="双方到场签署同意书")
    agree(second, pk)
    assert mother.phone.get(path).json()["state"] == "verified"
    looks = str(mother.phone.get("me/access-log").json())
    assert made["number"] in looks

    # Frozen, drawn, published: by two people.
    steps = f"admissionround/{held.pk}/step"
    clock.move_to(held.row.closes_at)
    head.post(f"{steps}/close")
    clock.move_to(held.row.fix_until)
    head.post(f"{steps}/freeze")
    clock.shift(MINUTE)
    head.post(f"{steps}/commit")
    clock.shift(MINUTE)
    other_head.post(f"{steps}/reveal", public_number="20260511", public_source="公证处公告")
    head.post(f"{steps}/allocate")
    head.post(f"{steps}/publish")
    seen = mother.phone.get(path).json()
    result = father.phone.get(f"{path}/result").json()
    assert (seen["state"], seen["offer"]["state"], result["roster_code"]) == (
        "allocated",
        "offered",
        seen["roster_code"],
    )
    assert (result["choices"][0]["admitted"], result["choices"][0]["own_rank"]) == (True, 1)
    draw = mother.phone.get(f"schools/rounds/{held.pk}/draw").json()
    receipt = InboxMessage.objects.filter(kind="schools.receipt", resident_id=father.phone.resident_id).get()
    assert seen["roster_code"] in receipt.body
    assert draw["roster_hash"] in receipt.body

    # The mother wants to decline, the father accepts: it counts as accepted.
    asking = mother.phone.post(f"{path}/offer/decline", {}, key="d1").json()["offer"]
    assert (asking["state"], asking["decline_asked"]) == ("offered", True)
    accepted = father.phone.post(f"{path}/offer/accept", {}, key="o1").json()["offer"]
    assert (accepted["state"], accepted["decline_asked"]) == ("accepted", False)
    again = mother.phone.post(f"{path}/offer/decline", {}, key="d2").json()["offer"]
    assert again["state"] == "accepted"

    # Enrolled; the home's place is used.
    clerk.post(f"application/{pk}/act/enrol")
    row = Application.objects.get()
    assert (row.state, Offer.objects.get().state, PlaceLock.objects.get().source) == (
        "enrolled",
        "enrolled",
        row.number,
    )
    assert code_of(mother.phone.post(f"{path}/offer/decline", {}, key="d3")) == "offer_over"

    # What was told, to both, in order.
    both = ["submitted", "objected", "verified", "receipt", "offered"]
    kinds = {
        parent: [
            one.removeprefix("schools.")
            for one in InboxMessage.objects.filter(resident_id=parent.phone.resident_id)
            .order_by("id")
            .values_list("kind", flat=True)
        ]
        for parent in (mother, father)
    }
    assert kinds[mother] == ["guardian_asks", *both, "answered", "answered"]
    assert kinds[father] == [
        "guardian_confirmed",
        *both,
        "decline_asked",
        "answered",
        "decline_asked",
        "answered",
    ]
    assert len(mother.told()) == len(kinds[mother])
    assert len(father.told()) == len(kinds[father])
