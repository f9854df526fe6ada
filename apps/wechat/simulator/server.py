"""The simulator put together: WeChat's paths on the main address, the control API on a second one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aiohttp import web

from apps.wechat.simulator import login, messages, tokens
from apps.wechat.simulator.answers import Refusal, refusal_body
from apps.wechat.simulator.calls import Call, Route
from apps.wechat.simulator.control import Control
from apps.wechat.simulator.faults import Fault, FaultKind
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import State

LOOPBACK = "127.0.0.1"

ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        route.path: route
        for route in (
            Route("/cgi-bin/token", tokens.plain_token, method="GET", needs_token=False),
            Route("/cgi-bin/stable_token", tokens.stable_token, needs_token=False),
            Route(login.SESSION_PATH, login.code_to_session, method="GET", needs_token=False),
            Route("/wxa/business/getuserphonenumber", login.phone_number),
            Route("/wxa/checksession", login.session_check, method="GET"),
            Route("/wxa/resetusersessionkey", login.session_key_reset, method="GET"),
            Route("/cgi-bin/message/subscribe/send", messages.send, waits=True),
            Route("/wxaapi/newtmpl/gettemplate", messages.templates, method="GET"),
        )
    }
)


class _Host:
    """Answers WeChat's paths."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.Response:
        self._state.calls[request.path] += 1
        fault = self._state.faults.fault_for(path=request.path)
        if fault is not None and fault.kind is FaultKind.CUT_BEFORE:
            return _cut(request)
        if fault is not None and fault.kind is FaultKind.HTTP:
            return web.Response(
                status=int(fault.value), text="<html>an injected fault</html>", content_type="text/html"
            )
        try:
            answer = await self._answer(request, fault)
        except Refusal as refusal:
            answer = refusal_body(refusal=refusal, now_s=self._state.now_s(), rng=self._state.rng)
        if fault is not None and fault.kind is FaultKind.CUT_AFTER:
            return _cut(request)
        # Status 200 also for errors (rule 1).
        return web.Response(
            body=json.dumps(answer, ensure_ascii=False).encode(),
            headers={"Content-Type": f"{self._state.account.content_type}; charset=UTF-8"},
        )

    async def _answer(self, request: web.Request, fault: Fault | None) -> dict[str, Any]:
        if fault is not None and fault.kind is FaultKind.ERRCODE:
            raise Refusal(int(fault.value))
        route = ROUTES.get(request.path)
        if route is None:
            raise Refusal(40066)
        call = Call(
            state=self._state,
            pusher=self._pusher,
            path=route.path,
            query=dict(request.query),
            body=await _body(request, route),
            remote=request.remote or "",
            pause_s=fault.value if fault is not None and fault.kind is FaultKind.SLOW else 0.0,
        )
        # Rule 4 puts the token after method and body; the quota comes last.
        if route.needs_token:
            tokens.token_check(call)
        self._state.limits.limit_check(path=route.path, now_s=self._state.now_s())
        if not route.waits and call.pause_s:
            await asyncio.sleep(call.pause_s)
        answer = await route.handler(call)
        if route.path != login.SESSION_PATH:  # counted for each user there
            self._state.limits.call_count(path=route.path, now_s=self._state.now_s())
        return answer


async def _body(request: web.Request, route: Route) -> dict[str, Any]:
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
        body = json.loads(raw)
    except ValueError:
        raise Refusal(47001) from None
    if not isinstance(body, dict):
        raise Refusal(47001)
    return body


def _cut(request: web.Request) -> web.Response:
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
    runners: list[web.AppRunner]

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
    simulator = Simulator(state=state, pusher=pusher, base_url="", control_url="", runners=[])
    try:
        simulator.base_url = await _listen(simulator, _Host(state=state, pusher=pusher).app(), host, port)
        simulator.control_url = await _listen(
            simulator, Control(state=state, pusher=pusher).app(), LOOPBACK, control_port
        )
    except OSError:
        await simulator.stop()
        raise
    return simulator


async def _listen(simulator: Simulator, app: web.Application, host: str, port: int) -> str:
    # No access log: its lines would hold secrets and tokens.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    simulator.runners.append(runner)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    bound_host, bound_port = runner.addresses[0][:2]
    return f"http://{bound_host}:{bound_port}"
