"""One call to the simulator as its handlers see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import State


@dataclass(slots=True)
class Call:
    """What came in.

    body     the JSON object of a POST, {} for a GET
    remote   the caller's address
    pause_s  a slow fault's delay, for routes that wait themselves
    """

    state: State
    pusher: Pusher
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    remote: str
    pause_s: float = 0.0

    def text(self, key: str) -> str:
        """Return a field of the body, or "" if it is absent or not a text."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An answer that is not JSON."""

    content: bytes
    content_type: str


type Handler = Callable[[Call], Awaitable[dict[str, Any] | Picture]]
type Check = Callable[[Call], None]  # raises Refusal


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the protocol.

    method       None: both
    needs_token  the call carries access_token in its query
    waits        the handler spends a slow fault's delay itself
    form         the body may be form-encoded
    """

    path: str
    handler: Handler
    method: str | None = "POST"
    needs_token: bool = True
    waits: bool = False
    form: bool = False
