"""Replies on their way to a phone."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from apps.common import clock
from apps.feedback import notices
from apps.notifications import services as notifications
from apps.notifications.models import Delivery
from tests.factories.people import ResidentClient, resident_make


class Wechat:
    """The simulator's control door, in the words of the tests."""

    def __init__(self, running: Any) -> None:
        self.control_url = running.control_url

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API."""
        raw = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.control_url + path, method=method, data=raw)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or b"null")

    def fault(self, kind: str, value: Any = None, times: int = 1) -> None:
        """Break the next sends."""
        given = {"path": "/cgi-bin/message/subscribe/send", "kind": kind, "times": times}
        self.ask("POST", "/control/faults", given | ({} if value is None else {"value": value}))

    def messages(self, resident: ResidentClient) -> list[Any]:
        """Return what WeChat took for a resident."""
        found: list[Any] = self.ask("GET", f"/control/messages?openid={resident.openid}")
        return found

    def permit(self, resident: ResidentClient, count: int = 1, *, template: str = "case_progress") -> None:
        """Answer the dialog with accept."""
        from apps.notifications.models import WechatTemplate

        template_id = WechatTemplate.objects.get(name=template).template_id
        for _each in range(count):
            self.ask(
                "POST", "/control/dialog", {"openid": resident.openid, "results": {template_id: "accept"}}
            )


@pytest.fixture
def wechat(simulator: Any, db: None) -> Wechat:
    """The simulator."""
    return Wechat(simulator)


@pytest.fixture
def phone(wechat: Wechat, grant: Any) -> ResidentClient:
    """A resident whom WeChat knows, with one message permitted on both sides."""
    openid = wechat.ask("POST", "/control/users", {"nickname": "某人"})["openid"]
    client = resident_make(openid=openid)
    grant(client)
    wechat.permit(client)
    return client


@pytest.fixture
def reply(db: None) -> Any:
    """Queue a reply's notice: ``reply(resident, key="k")``."""

    def queue(resident: ResidentClient, key: str = "k1") -> Delivery | None:
        from django.db import transaction

        assert resident.resident_id is not None
        with transaction.atomic():
            message_id = notifications.notice_enqueue(
                kind=notices.REPLIED,
                resident_id=resident.resident_id,
                fields={
                    "number": "2026031000000019", "excerpt": "路灯不亮", "state": "已答复", "at": "2026年3月10日 10:00",
                    "unit": "区城管执法局", "reply": "已修好。",
                },
                dedup_key=key,
                now=clock.now(),
            )  # fmt: skip
        return Delivery.objects.filter(message_id=message_id).first()

    return queue
