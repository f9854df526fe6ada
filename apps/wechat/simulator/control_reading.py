"""How a control call is read and answered."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from aiohttp import web

from apps.wechat.simulator.state import BEIJING, State


class Asked(ValueError):
    """The control call itself was wrong."""


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of the body; {} for an empty one."""
    try:
        given = json.loads(await request.read() or b"{}")
    except ValueError:
        raise Asked("body: JSON") from None
    if not isinstance(given, dict):
        raise Asked("body: a JSON object")
    return given


def text(given: dict[str, Any], key: str, default: str = "") -> str:
    """Return a text field, or ``default`` if it is absent or not a text."""
    value = given.get(key)
    return value if isinstance(value, str) else default


def texts(given: dict[str, Any], key: str) -> list[str]:
    """Return a list of texts.  Raises Asked."""
    value = given.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise Asked(f"{key}: a list of texts")
    return value


def number(given: dict[str, Any], key: str, default: float = 0.0, *, most: float = 10.0**9) -> float:
    """Return a number from 0 to ``most``.  Raises Asked."""
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise Asked(f"{key}: a number from 0 to {most:g}")
    return float(value)


def whole(given: dict[str, Any], key: str, default: int | None = None) -> int | None:
    """Return a whole number of 0 or more, or ``default`` where it is absent or null.  Raises Asked."""
    value = given.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Asked(f"{key}: a whole number, 0 or more")
    return value


def openid_of(given: dict[str, Any], state: State) -> str:
    """Return the openid of a known person.  Raises Asked."""
    openid = text(given, "openid")
    if openid not in state.users:
        raise Asked("openid: unknown")
    return openid


def answer(body: object, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(
        text=json.dumps(body, ensure_ascii=False), status=status, content_type="application/json"
    )


def moment(at_s: float) -> dt.datetime:
    """Return the moment in Beijing time."""
    # Moments are shown and compared in whole microseconds, so that "since what I was shown" includes that one.
    return dt.datetime.fromtimestamp(at_s, tz=BEIJING)


def since(given: str) -> dt.datetime:
    """Read ISO 8601 or unix seconds; "" is the beginning.  Raises Asked."""
    try:
        return moment(float(given or 0))
    except (ValueError, OverflowError, OSError):
        pass
    try:
        # A "+" of the offset that the caller did not escape arrives as a space.
        found = dt.datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        raise Asked("since: ISO 8601 or unix seconds") from None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)
