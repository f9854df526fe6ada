"""``python -m benchmarks.crowd``: many residents and notices inside a stack, without a request for each.

people N GRANTS        make N residents whom WeChat knows as ``openid_of(number)``, GRANTS messages permitted each
notices N KEY [LANE]   write a reply's notice for each of the first N, in chunks of 500; prints how many
steadily N KEY S       write a reply's notice each S seconds, each in a transaction of its own, to the first N in turn
campaign               start a campaign to everyone by the template that the crowd permits; prints its id
campaign-rows          start one and write all its rows in this process; prints what it took
pump LANE [SECONDS]    send what is due in LANE in this process, until nothing is, or so long; prints what it took
pump-at MOMENT         the same for replies with the clock at MOMENT, the channel's rest being over by then
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import django

TEMPLATE = "case_progress"
CHUNK = 500
NICKNAME = "crowd"  # tells them from the demonstration's residents


def openid_of(number: int) -> str:
    """Return the openid of a member of the crowd, 28 characters like a real one."""
    return f"o-crowd-{number:020d}"


def number_of(index: int) -> str:
    """Return the case number that the notice of a member names: the judge counts by it."""
    return f"20260310{index:08d}"


def _people(count: int, grants: int) -> None:
    from apps.accounts.models import Resident
    from apps.common import clock
    from apps.common.crypto import lookup_hash
    from apps.notifications.models import WechatGrant, WechatTemplate

    now = clock.now()
    template = WechatTemplate.objects.get(name=TEMPLATE)
    for first in range(0, count, 5000):
        made = Resident.objects.bulk_create(
            Resident(
                nickname=NICKNAME,
                openid=openid_of(number),
                openid_hash=lookup_hash(openid_of(number), purpose="openid"),
                created_at=now,
            )
            for number in range(first, min(first + 5000, count))
        )
        WechatGrant.objects.bulk_create(
            WechatGrant(resident=one, template=template, remaining=grants, updated_at=now) for one in made
        )


def _notices(count: int, key: str, lane: str) -> int:
    """Write a notice for each; every one names its own case, as replies do."""
    from django.db import transaction

    from apps.accounts.models import Resident
    from apps.common import clock
    from apps.feedback import notices
    from apps.notifications import services

    kind: Any = replace(notices.REPLIED, lane=lane)
    known = Resident.objects.filter(nickname=NICKNAME).order_by("id")
    ids = list(known.values_list("id", flat=True)[:count])
    fields = {**kind.samples, "reply": "已到现场处理，请查看。"}
    for first in range(0, len(ids), CHUNK):
        with transaction.atomic():
            for index, resident_id in enumerate(ids[first : first + CHUNK], start=first):
                services.notice_enqueue(
                    kind=kind, resident_id=resident_id, fields={**fields, "number": number_of(index)},
                    dedup_key=f"crowd:{key}:{index}", now=clock.now(),
                )  # fmt: skip
    return len(ids)


def _steadily(count: int, key: str, apart_s: float) -> int:
    """Write the notices of ``_notices`` one by one, ``apart_s`` between two commits."""
    from django.db import transaction

    from apps.accounts.models import Resident
    from apps.common import clock
    from apps.feedback import notices
    from apps.notifications import services

    known = Resident.objects.filter(nickname=NICKNAME).order_by("id")
    for index, resident_id in enumerate(known.values_list("id", flat=True)[:count]):
        with transaction.atomic():
            services.notice_enqueue(
                kind=notices.REPLIED, resident_id=resident_id,
                fields={**notices.REPLIED.samples, "number": number_of(index)}, dedup_key=f"crowd:{key}:{index}",
                now=clock.now(),
            )  # fmt: skip
        time.sleep(apart_s)
    return count


def _campaign() -> str:
    """Start a campaign by two people and return its id; the workers write and send it."""
    return str(_campaign_started()[0])


def _campaign_rows() -> dict[str, float]:
    """Start a campaign and write its rows here; wall time of the freeze and of the writing, and this process's peak."""
    from apps.common import clock
    from apps.notifications import services

    campaign_id, freeze_s = _campaign_started()
    began = time.perf_counter()
    while services.campaign_write(campaign_id=campaign_id, now=clock.now()):
        pass
    return {
        "freeze_s": freeze_s, "write_s": time.perf_counter() - began,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def _campaign_started() -> tuple[Any, float]:
    """Draft, propose, approve and start a campaign to everyone; its id, and the seconds that starting it took."""
    from apps.accounts import selectors as accounts
    from apps.common import clock
    from apps.notifications import services
    from apps.notifications.models import WechatTemplate
    from apps.notifications.states import CampaignVerb

    author, second = (accounts.staff_by_username(username=name) for name in ("editor.demo", "head.demo"))
    if author is None or second is None:
        raise RuntimeError("the demonstration's staff are missing")
    template = WechatTemplate.objects.get(name=TEMPLATE)
    values = {
        "character_string1": "QS-1",
        "thing2": "停水检修",
        "phrase3": "通知",
        "time4": "2026年3月11日 08:00",
    }
    draft = {
        "name": "bench", "segment": "everyone", "title": "停水通知", "body": "明日8时至18时检修，请提前储水。",
        "channels": ["wechat"], "wechat_template": template, "wechat_values": {**values, "thing5": "请提前储水"},
    }  # fmt: skip
    campaign = services.campaign_draft(staff=author, values=draft, now=clock.now())
    began = 0.0
    for verb, staff in (("propose", author), ("approve", second), ("start", second)):
        began = time.perf_counter()
        services.campaign_act(
            campaign_id=campaign.id, verb=CampaignVerb(verb), staff=staff, version=None, now=clock.now()
        )
    return campaign.id, time.perf_counter() - began


def _pump_at(moment: str) -> dict[str, float]:
    """Send what is due at ``moment``."""
    import time_machine

    from apps.notifications.channels import gates
    from apps.notifications.states import Channel

    with time_machine.travel(moment, tick=True):
        # Its end is kept by Redis, whose clock is not moved.
        gates.channel_wake(channel=Channel.WECHAT)
        return _pump("interactive", 120)


def _pump(lane: str, seconds: float) -> dict[str, float]:
    """Send until nothing is due; wall and CPU of this process, threads included."""
    from apps.notifications import services
    from apps.notifications.models import Delivery
    from apps.notifications.states import Channel

    # The first send opens connections and fetches WeChat's token.
    until, began, cpu, handled = time.monotonic() + seconds, time.perf_counter(), time.process_time(), 0
    while time.monotonic() < until:
        done = services.pump(lane=lane, channel=Channel.WECHAT)  # type: ignore[arg-type]
        handled += done
        if (
            not done
            and not Delivery.objects.filter(
                lane=lane, channel=Channel.WECHAT.value, state__in=["queued", "retry"]
            ).exists()
        ):
            break
        if not done:
            time.sleep(0.05)
    return {
        "handled": handled, "seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    acts = parser.add_subparsers(dest="act", required=True)
    people = acts.add_parser("people")
    people.add_argument("count", type=int)
    people.add_argument("grants", type=int)
    notices = acts.add_parser("notices")
    notices.add_argument("count", type=int)
    notices.add_argument("key")
    notices.add_argument("lane", nargs="?", default="interactive")
    pump = acts.add_parser("pump")
    pump.add_argument("lane")
    pump.add_argument("seconds", type=float, nargs="?", default=300.0)
    steadily = acts.add_parser("steadily")
    steadily.add_argument("count", type=int)
    steadily.add_argument("key")
    steadily.add_argument("apart_s", type=float)
    acts.add_parser("campaign")
    acts.add_parser("campaign-rows")
    acts.add_parser("pump-at").add_argument("moment")
    given = parser.parse_args()
    django.setup()
    doors: dict[str, Callable[[], Any]] = {
        "people": lambda: _people(given.count, given.grants),
        "notices": lambda: _notices(given.count, given.key, given.lane),
        "steadily": lambda: _steadily(given.count, given.key, given.apart_s),
        "campaign": _campaign,
        "campaign-rows": _campaign_rows,
        "pump": lambda: _pump(given.lane, given.seconds),
        "pump-at": lambda: _pump_at(given.moment),
    }
    answer = doors[given.act]()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
