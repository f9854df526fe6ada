"""The main job from end to end: HTTP in, simulator out, the worker's code in between."""

from __future__ import annotations

import io
import json
import urllib.request

import pytest
from django.urls import reverse

from apps.feedback.models import Case
from apps.notifications import services as notifications
from apps.notifications.models import Delivery
from apps.notifications.states import Channel
from tests.factories.people import ResidentClient, policy_now
from tests.factories.pictures import jpeg


def control(simulator, method, path, body=None):
    request = urllib.request.Request(
        simulator.control_url + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


@pytest.fixture
def phone(simulator, db):
    """A resident who signed in through WeChat and agreed."""
    user = control(simulator, "POST", "/control/users", {"nickname": "江边的人"})
    code = control(simulator, "POST", "/control/codes", {"openid": user["openid"]})["code"]
    client = ResidentClient(None, "")
    answer = client.post("auth/wechat", {"code": code, "privacy_version": policy_now()})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return ResidentClient(body["resident"]["id"], body["access"], user["openid"])


def test_a_case_travels_from_the_phone_to_the_unit_and_back(
    phone, simulator, clerk, handler, other_handler, desk
):
    templates = phone.get("wechat/templates", moment="case_submitted").json()
    results = {templates[0]["template_id"]: "accept"}
    control(simulator, "POST", "/control/dialog", {"openid": phone.openid, "results": results})
    assert phone.post("wechat/grants", {"results": results}).status_code == 200

    photo = phone.upload(io.BytesIO(jpeg())).json()
    made = phone.post(
        "feedback/cases",
        {
            "request_type": "report", "category": "0201", "text": "路灯不亮，晚上看不清台阶。",
            "address": "建设二路路口", "street": "420107003", "point": {"lng": 114.397853, "lat": 30.633169},
            "uploads": [photo["id"]], "identity": "named",
        },
        key="draft-1",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    case = Case.objects.get(number=number)

    page = reverse("admin:feedback_case_change", args=[case.pk])
    assert number in desk(clerk).get(reverse("admin:feedback_case_changelist")).content.decode()
    move = lambda verb: reverse("admin:feedback_case_move", args=[case.pk, verb])  # noqa: E731
    sent = desk(clerk).post(move("dispatch"), {"version": case.version, "unit": "CG", "note": "请现场查看"})
    assert (sent.status_code, sent["Location"]) == (302, page)

    assert desk(other_handler).get(page).status_code == 404
    assert number not in desk(other_handler).get(reverse("admin:feedback_case_changelist")).content.decode()
    assert desk(other_handler).post(move("sign"), {"version": 2}).status_code == 404

    assert desk(handler).post(move("sign"), {"version": 2}).status_code == 302
    reply = "已更换灯具，今晚恢复照明。"
    assert desk(handler).post(move("reply"), {"version": 3, "text": reply}).status_code == 302

    assert notifications.pump(lane="interactive", channel=Channel.WECHAT) == 3
    messages = control(simulator, "GET", f"/control/messages?openid={phone.openid}")
    assert [m["data"]["character_string1"]["value"] for m in messages] == [number]
    assert messages[0]["data"]["phrase3"]["value"] == "已答复"
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["sent", "suppressed", "suppressed"]

    inbox = phone.get("inbox").json()["results"]
    assert [m["kind"] for m in inbox] == ["feedback.replied", "feedback.dispatched", "feedback.submitted"]
    assert reply in inbox[0]["body"]

    rated = phone.post(f"feedback/cases/{number}/rate", {"resolved": True, "satisfaction": 5})
    assert (rated.status_code, rated.json()["state"]) == (200, "closed")
    assert [e["verb"] for e in rated.json()["timeline"]] == [
        "submit",
        "dispatch",
        "sign",
        "reply",
        "rate",
        "close",
    ]
