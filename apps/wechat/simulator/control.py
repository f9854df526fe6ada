"""The control API (``/control/...``): a person's hands, for tests and the demo.  On a port of its own, loopback only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from apps.wechat.simulator.control_people import People
from apps.wechat.simulator.control_reading import Asked, answer
from apps.wechat.simulator.control_records import Records
from apps.wechat.simulator.control_rules import Rules
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import State

# Half a million openids in one call.
MOST_BYTES = 32 * 1024 * 1024


def control_app(*, state: State, pusher: Pusher) -> web.Application:
    """Return the application."""
    app = web.Application(middlewares=[_errors_told], client_max_size=MOST_BYTES)
    for part in (People, Records, Rules):
        app.add_routes(part(state=state, pusher=pusher).routes())
    return app


@web.middleware
async def _errors_told(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Asked as error:
        return answer({"error": str(error)}, status=400)
