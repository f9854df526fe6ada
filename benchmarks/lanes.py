"""Does a campaign of 500,000 delay a reply?

A reply's notice is committed each 0.25 s for a minute, first alone, then while a campaign of 500,000 is being sent by its
own workers, WeChat answering after 50 ms.  Measured from the commit to WeChat's acceptance, by the machine's one clock.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time

from benchmarks.judge import Crowd
from benchmarks.report import Figure, Finding
from benchmarks.system import System

CAMPAIGN, REPLIES, APART_S = 500_000, 240, 0.25
MOST_S, MOST_RATIO = 1.0, 2.0


def run(system: System) -> Finding:
    """Measure and return the finding."""
    # One message of the campaign, three replies, and one to spare.
    crowd = Crowd.of(system, people=CAMPAIGN, grants=5)
    _replies(system, "warm")
    alone = _waits(crowd, "alone")
    campaign_id = str(json.loads(system.command("benchmarks.crowd", "campaign")))
    until = time.monotonic() + 300
    while not _sent(system, campaign_id) and time.monotonic() < until:
        time.sleep(0.5)
    before, began = _sent(system, campaign_id), time.monotonic()
    beside = _waits(crowd, "beside")
    rate = (_sent(system, campaign_id) - before) / (time.monotonic() - began)
    p95_alone, p95_beside = _p95(alone), _p95(beside)
    return Finding(
        name="lanes",
        question=f"How long does a reply take to reach WeChat while a campaign of {CAMPAIGN:,} is being sent?",
        yardstick="the same replies without the campaign, in the same run",
        figures=[
            Figure("reply, commit to acceptance, p95 beside the campaign", round(p95_beside, 3), "s", MOST_S),
            Figure("the same ÷ without the campaign", round(p95_beside / p95_alone, 2), "×", MOST_RATIO),
            Figure("without the campaign, p95", round(p95_alone, 3), "s"),
            Figure("median beside the campaign", round(statistics.median(beside), 3), "s"),
            Figure("replies that did not arrive", 2 * REPLIES - len(alone) - len(beside), "messages", 0),
            Figure("messages/s of the campaign meanwhile", round(rate), "messages/s"),
        ],
        rows={"campaign": CAMPAIGN, "replies": REPLIES},
    )


def _sent(system: System, campaign_id: str) -> int:
    return system.number(
        "SELECT count(*) FROM notifications_delivery WHERE campaign_id = %s AND state IN ('sent', 'delivered')",
        campaign_id,
    )


def _replies(system: System, key: str) -> None:
    system.command("benchmarks.crowd", "steadily", str(REPLIES), key, str(APART_S))
    time.sleep(3)


def _waits(crowd: Crowd, key: str) -> list[float]:
    """Write replies and return the seconds from commit to acceptance of each that arrived."""
    began = time.time()
    _replies(crowd.system, key)
    rows = crowd.system.rows(
        "SELECT d.provider_id, extract(epoch FROM d.created_at)::float8 FROM notifications_delivery d"
        " JOIN notifications_inboxmessage m ON m.id = d.message_id"
        " WHERE m.dedup_key LIKE %s AND d.channel = 'wechat' AND d.provider_id <> ''",
        f"crowd:{key}:%",
    )
    accepted = {
        str(one["msgid"]): dt.datetime.fromisoformat(one["at"]).timestamp()
        for one in crowd.control("GET", f"/control/messages?since={began:.0f}")
    }
    return [accepted[str(msgid)] - written for msgid, written in rows if str(msgid) in accepted]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
