"""Control calls about people: who they are, what they allow."""

from __future__ import annotations

from aiohttp import web

from apps.wechat.simulator import messages
from apps.wechat.simulator.control_reading import Asked, answer, body_of, openid_of, text, texts, whole
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import Purpose, State


class People:
    """One method for each call."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.post("/control/users", self._users),
            web.post("/control/codes", self._codes),
            web.post("/control/phone-codes", self._phone_codes),
            web.post("/control/dialog", self._dialog),
            web.post("/control/settings", self._settings),
            web.post("/control/grants", self._grants),
        ]

    async def _users(self, request: web.Request) -> web.Response:
        """{"nickname"?, "phone"?, "risk"?, "visited"?, "openid"?} → {"openid", "unionid"}; an openid brings back a known person.

        {"openids": […]} makes many at once → {"made"}.
        """
        given = await body_of(request)
        if "openids" in given:
            return answer({"made": self._state.users_make(openids=texts(given, "openids"))})
        user = self._state.user_make(
            nickname=text(given, "nickname", "微信用户"),
            phone=text(given, "phone") or None,
            risk=given.get("risk") is True,
            openid=text(given, "openid") or None,
        )
        if given.get("visited") is True:
            user.last_visit_at_s = self._state.now_s()
        return answer({"openid": user.openid, "unionid": user.unionid})

    async def _codes(self, request: web.Request) -> web.Response:
        return await self._code(request, "login")

    async def _phone_codes(self, request: web.Request) -> web.Response:
        return await self._code(request, "phone")

    async def _code(self, request: web.Request, purpose: Purpose) -> web.Response:
        openid = openid_of(await body_of(request), self._state)
        return answer({"code": self._state.code_make(openid=openid, purpose=purpose)})

    async def _dialog(self, request: web.Request) -> web.Response:
        """{"openid", "results": {template: accept|reject}} → what wx.requestSubscribeMessage gives."""
        given = await body_of(request)
        results = given.get("results")
        if not isinstance(results, dict) or not all(isinstance(result, str) for result in results.values()):
            raise Asked("results: an object of template id and accept or reject")
        try:
            answered = messages.dialog_answer(
                state=self._state, pusher=self._pusher, openid=openid_of(given, self._state), results=results
            )
        except messages.DialogRefused as refusal:
            return answer(
                {
                    "errCode": refusal.errcode,
                    "errMsg": f"requestSubscribeMessage:fail {refusal.text}",
                },
                status=400,
            )
        return answer({"errMsg": "requestSubscribeMessage:ok", **answered})

    async def _settings(self, request: web.Request) -> web.Response:
        """{"openid", "template_id"?, "on"}: the switch of one template, or without a template the main switch."""
        given = await body_of(request)
        openid, on = openid_of(given, self._state), given.get("on")
        if not isinstance(on, bool):
            raise Asked("on: true or false")
        template_id = text(given, "template_id")
        if not template_id:
            self._state.users[openid].messages_on = on
        elif template_id in self._state.templates:
            messages.setting_change(
                state=self._state, pusher=self._pusher, openid=openid, template_id=template_id, on=on
            )
        else:
            raise Asked("template_id: unknown")
        return answer({"ok": True})

    async def _grants(self, request: web.Request) -> web.Response:
        """{"openids": […] or "all": true, "template_id", "count"?} → {"granted"}: many permissions without their pushes."""
        given = await body_of(request)
        openids = self._state.users.keys() if given.get("all") is True else texts(given, "openids")
        try:
            granted = messages.permissions_grant(
                state=self._state,
                openids=openids,
                template_id=text(given, "template_id"),
                count=whole(given, "count", 1) or 0,
            )
        except KeyError:
            raise Asked("template_id, openids: unknown") from None
        return answer({"granted": granted})
