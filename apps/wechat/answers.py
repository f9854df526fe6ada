"""WeChat's answers: their shapes, and telling success from refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from apps.wechat.errors import Answer, WechatOutcomeUnknown, WechatRefused, WechatUnavailable, rid_of
from apps.wechat.values import keys_of

log = structlog.get_logger(__name__)
_DECODER = json.JSONDecoder(strict=False)  # errmsg may hold a line break
_IMAGES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


@dataclass(frozen=True, slots=True)
class LoginSession:
    """Who signed in.  WeChat's session_key is dropped on purpose: nothing here decrypts with it, so nothing can leak it."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentReceipt:
    """A message that WeChat accepted.  The msgid is an int64 as text; not every account gets one."""

    msgid: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A message template (订阅消息模板) of our account.

    kind   2 one-time (一次性), 3 long-term (长期)
    keys   the keys of ``data`` that each message must fill
    enums  the listed values of the enum keys
    """

    template_id: str
    title: str
    content: str
    example: str
    kind: int
    keys: tuple[str, ...]
    enums: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """What WeChat thinks of a text.

    suggest   pass, review or risky
    label     100 normal, 10001 advertisement, 20001 politics, 20002 pornography, 20003 abuse, 20006 crime, 20008 fraud,
              20012 vulgar, 20013 copyright, 21000 other; 0: none given
    keywords  the listed words that it met, without the failed parts of the check
    """

    suggest: str
    label: int
    trace_id: str
    keywords: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeImage:
    """A mini-program code: image/jpeg or image/png."""

    content: bytes = field(repr=False)
    content_type: str


class Wechat(Protocol):
    """What the rest of the project needs from WeChat.  Errors: WechatRefused, WechatUnavailable, WechatOutcomeUnknown."""

    async def code_to_session(self, *, code: str) -> LoginSession: ...

    async def phone_number(self, *, code: str, openid: str | None = None) -> str: ...

    async def subscribe_send(
        self, *, openid: str, template_id: str, data: Mapping[str, str], page: str | None = None
    ) -> SentReceipt: ...

    async def templates(self) -> list[Template]: ...

    async def text_check(
        self,
        *,
        openid: str,
        scene: int,
        content: str,
        title: str | None = None,
        nickname: str | None = None,
        timeout_s: float | None = None,
    ) -> TextVerdict: ...

    async def media_check(self, *, openid: str, scene: int, media_url: str, media_type: int = 2) -> str: ...

    async def code_image(
        self,
        *,
        scene: str,
        page: str,
        width: int = 430,
        check_path: bool = True,
        env_version: str = "release",
    ) -> CodeImage: ...


def judged(path: str, status: int, raw: bytes) -> dict[str, Any]:
    """Return the answer when the body says success.  The body goes first: errors come with status 200.

    Raises WechatRefused, WechatUnavailable, WechatOutcomeUnknown.
    """
    try:
        answer = _DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        errcode = whole(answer.get("errcode", 0))
        if errcode:
            refusal = WechatRefused(errcode, rid_of(errmsg=text(answer, "errmsg")))
            level = log.info if refusal.kind is Answer.FALLBACK else log.warning
            level("wechat_refused", path=path, errcode=errcode, kind=refusal.kind.value, rid=refusal.rid)
            raise refusal
        if status < 400 and errcode == 0:
            return answer
    log.warning("wechat_answer_unreadable", path=path, status=status)
    # 504: the gateway passed the request on and waited in vain.  Any other error status is the gateway's own refusal.
    if status >= 400 and status != 504:
        raise WechatUnavailable(f"http {status}")
    raise WechatOutcomeUnknown(f"http {status} without a readable answer")


def whole(value: object) -> int | None:
    """Return a whole number that came as a number or as text, else None."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return None


def text(answer: Mapping[str, Any], key: str) -> str:
    """Return the value as text: WeChat gives countryCode as a number or a string, and msgid may pass what a double can hold."""
    value = answer.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def template_of(row: Mapping[str, Any]) -> Template:
    """Return a row of gettemplate."""
    content = text(row, "content")
    enums = {
        str(item.get("keywordCode", "")).removesuffix(".DATA"): tuple(
            str(value) for value in item.get("enumValueList") or ()
        )
        for item in row.get("keywordEnumValueList") or ()
        if isinstance(item, dict)
    }
    return Template(
        template_id=text(row, "priTmplId"),
        title=text(row, "title"),
        content=content,
        example=text(row, "example"),
        kind=whole(row.get("type")) or 0,
        keys=keys_of(content),
        enums=enums,
    )


def verdict_of(answer: Mapping[str, Any]) -> TextVerdict:
    """Return the answer of msg_sec_check.  Raises WechatOutcomeUnknown if it holds no verdict."""
    result = answer.get("result")
    suggest = text(result, "suggest") if isinstance(result, dict) else ""
    if not isinstance(result, dict) or not suggest:
        raise WechatOutcomeUnknown("answer without a verdict")
    # A part of the check that failed says so in an errcode of its own, and what stands beside it means nothing.
    parts = [
        part
        for part in answer.get("detail") or ()
        if isinstance(part, dict) and whole(part.get("errcode")) == 0
    ]
    words = (text(part, "keyword") for part in parts)
    return TextVerdict(
        suggest=suggest,
        label=whole(result.get("label")) or 0,
        trace_id=text(answer, "trace_id"),
        keywords=tuple(dict.fromkeys(word for word in words if word)),
    )


def image(path: str, status: int, raw: bytes) -> CodeImage:
    """Return the picture; a refusal comes as JSON in its place.

    Told by the first bytes: the content type differs from year to year.  Raises as ``judged``.
    """
    if status == 200:
        for start, content_type in _IMAGES.items():
            if raw.startswith(start):
                return CodeImage(content=raw, content_type=content_type)
    judged(path, status, raw)
    raise WechatOutcomeUnknown("answer without a picture")
