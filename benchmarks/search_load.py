"""The time that searches take over HTTP: what the benchmarks of searches share."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from typing import Any
from urllib.parse import quote

from benchmarks.system import API, System

ROUNDS = 3


def search_latencies(
    system: System, *, path: str, queries: dict[str, list[dict[str, Any]]]
) -> dict[str, list[float]]:
    """Return the milliseconds of each request by kind of query, in three rounds after one that warms up.

    Raises RuntimeError on another answer than hits.
    """
    line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    spent: dict[str, list[float]] = {kind: [] for kind in queries}
    for turn in range(ROUNDS + 1):
        for kind, rows in queries.items():
            for place, row in enumerate(rows):
                asked = f"{API}/{path}?q={quote(' '.join(row['words']))}&x={turn}-{kind}-{place}"
                began = time.perf_counter()
                line.request("GET", asked)
                answer = line.getresponse()
                body = answer.read()
                took = 1000 * (time.perf_counter() - began)
                if answer.status != 200 or not json.loads(body)["results"]:
                    raise RuntimeError(f"{asked} answers {answer.status}")
                if turn:  # the first warms up
                    spent[kind].append(took)
    line.close()
    return spent


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]
