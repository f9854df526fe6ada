"""Run the WeChat simulator beside the demo."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.wechat.simulator.server import simulator_start
from apps.wechat.simulator.state import PushTarget, State


class Command(BaseCommand):
    help = "Serve WeChat's protocol on loopback, for development and tests."
    requires_system_checks: list[str] = []  # it needs neither the database nor the rest of the project

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True, help="0: any free one")
        parser.add_argument("--control-port", type=int, required=True, help="0: any free one; loopback only")
        parser.add_argument("--templates", type=Path, help="default: fixtures/wechat_templates.json")
        parser.add_argument("--push-url", default="", help="where events go; none are sent without it")
        parser.add_argument("--push-token", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        # An unnamed mode counts as production, as it does in the settings.
        if getattr(settings, "QINGSHAN_MODE", "production") == "production":
            raise CommandError("The simulator does not run in production.")
        path = options["templates"] or Path(settings.BASE_DIR) / "fixtures" / "wechat_templates.json"
        try:
            templates = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"The templates can not be read: {error}") from error
        state = State(appid=settings.WECHAT_APPID, secret=settings.WECHAT_SECRET, templates=templates)
        if options["push_url"]:
            state.account.push = PushTarget(url=options["push_url"], token=options["push_token"])
        try:
            asyncio.run(_serve(state, options["host"], options["port"], options["control_port"]))
        except OSError as error:
            raise CommandError(f"The simulator can not listen: {error}") from error


async def _serve(state: State, host: str, port: int, control_port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    simulator = await simulator_start(state=state, host=host, port=port, control_port=control_port)
    print(json.dumps({"simulator": simulator.base_url, "control": simulator.control_url}), flush=True)
    try:
        await stop.wait()
    finally:
        await simulator.stop()
