"""The simulator put together: WeChat's paths and the SMS provider on the main address, the control API on a second one.

The send is the target of load tests, so the host stands on aiohttp's low-level server, without a router.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from aiohttp import web

from apps.wechat.simulator import login, sms, tokens
from apps.wechat.simulator.answers import Refusal, refusal_body, rid_new
from apps.wechat.simulator.calls import Call, Picture, Route
from apps.wechat.simulator.control import control_app
from apps.wechat.simulator.faults import SMS_PATH, Fault, FaultKind
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.routes import ROUTES, SEND_PATH
from apps.wechat.simulator.state import RECENT, State

LOOPBACK = "127.0.0.1"
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Host:
    """Answers WeChat's paths, and the SMS provider's."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        state, path = self._state, request.path
        state.calls[path] += 1
        fault = state.faults.fault_for(path=path)
        if fault is not None and fault.kind is FaultKind.CUT_BEFORE:
            return _cut(request)
        if fault is not None and fault.kind is FaultKind.HTTP:
            return web.Response(
                status=int(fault.value), text="<html>an injected fault</html>", content_type="text/html"
            )
        answer: dict[str, Any] | Picture
        content_type = f"{state.account.content_type}; charset=UTF-8"
        if path == SMS_PATH and "X-TC-Action" in request.headers:
            # The provider's own client reads errors under exactly this type only.
            answer, content_type = await self._sms(request, fault), "application/json"
        else:
            answer = await self._wechat(request, path, fault)
        if fault is not None and fault.kind is FaultKind.CUT_AFTER:
            return _cut(request)
        if path == SEND_PATH and state.account.answer_delay_s:
            await asyncio.sleep(state.account.answer_delay_s)
        if isinstance(answer, Picture):
            return web.Response(body=answer.content, headers={"Content-Type": answer.content_type})
        # Status 200 also for errors (rule 1).
        return web.Response(body=_written(answer).encode(), headers={"Content-Type": content_type})

    async def _wechat(
        self, request: web.BaseRequest, path: str, fault: Fault | None
    ) -> dict[str, Any] | Picture:
        state = self._state
        try:
            return await self._answer(request, path, fault)
        except Refusal as refusal:
            now_s = state.now_s()
            rid = rid_new(now_s=now_s, rng=state.rng)
            body = refusal_body(refusal=refusal, rid=rid)
            state.failures[rid] = {"invoke_time": int(now_s), "request_url": path, "response_body": body}
            if len(state.failures) > RECENT:
                del state.failures[next(iter(state.failures))]
            return body

    async def _answer(
        self, request: web.BaseRequest, path: str, fault: Fault | None
    ) -> dict[str, Any] | Picture:
        if fault is not None and fault.kind is FaultKind.ERRCODE:
            raise Refusal(int(fault.value))
        route = ROUTES.get(path)
        if route is None:
            raise Refusal(40066)
        call = Call(
            state=self._state,
            pusher=self._pusher,
            path=path,
            query=_query(request.query_string),
            body=await _body(request, route),
            remote=request.remote or "",
            pause_s=fault.value if fault is not None and fault.kind is FaultKind.SLOW else 0.0,
        )
        # Rule 4 puts the token after method and body; the quota comes last.
        if route.needs_token:
            tokens.token_check(call)
        self._state.limits.limit_check(path=path, now_s=self._state.now_s())
        if not route.waits and call.pause_s:
            await asyncio.sleep(call.pause_s)
        answer = await route.handler(call)
        if path != login.SESSION_PATH:  # counted for each user there
            self._state.limits.call_count(path=path, now_s=self._state.now_s())
        return answer

    async def _sms(self, request: web.BaseRequest, fault: Fault | None) -> dict[str, Any]:
        payload = await request.read()
        if fault is not None and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.value)
        return sms.answered(
            state=self._state,
            pusher=self._pusher,
            headers=request.headers,
            payload=payload,
            code=fault.code if fault is not None and fault.kind is FaultKind.ERRCODE else "",
        )


@lru_cache(maxsize=256)
def _query(text: str) -> dict[str, str]:
    # The calls of one token all have the same query.
    return dict(reversed(parse_qsl(text, keep_blank_values=True)))


async def _body(request: web.BaseRequest, route: Route) -> dict[str, Any]:
    if route.method == "GET" and request.method != "GET":
        raise Refusal(43001)
    if route.method == "POST" and request.method != "POST":
        raise Refusal(43002)
    if request.method == "GET":
        return {}
    raw = await request.read()
    if not raw:
        raise Refusal(44002)
    try:
        # Told by the content: many clients name the wrong type.
        if route.form and not raw.startswith(b"{"):
            return _form(raw.decode())
        body = json.loads(raw)
    except ValueError:
        raise Refusal(47001) from None
    if not isinstance(body, dict):
        raise Refusal(47001)
    return body


def _form(text: str) -> dict[str, Any]:
    """The fields of a form; a field named in the plural way of the protocol (kidList) is a list, however often it comes."""
    fields = parse_qs(text)
    return {name: values if name.endswith("List") else values[0] for name, values in fields.items()}


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # goes nowhere: the connection is gone


@dataclass(slots=True)
class Simulator:
    """A running simulator."""

    state: State
    pusher: Pusher
    base_url: str
    control_url: str
    runners: list[web.BaseRunner]

    async def stop(self) -> None:
        """Close both addresses and drop what is still running."""
        for runner in self.runners:
            await runner.cleanup()
        await self.pusher.close()


async def simulator_start(
    *, state: State, host: str = LOOPBACK, port: int = 0, control_port: int = 0
) -> Simulator:
    """Start serving on the running event loop and return what runs.

    port, control_port  0: any free one
    The control API is always on loopback, whatever ``host`` is.  Raises OSError if a port is taken.
    """
    pusher = Pusher(state=state)
    state.paths = frozenset(ROUTES)
    simulator = Simulator(state=state, pusher=pusher, base_url="", control_url="", runners=[])
    try:
        # No access log: its lines would hold secrets and tokens.
        host_server = web.Server(_Host(state=state, pusher=pusher).serve, access_log=None)
        simulator.base_url = await _listen(
            simulator, web.ServerRunner(host_server, shutdown_timeout=0.2), host, port
        )
        control = control_app(state=state, pusher=pusher)
        simulator.control_url = await _listen(
            simulator,
            web.AppRunner(control, access_log=None, shutdown_timeout=0.2),
            LOOPBACK,
            control_port,
        )
    except OSError:
        await simulator.stop()
        raise
    return simulator


async def _listen(simulator: Simulator, runner: web.BaseRunner, host: str, port: int) -> str:
    simulator.runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    bound_host, bound_port = runner.addresses[0][:2]
    return f"http://{bound_host}:{bound_port}"
