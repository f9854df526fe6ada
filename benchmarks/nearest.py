"""How fast are the nearest network points among 100,000, do they cost more than among 1,000, and are they the right ones?

A question is a page of 20 as the API gives it out: the nearest, with kind, street, freshness and whether each is open.
Asked in process, over one connection, in turns of all ways of asking; the yardstick is a bare sequential scan of the
formula over the same rows in the same turns.  Then over HTTP, one request after the other, each for another place, so that
nothing is answered from memory.  Last, 10,000 questions are held against brute force.
"""

from __future__ import annotations

import http.client
import json
import random
import time

from benchmarks.nearest_rows import EAST, LIMIT, NORTH, SEED, SOUTH, WEST
from benchmarks.report import Figure, Finding
from benchmarks.search_load import p95
from benchmarks.system import API, System

FEW, MANY, PAGES, REQUESTS, COMPARED = 1_000, 100_000, 300, 300, 10_000
MOST_MS, MOST_GROWTH = 15.0, 2.0


def run(system: System) -> Finding:
    """Measure and return the finding."""
    took = {}
    with system.workers_paused():
        for count in (FEW, MANY):
            system.command("benchmarks.nearest_rows", "fill", str(count))
            took[count] = json.loads(system.command("benchmarks.nearest_rows", "ask", str(PAGES)))
        over_http = p95(_requests(system))
        wrong = int(system.command("benchmarks.nearest_rows", "compare", str(COMPARED)))
    many, few = took[MANY], took[FEW]
    near = many["near"]
    return Finding(
        name="nearest",
        question=f"How fast are the {LIMIT} nearest of {MANY:,} network points, and are they the right ones?",
        yardstick="a bare sequential scan of the haversine formula over the same rows, in turns",
        figures=[
            Figure(f"nearest {LIMIT} of {MANY:,}, p95", round(near["p95"], 1), "ms", MOST_MS),
            Figure(f"{MANY:,} ÷ {FEW:,} network points, median", round(near["median"] / few["near"]["median"], 2), "×", MOST_GROWTH),
            Figure(f"answers that differ from brute force, of {COMPARED:,}", wrong, "", 0),
            Figure("over HTTP, p95", round(over_http, 1), "ms", MOST_MS),
            Figure("bare scan ÷ our page, median", round(many["scan"]["median"] / near["median"], 1), "×", None, "min"),
            *(
                Figure(f"{way}: p95", round(many[way]["p95"], 1), "ms")
                for way in ("kind", "words", "rare words", "accessible", "open")
            ),
        ],
        rows={"network_points": system.number("SELECT count(*) FROM facilities_facility")}
        | {"opening_rules": system.number("SELECT count(*) FROM facilities_openingrule")},
        notes=[f"{count:,}: {json.dumps(one)}" for count, one in took.items()],
    )  # fmt: skip


def _requests(system: System) -> list[float]:
    """Return the milliseconds of each request, after ten that warm up.  Raises RuntimeError on another answer than hits."""
    line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    draw, spent = random.Random(SEED), []
    for turn in range(REQUESTS + 10):
        asked = f"{API}/facilities?near={draw.uniform(WEST, EAST):.6f},{draw.uniform(SOUTH, NORTH):.6f}&limit={LIMIT}"
        began = time.perf_counter()
        line.request("GET", asked)
        answer = line.getresponse()
        body = answer.read()
        took = 1000 * (time.perf_counter() - began)
        if answer.status != 200 or len(json.loads(body)["results"]) != LIMIT:
            raise RuntimeError(f"{asked} answers {answer.status}")
        if turn >= 10:
            spent.append(took)
    line.close()
    return spent
