"""The account's quotas and its failed calls."""

from __future__ import annotations

import hmac
from typing import Any

from apps.wechat.simulator.answers import OK, Refusal
from apps.wechat.simulator.calls import Call
from apps.wechat.simulator.state import State

CLEARS_A_MONTH = 10
KEPT_S = 7 * 86400
_MONTH_S = 30 * 86400
_MINUTE_S = 60


async def quota(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/openapi/quota/get: limits of one path and what is left of them today."""
    path, state = call.text("cgi_path"), call.state
    if not path.startswith("/") or path not in state.paths:
        raise Refusal(76021)
    limit, used = state.limits.limit_of(path=path), state.limits.used_today(path=path, now_s=state.now_s())
    daily = {} if limit.day is None else {"daily_limit": limit.day, "remain": max(limit.day - used, 0)}
    rate = (
        {}
        if limit.minute is None
        else {"rate_limit": {"call_count": limit.minute, "refresh_second": _MINUTE_S}}
    )
    return {**OK, "quota": {"daily_limit": 0, "remain": 0, **daily, "used": used}, **rate}


async def quota_clear(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/clear_quota: ten times a month."""
    if call.text("appid") != call.state.account.appid:
        raise Refusal(40013)
    return _cleared(call.state)


async def quota_clear_by_secret(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/clear_quota/v2: the same without a token."""
    if call.text("appid") != call.state.account.appid:
        raise Refusal(40013)
    if not hmac.compare_digest(call.text("appsecret").encode(), call.state.account.secret.encode()):
        raise Refusal(40125)
    return _cleared(call.state)


async def failure(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/openapi/rid/get: what is known of a failed call, for 7 days; bodies are not kept."""
    row = call.state.failures.get(call.text("rid"))
    if row is None or call.state.now_s() - float(str(row["invoke_time"])) > KEPT_S:
        raise Refusal(76001)
    return {**OK, "request": row}


def _cleared(state: State) -> dict[str, Any]:
    now_s = state.now_s()
    state.quota_clears = [at_s for at_s in state.quota_clears if now_s - at_s < _MONTH_S]
    if len(state.quota_clears) >= CLEARS_A_MONTH:
        raise Refusal(48006)
    state.quota_clears.append(now_s)
    state.limits.clear()
    return dict(OK)
