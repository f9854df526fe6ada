"""``python -m benchmarks.acts``: what the proofs need done inside a stack, through the services.

people N       make N residents who agreed; prints ``[{"id", "openid", "token"}]``
grant N FILE   record that each of the people in FILE granted N messages
cases FILE     submit a case for each, dispatch it and sign for it; prints the case numbers
reply FILE     answer each of the case numbers in FILE, one transaction each
rule           write a live routing rule that sends reports of street lamps to their unit
alike N        look for reports of the same event as each of the N newest cases; prints the milliseconds of each
"""

from __future__ import annotations

import argparse
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
    """Let the ledger know of ``count`` messages of each, as WeChat's event would."""
    from apps.common import clock
    from apps.notifications.models import GrantEntry, WechatTemplate
    from apps.notifications.services import ledger

    template = WechatTemplate.objects.get(name=TEMPLATE)
    ledger.grants_add(
        answered=[
            ledger.Answered(
                UUID(person["id"]), template, True, f"bench:{time.time_ns()}:{number}:{person['id']}"
            )
            for person in people
            for number in range(count)
        ],
        source=GrantEntry.Source.PUSH,
        now=clock.now(),
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
    for name in ("cases", "reply"):
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
    }
    answer = acts_of[given.act]()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
