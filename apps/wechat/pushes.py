"""WeChat's message push (消息推送) as pure functions: what arrives at our address is verified and becomes a ``PushEvent``.

Three modes (plain, compatible, safe) in two formats (JSON, XML).  An XML message becomes the same mapping as its JSON
form, so that who handles an event meets one shape.  Source: the official pages on the message push and the bean tests of
three SDKs; the vectors stand in the tests.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID
from xml.etree import ElementTree

from apps.wechat.crypto import CryptoRefused, push_decrypt, push_signature_ok

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8  # a verdict on a picture, the deepest that is known, has four levels
MAX_OPENID = 128
# Together they name one event: FromUserName, CreateTime and Event are the rule of the official pages.
_NAMES = ("MsgId", "MsgID", "trace_id")
_ITEM_NAMES = ("TemplateId", "MsgID", "SubscribeStatusString")
_EVENT = re.compile(r"[A-Za-z0-9_.]{1,64}")
# What a body of the safe mode may not show beside its encrypted part.
_OPEN_FIELDS = frozenset({"FromUserName", "Event", "MsgType"})
# Of what people write to the mini-program's customer service nothing is kept but that they wrote.
_COMMON_FIELDS = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId")

type Mode = Literal["plain", "compatible", "safe"]


class PushRefused(Exception):
    """Not a push of our account, or not one that can be read.  ``reason`` is a fixed word, never part of the body."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PushKeys:
    """The console's settings of the message push.

    token     3 to 32 letters and digits
    aes_key   EncodingAESKey, 43 characters; "" where no encrypted push is taken
    mode      the weakest mode that is taken
    window_s  how far the signed time may lie from ours
    """

    token: str
    aes_key: str
    appid: str
    mode: Mode
    window_s: int


@dataclass(frozen=True, slots=True)
class PushEvent:
    """One event.

    id          of its row; None before it is kept
    openid      whom it is about; "" where it names nobody
    created_at  when it happened, whole seconds by WeChat's clock
    items       the entries of ``List``, all values as text; of an event without a list the fields of the message itself
    raw         the whole message in the shape of its JSON form
    """

    id: UUID | None
    event: str
    openid: str
    created_at: dt.datetime
    items: tuple[Mapping[str, str], ...]
    received_at: dt.datetime
    raw: Mapping[str, Any]


def echo_read(*, query: Mapping[str, str], keys: PushKeys, now: dt.datetime) -> str:
    """Verify the console's question for our address and return the text to answer it with.

    Raises PushRefused: ``window``, ``signature``, ``shape`` (no text to echo).
    """
    _signature_check(query, keys, now)
    echo = query.get("echostr", "")
    if not echo or len(echo) > MAX_OPENID:
        raise PushRefused("shape")
    return echo


def push_read(*, body: bytes, query: Mapping[str, str], keys: PushKeys, now: dt.datetime) -> PushEvent:
    """Verify a push, decrypt it where it is encrypted, and return its event.

    query  the fields of the address: signature, timestamp, nonce; msg_signature where the body is encrypted
    Of an encrypted body only the encrypted part counts, and it must be meant for our appid.
    Raises PushRefused and nothing else, whatever the bytes are: ``window``, ``signature``, ``size``, ``coding``, ``shape``,
    ``depth``, ``document_type``, ``mode`` (weaker than the settings ask for), ``encryption``.
    """
    _signature_check(query, keys, now)
    outer = _message_of(_decoded(body))
    encrypted = outer.get("Encrypt")
    if encrypted is None:
        if keys.mode != "plain":
            raise PushRefused("mode")
        message = outer
    else:
        message = _message_of(_opened(outer, encrypted, query, keys))
    return event_of(message=message, row_id=None, received_at=now)


def event_of(*, message: Mapping[str, Any], row_id: UUID | None, received_at: dt.datetime) -> PushEvent:
    """Return the event of a message in the shape of its JSON form.

    A message without CreateTime happened when it came.  Raises PushRefused: ``shape``.
    """
    kind = message.get("MsgType", "event")
    event = message.get("Event") if kind == "event" else kind
    openid = message.get("FromUserName", "")
    if not isinstance(event, str) or not _EVENT.fullmatch(event):
        raise PushRefused("shape")
    if not isinstance(openid, str) or len(openid) > MAX_OPENID:
        raise PushRefused("shape")
    if kind != "event":
        message = {name: message[name] for name in _COMMON_FIELDS if name in message}
    return PushEvent(
        id=row_id,
        event=event,
        openid=openid,
        created_at=_moment(message.get("CreateTime"), otherwise=received_at),
        items=_items(message),
        received_at=received_at,
        raw=message,
    )


