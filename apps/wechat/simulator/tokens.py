"""Access tokens: /cgi-bin/token and /cgi-bin/stable_token, two stores that do not touch each other, and their check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from apps.wechat.simulator.answers import Refusal
from apps.wechat.simulator.calls import Call
from apps.wechat.simulator.state import State

LIFE_S = 7200
OVERLAP_S = 300  # a new token is issued in the old one's last 300 s; both work
FORCED_A_DAY = 20
FORCED_APART_S = 30
_SHAPE = re.compile(r"[A-Za-z0-9_-]{64,512}")


def _appid(given: Mapping[str, Any]) -> str:
    return str(given.get("appid") or "")


def _secret(given: Mapping[str, Any]) -> str:
    return str(given.get("secret") or "")


# In the order of rule 3; each row: errcode, and what must hold.
CREDENTIAL_CHECKS: tuple[tuple[int, Callable[[Call, Mapping[str, Any]], bool]], ...] = (
    (41002, lambda _call, given: bool(_appid(given))),
    (41004, lambda _call, given: bool(_secret(given))),
    (40002, lambda _call, given: given.get("grant_type") == "client_credential"),
    (40013, lambda call, given: _appid(given) == call.state.account.appid),
    (40125, lambda call, given: _secret(given) == call.state.account.secret),
    (40243, lambda call, _given: not call.state.account.secret_frozen),
    (
        40164,
        lambda call, _given: (
            call.state.account.ip_whitelist is None or call.remote in call.state.account.ip_whitelist
        ),
    ),
)


async def plain_token(call: Call) -> dict[str, Any]:
    """GET /cgi-bin/token: a new token each time; the one before stays valid for 300 s."""
    _credentials_check(call, call.query)
    tokens, now_s = call.state.tokens, call.state.now_s()
    if tokens.plain:
        tokens.superseded_at_s[tokens.plain] = now_s + OVERLAP_S
    tokens.plain = _made(call.state)
    return {"access_token": tokens.plain, "expires_in": LIFE_S}


async def stable_token(call: Call) -> dict[str, Any]:
    """POST /cgi-bin/stable_token: the same token while it is valid, a new one in its last 300 s or when forced."""
    _credentials_check(call, call.body)
    state, tokens = call.state, call.state.tokens
    now_s = state.now_s()
    if call.body.get("force_refresh") is True and tokens.stable:
        tokens.forced_at_s = [at_s for at_s in tokens.forced_at_s if now_s - at_s < 86400]
        if not tokens.forced_at_s or now_s - tokens.forced_at_s[-1] >= FORCED_APART_S:
            if len(tokens.forced_at_s) >= FORCED_A_DAY:
                raise Refusal(45009)
            tokens.forced_at_s.append(now_s)
            tokens.superseded_at_s[tokens.stable] = now_s
            tokens.stable = _made(state)
    elif tokens.dies_at_s.get(tokens.stable, 0.0) - now_s <= OVERLAP_S:
        tokens.stable = _made(state)
    return {"access_token": tokens.stable, "expires_in": int(tokens.dies_at_s[tokens.stable] - now_s)}


def token_check(call: Call) -> None:
    """Refuse a call without a good access_token: absent, malformed, unknown or superseded, expired (rule 4)."""
    given, tokens, now_s = call.query.get("access_token", ""), call.state.tokens, call.state.now_s()
    if not given:
        raise Refusal(41001)
    if not _SHAPE.fullmatch(given):
        raise Refusal(40014)
    if given not in tokens.dies_at_s or tokens.superseded_at_s.get(given, now_s + 1) <= now_s:
        raise Refusal(40001)
    if tokens.dies_at_s[given] <= now_s:
        raise Refusal(42001)


def tokens_expire(*, state: State) -> int:
    """Let every token that is now good expire, and return how many there were."""
    now_s = state.now_s()
    alive = [token for token, dies_at_s in state.tokens.dies_at_s.items() if dies_at_s > now_s]
    for token in alive:
        state.tokens.dies_at_s[token] = now_s
    return len(alive)


def _credentials_check(call: Call, given: Mapping[str, Any]) -> None:
    for errcode, holds in CREDENTIAL_CHECKS:
        if not holds(call, given):
            raise Refusal(errcode)


def _made(state: State) -> str:
    token = state.name(length=136)
    state.tokens.dies_at_s[token] = state.now_s() + LIFE_S
    return token
