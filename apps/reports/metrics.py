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

from apps.common import clock
from apps.notifications import selectors


class OutboxCollector(Collector):
    """Depth and age of the outbox by lane."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the figures; none while the database is away."""
        depth = GaugeMetricFamily("outbox_depth", "Deliveries queued or being sent.", labels=["lane"])
        age = GaugeMetricFamily("outbox_oldest_age_seconds", "Age of the oldest of them.", labels=["lane"])
        try:
            figures = selectors.outbox_figures(now=clock.now())
        except DatabaseError:
            return
        for lane in ("interactive", "bulk"):
            count, oldest_s = figures.get(lane, (0, 0.0))
            depth.add_metric([lane], count)
            age.add_metric([lane], oldest_s)
        yield depth
        yield age


def registry_now() -> CollectorRegistry:
    """Return what to tell: every process's figures where they share a folder, else this one's; and the outbox."""
    told = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(told)  # type: ignore[no-untyped-call]
    else:
        told.register(prometheus_client.REGISTRY)
    told.register(OutboxCollector())
    return told


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus' format to whoever knows ``METRICS_TOKEN`` (to all where none is set)."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    page = prometheus_client.generate_latest(registry_now())
    return HttpResponse(page, content_type=prometheus_client.CONTENT_TYPE_LATEST)
