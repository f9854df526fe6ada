"""The control API (``/control/...``): a person's hands, for tests and the demo.  On a port of its own, loopback only."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from apps.wechat.simulator import messages
from apps.wechat.simulator.faults import Fault
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import BEIJING, Purpose, State


class Asked(ValueError):
    """The control call itself was wrong."""


class Control:
    """One method for each call."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[_errors_told])
        app.add_routes(
            [
                web.post("/control/users", self._users),
                web.post("/control/codes", self._codes),
                web.post("/control/phone-codes", self._phone_codes),
                web.post("/control/dialog", self._dialog),
                web.post("/control/settings", self._settings),
                web.get("/control/messages", self._messages),
                web.get("/control/ledger", self._ledger),
                web.get("/control/sms", self._sms),
                web.post("/control/faults", self._faults_add),
                web.delete("/control/faults", self._faults_clear),
                web.post("/control/clock", self._clock),
                web.post("/control/reset", self._reset),
            ]
        )
        return app

    async def _users(self, request: web.Request) -> web.Response:
        """{"nickname"?, "phone"?, "risk"?, "openid"?} → {"openid", "unionid"}; an openid brings back a known person."""
        given = await _body(request)
        user = self._state.user_make(
            nickname=_text(given, "nickname") or "微信用户",
            phone=_text(given, "phone") or None,
            risk=given.get("risk") is True,
            openid=_text(given, "openid") or None,
        )
        return _json({"openid": user.openid, "unionid": user.unionid})

    async def _codes(self, request: web.Request) -> web.Response:
        return await self._code(request, "login")

    async def _phone_codes(self, request: web.Request) -> web.Response:
        return await self._code(request, "phone")

    async def _code(self, request: web.Request, purpose: Purpose) -> web.Response:
        openid = self._openid(await _body(request))
        return _json({"code": self._state.code_make(openid=openid, purpose=purpose)})

    async def _dialog(self, request: web.Request) -> web.Response:
        """{"openid", "results": {template: accept|reject}} → what wx.requestSubscribeMessage gives."""
        given = await _body(request)
        results = given.get("results")
        if not isinstance(results, dict) or not all(isinstance(result, str) for result in results.values()):
            raise Asked("results: an object of template id and accept or reject")
        try:
            answered = messages.dialog_answer(
                state=self._state, pusher=self._pusher, openid=self._openid(given), results=results
            )
        except messages.DialogRefused as refusal:
            return _json(
                {
                    "errCode": refusal.errcode,
                    "errMsg": f"requestSubscribeMessage:fail {refusal.text}",
                },
                status=400,
            )
        return _json({"errMsg": "requestSubscribeMessage:ok", **answered})

    async def _settings(self, request: web.Request) -> web.Response:
        """{"openid", "template_id"?, "on"}: the switch of one template, or without a template the main switch."""
        given = await _body(request)
        openid, on = self._openid(given), given.get("on")
        if not isinstance(on, bool):
            raise Asked("on: true or false")
        template_id = _text(given, "template_id")
        if not template_id:
            self._state.users[openid].messages_on = on
        elif template_id in self._state.templates:
            messages.setting_change(
                state=self._state, pusher=self._pusher, openid=openid, template_id=template_id, on=on
            )
        else:
            raise Asked("template_id: unknown")
        return _json({"ok": True})

    async def _messages(self, request: web.Request) -> web.Response:
        """?openid=&since= → accepted messages, oldest first; since: ISO 8601 or unix seconds, itself included."""
        openid, since = request.query.get("openid"), _since(request.query.get("since", ""))
        return _json(
            [
                {
                    "openid": message.openid,
                    "template_id": message.template_id,
                    "page": message.page,
                    "data": message.data,
                    "msgid": message.msgid,
                    "at": _moment(message.at_s).isoformat(),
                }
                for message in list(self._state.messages)
                if (not openid or message.openid == openid) and _moment(message.at_s) >= since
            ]
        )

    async def _ledger(self, request: web.Request) -> web.Response:
        """?openid= → one row for each template the user has answered for."""
        openid = request.query.get("openid")
        return _json(
            [
                {
                    "openid": owner,
                    "template_id": template_id,
                    "type": self._state.templates[template_id].kind,
                    "remaining": row.remaining,
                    "long_term_on": row.long_term_on,
                    "switched_off": row.switched_off,
                    "updated_at": _moment(row.updated_at_s).isoformat(),
                }
                for (owner, template_id), row in self._state.ledger.items()
                if not openid or owner == openid
            ]
        )

    async def _sms(self, _request: web.Request) -> web.Response:
        """Accepted text messages: none, as no SMS provider is simulated yet."""
        return _json([])

    async def _faults_add(self, request: web.Request) -> web.Response:
        given = await _body(request)
        try:
            fault = Fault.of(given)
        except ValueError as error:
            raise Asked(str(error)) from None
        self._state.faults.faults.append(fault)
        return _json({"path": fault.path, "kind": fault.kind.value, "value": fault.value})

    async def _faults_clear(self, _request: web.Request) -> web.Response:
        struck = sum(fault.struck for fault in self._state.faults.faults)
        self._state.faults.faults.clear()
        return _json({"struck": struck})

    async def _clock(self, request: web.Request) -> web.Response:
        """{"advance_s"} → {"now"}; the simulator's clock only ever goes forward."""
        advance_s = (await _body(request)).get("advance_s")
        if isinstance(advance_s, bool) or not isinstance(advance_s, int | float) or advance_s < 0:
            raise Asked("advance_s: seconds, 0 or more")
        self._state.clock_offset_s += advance_s
        return _json({"now": _moment(self._state.now_s()).isoformat()})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._state.reset()
        return _json({"ok": True})

    def _openid(self, given: dict[str, Any]) -> str:
        openid = _text(given, "openid")
        if openid not in self._state.users:
            raise Asked("openid: unknown")
        return openid


@web.middleware
async def _errors_told(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Asked as error:
        return _json({"error": str(error)}, status=400)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.read() or b"{}")
    except ValueError:
        raise Asked("body: JSON") from None
    if not isinstance(given, dict):
        raise Asked("body: a JSON object")
    return given


def _text(given: dict[str, Any], key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(answer, ensure_ascii=False), status=status, content_type="application/json"
    )


def _moment(at_s: float) -> dt.datetime:
    # Moments are shown and compared in whole microseconds, so that "since what I was shown" includes that one.
    return dt.datetime.fromtimestamp(at_s, tz=BEIJING)


def _since(text: str) -> dt.datetime:
    try:
        return _moment(float(text or 0))
    except (ValueError, OverflowError, OSError):
        pass
    try:
        # A "+" of the offset that the caller did not escape arrives as a space.
        moment = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Asked("since: ISO 8601 or unix seconds") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
