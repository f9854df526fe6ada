"""Two pumps, two sweeps, two grants at once."""

import json
import urllib.request
from collections import Counter

from apps.common import clock
from apps.feedback import services as feedback
from apps.feedback.states import CaseState
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, WechatGrant, WechatTemplate
from apps.notifications.states import Channel
from tests.factories.cases import case_make
from tests.factories.people import resident_make, staff_make


def control(simulator, method, path, body=None):
    raw = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(simulator.control_url + path, method=method, data=raw)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def test_four_pumps_at_once_send_each_message_once(at_once, simulator):
    template_id = WechatTemplate.objects.get(name="case_progress").template_id
    people = []
    for _each in range(12):
        openid = control(simulator, "POST", "/control/users", {"nickname": "某人"})["openid"]
        client = resident_make(openid=openid)
        control(simulator, "POST", "/control/dialog", {"openid": openid, "results": {template_id: "accept"}})
        client.post("wechat/grants", {"results": {template_id: "accept"}})
        people.append(client)
    handler = staff_make("handler", unit="CG")
    for client in people:
        case = case_make(client, state=CaseState.SIGNED)
        feedback.case_reply(number=case.number, staff=handler, version=None, text="好", now=clock.now())

    at_once(4, lambda: notifications.pump(lane="interactive", channel=Channel.WECHAT))

    states = Counter(
        Delivery.objects.filter(message__kind="feedback.replied").values_list("state", flat=True)
    )
    assert states == {"sent": 12}
    for client in people:
        assert len(control(simulator, "GET", f"/control/messages?openid={client.openid}")) == 1


def test_grants_reported_at_once_all_count(at_once):
    resident = resident_make()
    template_id = WechatTemplate.objects.get(name="case_progress").template_id

    at_once(6, lambda: resident.post("wechat/grants", {"results": {template_id: "accept"}}).status_code)

    assert WechatGrant.objects.get().remaining == 6
