"""How the simulator says no: the errcodes it knows, their sample texts, and the rid that each of them ends in."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType

ERRMSG: Mapping[int, str] = MappingProxyType(
    {
        -1: "system error",
        40001: "invalid credential, access_token is invalid or not latest",
        40002: "invalid grant_type",
        40003: "invalid openid",
        40013: "invalid appid",
        40014: "invalid access_token",
        40029: "invalid code",
        40037: "invalid template_id",
        40066: "invalid url",
        40097: "invalid args",
        40125: "invalid appsecret",
        40129: "invalid scene",
        40163: "code been used",
        40164: "invalid ip, not in whitelist",
        40165: "invalid weapp pagepath",
        40169: "invalid length for scene, or the data is not json string",
        40212: "invalid query",
        40226: "code blocked",
        40243: "AppSecret has been frozen",
        41001: "access_token missing",
        41002: "appid missing",
        41004: "appsecret missing",
        41008: "missing code",
        41030: "invalid page",
        42001: "access_token expired",
        43001: "require GET method",
        43002: "require POST method",
        43101: "user refuse to accept the msg",
        43104: "appid and openid do not match",
        43107: "sending capability is banned",
        43108: "concurrent calls for the same openid",
        44002: "empty post data",
        45009: "reach max api daily quota limit",
        45011: "api minute-quota reach limit, must slower, retry next minute",
        47001: "data format error",
        47003: "argument invalid!",
        48006: "forbid to clear quota because of reaching the limit",
        61010: "code is expired",
        76001: "rid not found",
        76021: "cgi_path not found, please check",
        85401: "time limit between 1min and 30days",
        87014: "risky content",
        200012: "private template over limit",
        200014: "invalid tid",
        200016: "invalid start",
        200017: "invalid limit",
        200019: "invalid category ids",
        200020: "invalid kidList",
        200021: "invalid sceneDesc",
        87008: "invalid sig_method",
        87009: "invalid signature",
    }
)

OK: Mapping[str, object] = MappingProxyType({"errcode": 0, "errmsg": "ok"})


class Refusal(Exception):
    """The call is refused with ``errcode``.  ``detail`` is put behind the sample text; it never names a person."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.detail = detail
        super().__init__(errcode, detail)


def refusal_body(*, refusal: Refusal, rid: str) -> dict[str, object]:
    """Return the body of an error answer."""
    text = ERRMSG.get(refusal.errcode, "error")
    parts = [text, refusal.detail] if refusal.detail else [text]
    return {"errcode": refusal.errcode, "errmsg": f"{' '.join(parts)} rid: {rid}"}


def rid_new(*, now_s: float, rng: random.Random) -> str:
    """Return a new rid: unix time and two random groups of 8 hex digits."""
    return f"{int(now_s):08x}-{rng.getrandbits(32):08x}-{rng.getrandbits(32):08x}"
