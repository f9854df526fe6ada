"""``python -m benchmarks.acts``: what the proofs need done inside a stack, through the services.

people N       make N residents who agreed; prints ``[{"id", "openid", "token"}]``
grant N FILE   record that each of the people in FILE granted N messages
cases FILE     submit a case for each, dispatch it and sign for it; prints the case numbers
reply FILE     answer each of the case numbers in FILE, one transaction each
rule           write a live routing rule that sends reports of street lamps to their unit
alike N        look for reports of the same event as each of the N newest cases; prints the milliseconds of each
pump FILE      write a notice for each of the people in FILE, then pump them in this process; prints the seconds
bare FILE      send as many messages over bare aiohttp, as many at once; prints the seconds
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import django

TEMPLATE = "case_progress"
REPLY = "已到现场处理，请查看。"


def _people(count: int) -> list[dict[str, str]]:
    from apps.accounts import selectors, services
    from apps.common import clock

    now = clock.now()
    policy = selectors.policy_current(now=now)
    found = []
    for number in range(count):
        openid = f"o-bench-{number:04d}-0000000000000000"[:28]
        resident, pair, _new = services.resident_sign_in(
            openid=openid, unionid=None, privacy_version=policy.version if policy else None, now=now
        )
        found.append({"id": str(resident.id), "openid": openid, "token": pair.access})
    return found


def _grant(count: int, people: list[dict[str, str]]) -> None:
    from apps.common import clock
    from apps.notifications import services
    from apps.notifications.models import WechatTemplate

    template_id = WechatTemplate.objects.get(name=TEMPLATE).template_id
    for person in people:
        for _each in range(count):
            services.grants_report(
                resident_id=UUID(person["id"]), results={template_id: "accept"}, now=clock.now()
            )


def _cases(people: list[dict[str, str]]) -> list[str]:
    from apps.accounts import selectors
    from apps.common import clock
    from apps.feedback import services
    from apps.feedback.services import CaseDraft
    from apps.feedback.states import RequestType

    clerk = selectors.staff_by_username(username="clerk.demo")
    handler = selectors.staff_of_unit(code="CG")
    if clerk is None or handler is None:
        raise RuntimeError("the demonstration's staff are missing")
    draft = CaseDraft(request_type=RequestType.HELP, text="路灯不亮，晚上看不清台阶。", category="0201")
    numbers = []
    for person in people:
        made = services.case_submit(resident_id=UUID(person["id"]), draft=draft, now=clock.now())
        act: dict[str, Any] = {"number": made.case.number, "version": None, "now": clock.now()}
        services.case_dispatch(staff=clerk, unit="CG", note="", **act)
        services.case_sign(staff=handler, **act)
        numbers.append(made.case.number)
    return numbers


def _rule() -> None:
    from apps.accounts import selectors
    from apps.common.changes import announce
    from apps.feedback.models import RoutingRule

    unit = selectors.department_by_code(code="CG")
    RoutingRule.objects.create(
        name="bench", keywords=["路灯"], unit=unit, mode=RoutingRule.Mode.LIVE, valid_from="2020-01-01"
    )
    announce("reference")


def _alike(count: int) -> list[float]:
    from apps.feedback.incident_selectors import alike_of
    from apps.feedback.models import Case

    spent = []
    cases = list(Case.objects.filter(street__isnull=False).order_by("-submitted_at")[: count + 20])
    for case in cases:
        began = time.perf_counter()
        alike_of(case=case, now=case.submitted_at)
        spent.append((time.perf_counter() - began) * 1000)
    # The first ones open the connection, load the model and have PostgreSQL plan.
    return spent[20:]


def _reply(numbers: list[str]) -> None:
    from apps.accounts import selectors
    from apps.common import clock
    from apps.feedback import services

    handler = selectors.staff_of_unit(code="CG")
    if handler is None:
        raise RuntimeError("the unit has no handler")
    for number in numbers:
        services.case_reply(number=number, staff=handler, version=None, text=REPLY, now=clock.now())


def _pump(people: list[dict[str, str]]) -> float:
    """Return the seconds that one process takes to deliver a notice to each of ``people``."""
    from django.db import connection, transaction

    from apps.common import clock
    from apps.feedback import notices
    from apps.notifications import services

    fields = {
        "number": "2026010100000018",
        "excerpt": "路灯不亮",
        "state": "已提交",
        "at": "2026年1月1日 09:00",
    }

    def pumped(some: list[dict[str, str]]) -> float:
        with transaction.atomic():
            for person in some:
                services.notice_enqueue(
                    kind=notices.SUBMITTED, resident_id=UUID(person["id"]), fields=fields,
                    dedup_key=f"bench:{time.time_ns()}:{person['id']}", now=clock.now(),
                )  # fmt: skip
            connection.run_on_commit.clear()
        began = time.perf_counter()
        services.pump(lane="interactive")
        return time.perf_counter() - began

    # The first opens connections and fetches WeChat's token.
    pumped(people[:1])
    return pumped(people)


def _bare(people: list[dict[str, str]]) -> float:
    """Return the seconds that bare aiohttp takes to send as much, 50 at once like the pump's batch."""
    import aiohttp
    from django.conf import settings

    from apps.notifications.models import WechatTemplate
    from apps.notifications.services.outbox import BATCH

    template_id = WechatTemplate.objects.get(name=TEMPLATE).template_id
    values = {
        "character_string1": "2026010100000018", "thing2": "路灯不亮", "phrase3": "已提交",
        "time4": "2026年1月1日 09:00", "thing5": "已收到，可随时查看进度",
    }  # fmt: skip
    data = {key: {"value": value} for key, value in values.items()}

    async def send_all() -> float:
        async with aiohttp.ClientSession(settings.WECHAT_BASE_URL) as session:
            asked = {
                "grant_type": "client_credential", "appid": settings.WECHAT_APPID, "secret": settings.WECHAT_SECRET,
            }  # fmt: skip
            async with session.post("/cgi-bin/stable_token", json=asked) as answer:
                token = json.loads(await answer.read())["access_token"]
            gate = asyncio.Semaphore(BATCH)

            async def send(openid: str) -> None:
                body = {
                    "touser": openid,
                    "template_id": template_id,
                    "page": "pages/feedback/case",
                    "data": data,
                }
                async with (
                    gate,
                    session.post(
                        f"/cgi-bin/message/subscribe/send?access_token={token}", json=body
                    ) as answer,
                ):
                    said = json.loads(await answer.read())
                    if said.get("errcode") != 0:
                        raise RuntimeError(f"the simulator refused: {said}")

            began = time.perf_counter()
            await asyncio.gather(*(send(person["openid"]) for person in people))
            return time.perf_counter() - began

    return asyncio.run(send_all())


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.acts")
    acts = parser.add_subparsers(dest="act", required=True)
    for name in ("people", "alike"):
        acts.add_parser(name).add_argument("count", type=int)
    acts.add_parser("rule")
    grant = acts.add_parser("grant")
    grant.add_argument("count", type=int)
    grant.add_argument("file", type=Path)
    for name in ("cases", "reply", "pump", "bare"):
        acts.add_parser(name).add_argument("file", type=Path)
    given = parser.parse_args()
    django.setup()
    known = json.loads(given.file.read_text(encoding="utf-8")) if "file" in given else []
    acts_of: dict[str, Callable[[], object]] = {
        "people": lambda: _people(given.count),
        "alike": lambda: _alike(given.count),
        "rule": _rule,
        "grant": lambda: _grant(given.count, known),
        "cases": lambda: _cases(known),
        "reply": lambda: _reply(known),
        "pump": lambda: _pump(known),
        "bare": lambda: _bare(known),
    }
    answer = acts_of[given.act]()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
