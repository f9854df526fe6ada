"""The registry of what happens on a push: an upper app registers its handlers when it is ready."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from apps.wechat.pushes import PushEvent

Handler = Callable[[Sequence[PushEvent], dt.datetime], None]

_handlers: dict[str, Handler] = {}


def push_handler_register(event: str, handler: Handler) -> None:
    """Have ``handler`` called with (events, now) for each push of the kind ``event``.

    It is called inside a transaction with up to 200 events of its kind at once, in the order in which they came: take
    them as a set, lock rows in a fixed order, ask nobody over the network.  Two workers may have events of one person at
    once, so ``created_at`` tells which is newer, not the call.  What it raises undoes its own writes only;
    then it is called again for each event alone.  An event may come again under another id: be idempotent.
    Raises ValueError on an event that has another handler.
    """
    if _handlers.get(event, handler) != handler:
        raise ValueError(f"the push event {event} has a handler already")
    _handlers[event] = handler


def push_handler_of(event: str) -> Handler | None:
    """Return the handler of ``event``, or None where nobody wants it."""
    return _handlers.get(event)
