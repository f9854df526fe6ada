"""Mini-program codes (小程序码) and links that open a page."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw

from apps.wechat.simulator.answers import OK, Refusal
from apps.wechat.simulator.calls import Call, Picture

SCENE_CHARS = 32
WIDTHS = range(280, 1281)
VERSIONS = ("release", "trial", "develop")
QUERY_CHARS = 1024
LIFE_DAYS = 30
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
_DAY_S = 86400
_CELLS = 16  # 16 × 16 bits are one SHA-256


async def code_unlimited(call: Call) -> Picture:
    """POST /wxa/getwxacodeunlimit (rule 14): a real picture, the same for the same page and scene."""
    body = call.body
    scene, page = body.get("scene"), body.get("page", "")
    if not isinstance(scene, str) or not 0 < len(scene) <= SCENE_CHARS:
        raise Refusal(40169)
    if not _SCENE.fullmatch(scene):
        raise Refusal(40129)
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise Refusal(41030)
    if page and body.get("check_path", True) is not False and not _published(call, page):
        raise Refusal(41030)
    width = body.get("width", 430)
    if width not in WIDTHS or body.get("env_version", "release") not in VERSIONS:
        raise Refusal(40097)
    return _drawn(page=page, scene=scene, width=width, clear=body.get("is_hyaline") is True)


async def scheme(call: Call) -> dict[str, Any]:
    """POST /wxa/generatescheme."""
    given = call.body.get("jump_wxa", {})
    if not isinstance(given, dict):
        raise Refusal(47001)
    _target_check(call, given)
    _life_check(call)
    return {**OK, "openlink": f"weixin://dl/business/?t={call.state.name(length=12)}"}


async def url_link(call: Call) -> dict[str, Any]:
    """POST /wxa/generate_urllink."""
    _target_check(call, call.body)
    _life_check(call)
    return {**OK, "url_link": f"https://wxaurl.cn/{call.state.name(length=12)}"}


def _published(call: Call, page: str) -> bool:
    pages = call.state.account.pages
    return pages is None or page in pages


def _target_check(call: Call, given: Mapping[str, Any]) -> None:
    path, query = given.get("path", ""), given.get("query", "")
    if not isinstance(path, str) or "?" in path or (path and not _published(call, path.lstrip("/"))):
        raise Refusal(40165)
    if not isinstance(query, str) or len(query) > QUERY_CHARS:
        raise Refusal(40212)
    if given.get("env_version", "release") not in VERSIONS:
        raise Refusal(40097)


def _life_check(call: Call) -> None:
    """By a moment (expire_type 0, unix seconds) or by days (1); without either it lives for the longest time."""
    body, now_s = call.body, call.state.now_s()
    if body.get("expire_type", 0) == 1:
        days = body.get("expire_interval")
        if not isinstance(days, int) or not 0 < days <= LIFE_DAYS:
            raise Refusal(85401)
        return
    until_s = body.get("expire_time", now_s + 1)
    if not isinstance(until_s, int | float) or not now_s < until_s <= now_s + LIFE_DAYS * _DAY_S:
        raise Refusal(85401)


def _drawn(*, page: str, scene: str, width: int, clear: bool) -> Picture:
    """Draw the bits of a hash: nothing reads them, but two codes never look alike."""
    bits = int.from_bytes(hashlib.sha256(f"{page}\n{scene}".encode()).digest())
    small = Image.new("RGB", (_CELLS + 2, _CELLS + 2), "white")
    draw = ImageDraw.Draw(small)
    for cell in range(_CELLS * _CELLS):
        if bits >> cell & 1:
            draw.point((1 + cell % _CELLS, 1 + cell // _CELLS), fill="black")
    image = small.resize((width, width), Image.Resampling.NEAREST)
    file = io.BytesIO()
    if clear:
        image.save(file, "PNG")
        return Picture(content=file.getvalue(), content_type="image/png")
    image.save(file, "JPEG", quality=60)
    return Picture(content=file.getvalue(), content_type="image/jpeg")
