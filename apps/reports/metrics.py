"""``/metrics``: requests and tasks of all processes, and the outbox as it stands when asked."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

import prometheus_client
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from apps.capacity import selectors as capacity
from apps.common import clock
from apps.notifications import operator_selectors
from apps.notifications.states import Channel


class CapacityCollector(Collector):
    """What the newest count of claims against counters found, and how long ago it was."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the figures; none while the database is away or before the first count."""
        try:
            newest = capacity.reconciliation_newest()
        except DatabaseError:
            return
        if newest is not None:
            age = max(0.0, (clock.now() - newest.at).total_seconds())
            yield GaugeMetricFamily(
                "capacity_differing", "Counters that are not the sum of their claims.", newest.differing
            )
            yield GaugeMetricFamily("capacity_counted_age_seconds", "Age of the newest count.", age)


class OutboxCollector(Collector):
    """Depth and age of the outbox by lane and channel, which channels rest, what waits beside it."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the figures; none while the database is away."""
        way = ["lane", "channel"]
        depth = GaugeMetricFamily("outbox_depth", "Deliveries queued or being sent.", labels=way)
        age = GaugeMetricFamily("outbox_oldest_age_seconds", "Age of the oldest of them.", labels=way)
        rests = GaugeMetricFamily("channel_resting", "1 while a channel is left alone.", labels=["channel"])
        pushes = GaugeMetricFamily("pushes_oldest_age_seconds", "Age of the oldest push not handled yet.")
        gone = GaugeMetricFamily("wechat_templates_gone", "Named templates that WeChat no longer lists.")
        failed = GaugeMetricFamily(
            "deliveries_failed_10m",
            "Deliveries that failed in the last 10 minutes.",
            labels=["channel", "code"],
        )
        now = clock.now()
        try:
            seen = operator_selectors.gauges(now=now)
        except DatabaseError:
            return
        for queue in seen.queues:
            depth.add_metric([queue.lane, queue.channel], queue.depth)
            age.add_metric([queue.lane, queue.channel], queue.oldest_s)
        resting = {one.channel for one in seen.resting}
        for channel in Channel:
            rests.add_metric([channel], int(channel in resting))
        for one in seen.failures:
            failed.add_metric([one.channel, one.code], one.count)
        oldest_at = seen.pushes_oldest_at
        pushes.add_metric([], 0.0 if oldest_at is None else max(0.0, (now - oldest_at).total_seconds()))
        gone.add_metric([], seen.templates_gone)
        yield from (depth, age, rests, failed, pushes, gone)


def registry_now() -> CollectorRegistry:
    """Return what to tell: every process's figures where they share a folder, else this one's; and the outbox."""
    told = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(told)  # type: ignore[no-untyped-call]
    else:
        told.register(prometheus_client.REGISTRY)
    told.register(OutboxCollector())
    told.register(CapacityCollector())
    return told


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus' format to whoever knows ``METRICS_TOKEN`` (to all where none is set)."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    page = prometheus_client.generate_latest(registry_now())
    return HttpResponse(page, content_type=prometheus_client.CONTENT_TYPE_LATEST)
