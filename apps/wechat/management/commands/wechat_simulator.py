"""Run the WeChat simulator, with its SMS provider, beside the demo."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.wechat.simulator.control_reading import Asked
from apps.wechat.simulator.control_rules import FORMATS, MODES, target_of
from apps.wechat.simulator.server import simulator_start
from apps.wechat.simulator.state import State


class Command(BaseCommand):
    help = "Serve WeChat's protocol and an SMS provider's on loopback, for development and tests."
    requires_system_checks: list[str] = []  # it needs neither the database nor the rest of the project

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True, help="0: any free one")
        parser.add_argument("--control-port", type=int, required=True, help="0: any free one; loopback only")
        parser.add_argument("--templates", type=Path, help="default: fixtures/wechat_templates.json")
        parser.add_argument("--sms-templates", type=Path, help="default: fixtures/sms_templates.json")
        parser.add_argument("--push-url", default="", help="where events go; none are sent without it")
        parser.add_argument("--push-token", help="default: WECHAT_PUSH_TOKEN")
        parser.add_argument("--push-aes-key", help="default: WECHAT_PUSH_AES_KEY")
        parser.add_argument("--push-mode", choices=MODES, default="plain")
        parser.add_argument("--push-format", choices=FORMATS, default="json")
        parser.add_argument("--sms-receipt-url", default="", help="without it receipts wait to be pulled")
        parser.add_argument(
            "--answer-delay-s", type=float, default=0.0, help="how long each answer of a send is held back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # An unnamed mode counts as production, as it does in the settings.
        if getattr(settings, "QINGSHAN_MODE", "production") == "production":
            raise CommandError("The simulator does not run in production.")
        state = State(
            appid=settings.WECHAT_APPID,
            secret=settings.WECHAT_SECRET,
            templates=_rows(options["templates"], "wechat_templates.json"),
            sms_templates=_rows(options["sms_templates"], "sms_templates.json"),
        )
        state.account.answer_delay_s = options["answer_delay_s"]
        _push_set(state, options)
        _sms_set(state, options["sms_receipt_url"])
        try:
            asyncio.run(_serve(state, options["host"], options["port"], options["control_port"]))
        except OSError as error:
            raise CommandError(f"The simulator can not listen: {error}") from error


def _rows(given: Path | None, name: str) -> list[dict[str, Any]]:
    path = given or Path(settings.BASE_DIR) / "fixtures" / name
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"The templates can not be read: {error}") from error
    return rows


def _push_set(state: State, options: dict[str, Any]) -> None:
    if not options["push_url"]:
        return
    token, aes_key = options["push_token"], options["push_aes_key"]
    given = {
        "url": options["push_url"],
        "token": getattr(settings, "WECHAT_PUSH_TOKEN", "") if token is None else token,
        "aes_key": getattr(settings, "WECHAT_PUSH_AES_KEY", "") if aes_key is None else aes_key,
        "mode": options["push_mode"],
        "format": options["push_format"],
    }
    try:
        # The address may start later than we do: it proves itself before the first event.
        state.account.push = replace(target_of(given), verified=False)
    except Asked as error:
        raise CommandError(f"The push address can not be used: {error}") from error


def _sms_set(state: State, receipt_url: str) -> None:
    account = state.sms_account
    account.secret_id = getattr(settings, "SMS_SECRET_ID", "") or account.secret_id
    account.secret_key = getattr(settings, "SMS_SECRET_KEY", "") or account.secret_key
    account.app_id = getattr(settings, "SMS_SDK_APP_ID", "") or account.app_id
    account.receipt_url = receipt_url


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
