"""Receipts of text messages (短信回执) as Tencent Cloud posts them, as pure functions: each becomes a ``PushEvent``.

Source: API documentation of SendSms 2021-01-11; times are Beijing time without an offset.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from apps.wechat.pushes import PushEvent, PushRefused, event_of

EVENT = "sms_receipt"
MAX_BYTES = 512 * 1024
MAX_RECEIPTS = 1000
MAX_TEXT = 200
# What is kept of a receipt.  The phone number is not: ``sid`` names the message.
KEPT = ("sid", "report_status", "errmsg", "user_receive_time")
# China has had no summer time since 1991.
_BEIJING = dt.timezone(dt.timedelta(hours=8))


def receipts_read(*, body: bytes, now: dt.datetime) -> list[PushEvent]:
    """Return the events of a JSON array of receipts, at most 1,000, without the phone numbers.

    ``items`` of each is one mapping of sid, report_status (SUCCESS or FAIL), errmsg and user_receive_time.
    Raises PushRefused and nothing else, whatever the bytes are: ``size``, ``coding``, ``shape``.
    """
    if len(body) > MAX_BYTES:
        raise PushRefused("size")
    try:
        given = json.loads(body.decode())
    except UnicodeDecodeError:
        raise PushRefused("coding") from None
    except (ValueError, RecursionError):
        raise PushRefused("shape") from None
    if not isinstance(given, list) or len(given) > MAX_RECEIPTS:
        raise PushRefused("shape")
    return [_receipt(one, now) for one in given]


def receipt_identity(event: PushEvent) -> str:
    """Return a text that is the same for each repeat of one receipt and different for others."""
    return "\n".join(
        [EVENT, *(event.items[0][name] for name in ("sid", "report_status", "user_receive_time"))]
    )


def _receipt(one: Any, now: dt.datetime) -> PushEvent:
    if not isinstance(one, dict):
        raise PushRefused("shape")
    kept = {name: _text(one.get(name)) for name in KEPT}
    if not kept["sid"]:
        raise PushRefused("shape")
    came_at = _moment(kept["user_receive_time"]) or now
    message = {"Event": EVENT, "CreateTime": int(came_at.timestamp()), "List": kept}
    return event_of(message=message, row_id=None, received_at=now)


def _text(value: Any) -> str:
    text = value[:MAX_TEXT] if isinstance(value, str) else ""
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair, written as an escape
        raise PushRefused("coding") from None
    return text


def _moment(text: str) -> dt.datetime | None:
    """Read "2026-03-10 09:30:00"; None for anything else: a receipt counts also without its time."""
    try:
        moment = dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
    except ValueError:
        return None
    return moment if moment.year >= 2000 else None
