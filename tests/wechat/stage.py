"""A running simulator and short ways to use it, shared by the tests of apps.wechat."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from apps.wechat.bridge import run_sync
from apps.wechat.client import SEND_PATH, WechatClient
from apps.wechat.simulator.harness import RunningSimulator

APPID = "wx0123456789abcdef"
SECRET = "0" * 32
FIXTURES = Path(__file__).parents[2] / "fixtures"
TEMPLATES = json.loads((FIXTURES / "wechat_templates.json").read_text(encoding="utf-8"))
SMS_TEMPLATES = json.loads((FIXTURES / "sms_templates.json").read_text(encoding="utf-8"))
BY_NAME = {row["name"]: row["priTmplId"] for row in TEMPLATES}
CASE, NEWS, SERVICE = BY_NAME["case_progress"], BY_NAME["news_update"], BY_NAME["service_notice"]
CASE_DATA = {
    "character_string1": "QS20260301000017",
    "thing2": "和平大道路灯不亮",
    "phrase3": "已受理",
    "time4": "2026年3月1日 15:01",
    "thing5": "点击查看办理详情",
}
SERVICE_DATA = {
    "thing1": "社区卫生服务预约",
    "time2": "2026年3月2日 09:00",
    "thing3": "社区服务中心",
    "phrase4": "已预约",
    "thing5": "请提前十分钟到场",
}
# A proxy of the environment has no business on loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(method: str, url: str, body: object = None, **query: object) -> tuple[int, Any]:
    """One plain request: its status and its JSON (or text)."""
    if query:
        url = f"{url}?{urlencode(query)}"
    data = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with _OPENER.open(request, timeout=10) as response:
            status, raw = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode()


@dataclass
class Stage:
    """A running simulator and short ways to use it."""

    running: RunningSimulator
    appid: str = APPID
    secret: str = SECRET
    clients: list[WechatClient] = field(default_factory=list)

    @property
    def state(self) -> Any:
        return self.running.state

    def user(self, **given: Any) -> str:
        return self.state.user_make(**given).openid

    def visitor(self, **given: Any) -> str:
        """Someone who is in the mini-program right now."""
        user = self.state.user_make(**given)
        user.last_visit_at_s = self.state.now_s()
        return str(user.openid)

    def login_code(self, openid: str) -> str:
        return self.state.code_make(openid=openid, purpose="login")

    def phone_code(self, openid: str) -> str:
        return self.state.code_make(openid=openid, purpose="phone")

    def allow(self, openid: str, template_id: str = CASE, times: int = 1) -> None:
        for _ in range(times):
            assert self.control("POST", "dialog", {"openid": openid, "results": {template_id: "accept"}}) == {
                "errMsg": "requestSubscribeMessage:ok",
                template_id: "accept",
            }

    def remaining(self, openid: str, template_id: str = CASE) -> int:
        return int(self.state.permission(openid=openid, template_id=template_id).remaining)

    def control(self, method: str, name: str, body: object = None, **query: object) -> Any:
        status, answer = ask(method, f"{self.running.control_url}/control/{name}", body, **query)
        assert status in (200, 400), answer
        return answer

    def fault(self, path: str, kind: str, **more: Any) -> None:
        answer = self.control("POST", "faults", {"path": path, "kind": kind, **more})
        assert (answer["path"], answer["kind"]) == (path, kind)

    def call(self, method: str, path: str, body: object = None, **query: object) -> Any:
        status, answer = ask(method, self.running.base_url + path, body, **query)
        assert status == 200
        return answer

    def errcode(self, method: str, path: str, body: object = None, **query: object) -> int:
        return int(self.call(method, path, body, **query).get("errcode", 0))

    def token(self) -> str:
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return str(self.call("POST", "/cgi-bin/stable_token", body)["access_token"])

    def post(self, path: str, body: object) -> Any:
        """A call with the token."""
        return self.call("POST", path, body, access_token=self.token())

    def get(self, path: str, **query: object) -> Any:
        """The same without a body."""
        return self.call("GET", path, access_token=self.token(), **query)

    def send_raw(self, openid: str, template_id: str = CASE, **more: Any) -> Any:
        data = more.pop("data", CASE_DATA if template_id == CASE else SERVICE_DATA)
        body = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            **more,
        }
        return self.call("POST", SEND_PATH, body, access_token=self.token())

    def client(self, **given: Any) -> WechatClient:
        wanted = {
            "appid": self.appid,
            "secret": self.secret,
            "base_url": self.running.base_url,
            "timeout_s": 5.0,
            **given,
        }
        made = WechatClient(**wanted)
        self.clients.append(made)
        return made

    def close(self) -> None:
        for made in self.clients:
            run_sync(made.close(), timeout_s=5)


class Receiver(http.server.ThreadingHTTPServer):
    """A plain HTTP server: keeps what arrives as (path, query, bytes) and answers what it is told to, in turn."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.server.got.append((parts.path, query, body))
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, b"success")
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a Receiver while the block runs."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
