"""What a question to the directory may say, and the cursors of its lists."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from apps.common.api.fields import text_clean
from apps.common.api.paging import CursorInvalid
from apps.common.geo import Point
from apps.facilities import circle
from apps.facilities.access import Profile
from apps.facilities.search import MOST_RANKED, Asked
from apps.facilities.search_errors import (
    ChoiceInvalid,
    MinutesInvalid,
    NearInvalid,
    ParameterTooLong,
    RadiusInvalid,
)
from apps.facilities.search_text import MAX_CHARS

MOST_RADIUS_M = 20_000
_CODE_CHARS = 30
_NAME_CHARS = 300
Key = tuple[Any, ...]


def text_of(request: Request, name: str, *, most: int = _CODE_CHARS) -> str:
    """Return a parameter without control characters and blanks around it, "" without one.  Raises ParameterTooLong."""
    text = text_clean(request.query_params.get(name, "")).strip()
    if len(text) > most:
        raise ParameterTooLong(attr=name, name=name, most=most)
    return text


def choice_of(request: Request, name: str, choices: Iterable[str]) -> str:
    """Return a parameter that takes one of ``choices``, "" without one.  Raises ChoiceInvalid."""
    text, known = request.query_params.get(name, ""), list(choices)
    if text and text not in known:
        raise ChoiceInvalid(attr=name, name=name, choices=", ".join(known))
    return text


def asked_of(request: Request, *, can_open: bool) -> Asked:
    """Return what a list is narrowed to.  Raises ParameterTooLong, ChoiceInvalid."""
    return Asked(
        kind=text_of(request, "kind"),
        street=text_of(request, "street"),
        service=text_of(request, "service"),
        accessible_for=choice_of(request, "accessible_for", [one.value for one in Profile]),
        text=text_of(request, "q", most=MAX_CHARS),
        can_open=can_open,
    )


def near_of(request: Request) -> Point | None:
    """Return the point of ``near`` and ``crs``, None without ``near``.  Raises NearInvalid."""
    given, crs = request.query_params.get("near", ""), request.query_params.get("crs", "gcj02")
    if crs not in ("gcj02", "wgs84"):
        raise NearInvalid(attr="crs")
    if not given:
        return None
    try:
        lng, lat = (float(part) for part in given.split(","))
    except ValueError as error:
        raise NearInvalid(attr="near") from error
    point = Point(lng, lat, "wgs84" if crs == "wgs84" else "gcj02")
    if not point.in_china:  # not a number is in no interval
        raise NearInvalid(attr="near")
    return point


def radius_of(request: Request, *, near: Point | None) -> int | None:
    """Return the metres of ``radius_m``, None without it.  Raises RadiusInvalid, also without ``near``."""
    if "radius_m" not in request.query_params:
        return None
    metres = _whole(request.query_params["radius_m"])
    if near is None or not 1 <= metres <= MOST_RADIUS_M:
        raise RadiusInvalid(attr="radius_m", most=MOST_RADIUS_M)
    return metres


def minutes_of(request: Request) -> int:
    """Return the minutes of a walk, 15 when not said.  Raises MinutesInvalid."""
    minutes = _whole(request.query_params.get("minutes", str(circle.MINUTES)))
    if not circle.LEAST_MINUTES <= minutes <= circle.MOST_MINUTES:
        raise MinutesInvalid(attr="minutes", least=circle.LEAST_MINUTES, most=circle.MOST_MINUTES)
    return minutes


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1


# --- Cursors ---------------------------------------------------------------------------------------------------------
def _metres(value: Any) -> float:
    if type(value) is not float or not math.isfinite(value) or value < 0:
        raise ValueError("no distance")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _NAME_CHARS or "\x00" in value:
        raise ValueError("no name")
    return value


def _place(value: Any) -> int:
    if type(value) is not int or not 1 <= value < MOST_RANKED:
        raise ValueError("no place in a ranking")
    return value


def _id(value: Any) -> UUID:
    return UUID(str(value))


def cursor_of(request: Request, *, near: bool, words: bool) -> Key | None:
    """Return the key that the request's cursor stands for, or None without one.  Raises CursorInvalid.

    ``near``, ``words``  what orders the list: a cursor of another order is none of it
    """
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
    reads: tuple[Callable[[Any], Any], ...] = (_metres, _id) if near else (_place,) if words else (_name, _id)
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor[:1000] + "=" * (-len(cursor) % 4)))
        return tuple(read(value) for read, value in zip(reads, list(values), strict=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise CursorInvalid(attr="cursor") from error


def cursor_text(key: Key | None) -> str | None:
    """Return the cursor of a key: floats to their last bit, so that equal distances stay equal."""
    if key is None:
        return None
    values = [str(value) if isinstance(value, UUID) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
