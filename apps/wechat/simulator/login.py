"""Signing in: code2Session, the phone number, and the two calls about session keys."""

from __future__ import annotations

import hmac
from typing import Any

from apps.wechat.crypto import session_signature
from apps.wechat.simulator.answers import OK, Refusal
from apps.wechat.simulator.calls import Call
from apps.wechat.simulator.state import CODE_LIFE_S, Code, Purpose, User

SESSION_PATH = "/sns/jscode2session"


async def code_to_session(call: Call) -> dict[str, Any]:
    """GET /sns/jscode2session (rule 6).  Success omits errcode."""
    account, query = call.state.account, call.query
    for errcode, holds in (
        (41002, bool(query.get("appid"))),
        (41004, bool(query.get("secret"))),
        (41008, bool(query.get("js_code"))),
        (40002, query.get("grant_type") == "authorization_code"),
        (40013, query.get("appid") == account.appid),
        (40125, query.get("secret") == account.secret),
    ):
        if not holds:
            raise Refusal(errcode)
    code = _code(call, query["js_code"], "login")
    if code.used:
        raise Refusal(40163)
    user, now_s = call.state.users[code.openid], call.state.now_s()
    # For each user: 100 a minute.
    call.state.limits.limit_check(path=SESSION_PATH, now_s=now_s, of=user.openid)
    if user.risk:
        raise Refusal(40226)
    call.state.limits.call_count(path=SESSION_PATH, now_s=now_s, of=user.openid)
    code.used = True
    user.last_visit_at_s = now_s
    if account.rotate_session_key or not user.session_key:
        user.session_key = call.state.session_key()
    return {"openid": user.openid, "session_key": user.session_key, "unionid": user.unionid}


async def phone_number(call: Call) -> dict[str, Any]:
    """POST /wxa/business/getuserphonenumber (rule 7)."""
    code = _code(call, call.text("code"), "phone")
    if code.used or ("openid" in call.body and call.body["openid"] != code.openid):
        raise Refusal(40029)
    code.used = True
    user = call.state.users[code.openid]
    return {
        **OK,
        "phone_info": {
            "phoneNumber": user.phone,
            "purePhoneNumber": user.phone,
            "countryCode": "86",
            "watermark": {"timestamp": int(call.state.now_s()), "appid": call.state.account.appid},
        },
    }


async def session_check(call: Call) -> dict[str, Any]:
    """GET /wxa/checksession."""
    _signed_user(call)
    return dict(OK)


async def session_key_reset(call: Call) -> dict[str, Any]:
    """GET /wxa/resetusersessionkey."""
    user = _signed_user(call)
    user.session_key = call.state.session_key()
    return {**OK, "openid": user.openid, "session_key": user.session_key}


def _signed_user(call: Call) -> User:
    user = call.state.users.get(call.query.get("openid", ""))
    if user is None:
        raise Refusal(40003)
    if call.query.get("sig_method") != "hmac_sha256":
        raise Refusal(87008)
    given = call.query.get("signature", "").lower()
    if not user.session_key or not hmac.compare_digest(
        given.encode(), session_signature(session_key=user.session_key).encode()
    ):
        raise Refusal(87009)
    return user


def _code(call: Call, text: str, purpose: Purpose) -> Code:
    """The code, if it is known, of this purpose and either used or still alive."""
    code = call.state.codes.get(text)
    if code is None or code.purpose != purpose:
        raise Refusal(40029)
    if not code.used and call.state.now_s() - code.made_at_s > CODE_LIFE_S:
        raise Refusal(40029)
    return code
