"""WeChat's push of what it found in a picture (wxa_media_check), read into verdicts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from apps.safety import services
from apps.safety.services import PictureVerdict
from apps.wechat.handlers import push_handler_register
from apps.wechat.pushes import PushEvent

EVENT = "wxa_media_check"


def verdict_of(*, message: Mapping[str, Any]) -> PictureVerdict:
    """Return the verdict in a push; an errcode (-1008: the picture could not be fetched) is none.  No query."""
    result = message.get("result")
    judged = _number(message.get("errcode")) == 0 and isinstance(result, Mapping)
    found: Mapping[str, Any] = result if judged and isinstance(result, Mapping) else {}
    return PictureVerdict(
        trace_id=str(message.get("trace_id") or "")[:64],
        suggest=str(found.get("suggest") or ""),
        label=max(0, _number(found.get("label"))),
    )


def _number(value: Any) -> int:
    """Return a number that may come as text (XML pushes, and "100" in some JSON ones)."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return -1


def media_pushes_handle(events: Sequence[PushEvent], now: dt.datetime) -> None:
    """Apply a batch of pushes inside the transaction of whoever keeps them."""
    services.media_verdicts_apply(verdicts=[verdict_of(message=one.raw) for one in events], now=now)


push_handler_register(EVENT, media_pushes_handle)
