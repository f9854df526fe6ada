"""A simulator inside a test: on a thread of its own, on free loopback ports, its memory open to the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apps.wechat.simulator.server import Simulator, simulator_start
from apps.wechat.simulator.state import Account, PushTarget, State


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """base_url goes into WECHAT_BASE_URL and SMS_BASE_URL; control_url takes ``/control/...``; state may be read and set at rest."""

    base_url: str
    control_url: str
    state: State

    @property
    def account(self) -> Account:
        """The account's settings: whitelist, ban, pages, push address."""
        return self.state.account


@contextmanager
def running_simulator(
    *,
    appid: str,
    secret: str,
    templates: Sequence[Mapping[str, Any]],
    sms_templates: Sequence[Mapping[str, Any]] = (),
    push: PushTarget | None = None,
    seed: int | None = None,
    port: int = 0,
) -> Iterator[RunningSimulator]:
    """Serve WeChat on loopback while the block runs.

    templates      rows as in fixtures/wechat_templates.json
    sms_templates  rows as in fixtures/sms_templates.json
    seed           the same names at each run; None: random ones
    port           0: any free one; a number brings a stopped simulator back under its old address
    """
    state = State(appid=appid, secret=secret, templates=templates, sms_templates=sms_templates, seed=seed)
    state.account.push = push
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wechat-simulator", daemon=True)
    thread.start()

    async def stop(simulator: Simulator) -> None:
        await simulator.stop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    try:
        simulator = asyncio.run_coroutine_threadsafe(simulator_start(state=state, port=port), loop).result(
            timeout=10
        )
        try:
            yield RunningSimulator(
                base_url=simulator.base_url, control_url=simulator.control_url, state=state
            )
        finally:
            asyncio.run_coroutine_threadsafe(stop(simulator), loop).result(timeout=10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