def push_identity(event: PushEvent) -> str:
    """Return a text that is the same for each repeat of one push and different for others.

    It holds the openid: hash it before it is kept.
    """
    entries = sorted("|".join(item.get(name, "") for name in _ITEM_NAMES) for item in event.items)
    own = [str(event.raw.get(name, "")) for name in _NAMES]
    return "\n".join([event.openid, str(int(event.created_at.timestamp())), event.event, *own, *entries])


def _signature_check(query: Mapping[str, str], keys: PushKeys, now: dt.datetime) -> None:
    timestamp = query.get("timestamp", "")
    # The window is a rule of our own: without it a recorded push would be good for ever.
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise PushRefused("window")
    if abs(int(timestamp) - now.timestamp()) > keys.window_s:
        raise PushRefused("window")
    _signed(query, "signature", keys, None)


def _signed(query: Mapping[str, str], name: str, keys: PushKeys, encrypted: str | None) -> None:
    try:
        right = push_signature_ok(
            signature=query.get(name, ""),
            token=keys.token,
            timestamp=query.get("timestamp", ""),
            nonce=query.get("nonce", ""),
            encrypted=encrypted,
        )
    except UnicodeEncodeError:  # half of a pair in the address
        right = False
    if not right:
        raise PushRefused("signature")


def _opened(outer: Mapping[str, Any], encrypted: Any, query: Mapping[str, str], keys: PushKeys) -> str:
    if not isinstance(encrypted, str):
        raise PushRefused("shape")
    if keys.mode == "safe" and not _OPEN_FIELDS.isdisjoint(outer):
        raise PushRefused("mode")
    _signed(query, "msg_signature", keys, encrypted)
    try:
        return push_decrypt(aes_key=keys.aes_key, appid=keys.appid, encrypted=encrypted)
    except CryptoRefused:
        raise PushRefused("encryption") from None


def _decoded(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise PushRefused("size")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise PushRefused("coding") from None


def _message_of(text: str) -> dict[str, Any]:
    """Read JSON or XML, told apart by the first character."""
    # An XML document type can name files and multiply text; no push has one, so it is refused before anything is read.
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise PushRefused("document_type")
    message = _xml(text) if text.lstrip().startswith("<") else _json(text)
    if not isinstance(message, dict):
        raise PushRefused("shape")
    return message


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PushRefused("shape") from None
    _depth_check(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a pair, written as an escape
        raise PushRefused("coding") from None
    return value


def _depth_check(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise PushRefused("depth")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _depth_check(part, depth + 1)


def _xml(text: str) -> dict[str, Any] | str:
    try:
        # The parser of the standard library fetches nothing, and entities were refused above.
        root = ElementTree.fromstring(text)  # noqa: S314
    except (ElementTree.ParseError, ValueError):
        raise PushRefused("shape") from None
    message = _element(root, 0)
    if isinstance(message, dict):
        # In XML the list stands below a tag of the event's name: SubscribeMsgPopupEvent of subscribe_msg_popup_event.
        event = message.get("Event")
        holder = "".join(part.title() for part in event.split("_")) if isinstance(event, str) else ""
        held = message.get(holder)
        if isinstance(held, dict) and "List" in held:
            del message[holder]
            message["List"] = held["List"]
    return message


def _element(element: ElementTree.Element, depth: int) -> dict[str, Any] | str:
    """Return the text of a leaf, else a mapping of its children; tags that repeat become a list."""
    if depth > MAX_DEPTH:
        raise PushRefused("depth")
    if len(element) == 0:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        value = _element(child, depth + 1)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _moment(value: Any, *, otherwise: dt.datetime) -> dt.datetime:
    """Read unix seconds, a number or its text (both occur)."""
    if value is None:
        return otherwise.replace(microsecond=0)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,10}", str(value)):
        raise PushRefused("shape")
    return dt.datetime.fromtimestamp(int(value), tz=dt.UTC)


def _items(message: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """Return the entries of ``List``, an object for one and an array for several, else the message's own fields."""
    listed = message.get("List")
    if listed is None:
        verdict = message.get("result")
        return (_flat(message) | (_flat(verdict) if isinstance(verdict, dict) else {}),)
    entries = listed if isinstance(listed, list) else [listed]
    if not all(isinstance(entry, dict) for entry in entries):
        raise PushRefused("shape")
    return tuple(_flat(entry) for entry in entries)


def _flat(entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in entry.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
