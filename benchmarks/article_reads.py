"""How much do the public's two most frequent reads cost, warm and not warm?

warm      the same path again and again: the project answers from memory (``public_cache``).  Held against a bare view
          that answers the same bytes: at least 0.7 × its requests/s; asked with its ``ETag``, which answers 304, at least 0.9 ×.
not warm  an ignored query parameter that differs each time, so that every request does the whole work.  Held against
          DRF's generic view with a ``ModelSerializer`` over the same rows and fields: at least 2 × its requests/s.

seen      from the act of publishing until its list is answered with it by every web process: at most 1 s.

The bound is on requests/s.  Where the load generator itself would be the limit (``load.py``), it is on the ratio of CPU
a request of web and PostgreSQL together, and the figure says so.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.load import Compared, Ran, compare, cpu_mean, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.system import API, System

# Many short rounds: what else runs on the machine then meets both sides of a pair.
ROUNDS = 15
WARM, COLD = 1200, 200  # requests a round
LINES, PUBLICATIONS = 16, 3
PROGRAMS = (("web", "web"), ("postgres", "PostgreSQL"), ("redis", "Redis"))


def _repeated(path: str, count: int, etag: str = "") -> Callable[[int], list[bytes]]:
    more = {"If-None-Match": etag} if etag else {}
    requests = [request_bytes("GET", path, number=number, headers=more) for number in range(count)]
    return lambda _round: requests


def _each_new(path: str, count: int) -> Callable[[int], list[bytes]]:
    return lambda turn: [
        request_bytes("GET", f"{path}&x={turn * count + number}", number=number) for number in range(count)
    ]


def _figures(what: str, against: str, found: Compared, bound: float) -> Iterator[Figure]:
    """Yield the ratio that is bound, the other one, and CPU ms a request of both sides."""
    speed = Figure(f"{what}: requests/s ÷ {against}", round(found.speed, 2), "×", bound, "min")
    cost = Figure(
        f"{what}: {against} CPU ÷ ours, web + PostgreSQL", round(1 / found.cost, 2), "×", None, "min"
    )
    if found.generator_bound:
        speed, cost = (
            Figure(
                f"{what}: requests/s ÷ {against}, limited by the generator", speed.value, "×", None, "min"
            ),
            Figure(cost.what, cost.value, "×", bound, "min"),
        )
    yield from (speed, cost)
    for side, whose in ((found.ours, ""), (found.yardstick, f", {against}")):
        for program, shown in PROGRAMS:
            yield Figure(f"{what}: CPU {shown}{whose}", round(cpu_mean(side, program), 3), "ms/request")


def _same_rows(ours: bytes, theirs: bytes) -> None:
    """Make sure that both sides answer the same rows with the same fields.  Raises RuntimeError."""

    def shown(raw: bytes) -> object:
        value = json.loads(raw)
        rows = value.get("results", [value])
        return [(row["id"], sorted(row)) for row in rows]

    if shown(ours) != shown(theirs):
        raise RuntimeError("the yardstick answers other rows or fields")


def _parts(system: System) -> Iterator[tuple[str, str, Compared, float]]:
    listing = f"{API}/articles?limit=20"
    first = json.loads(system.body_of(listing))["results"][0]["id"]
    detail = f"{API}/articles/{first}"
    plain = {
        "list": "/bench/serializer/articles?page=1",
        "detail": f"/bench/serializer/articles/{first}?page=1",
    }
    for name, path in (("list", listing), ("detail", detail)):
        body = system.body_of(path)
        bare = system.bare(f"article-{name}", body)
        if system.body_of(bare) != body:
            raise RuntimeError("the bare view answers other bytes")
        _same_rows(body, system.body_of(plain[name]))
        yield f"{name}, warm", "bare view", compare(
            system.port, ours=_repeated(path, WARM), yardstick=_repeated(bare, WARM),
            rounds=ROUNDS, pids=system.served_by,
        ), 0.7  # fmt: skip
        etag = system.etag_of(path)
        yield f"{name}, 304", "bare view", compare(
            system.port, ours=_repeated(path, WARM, etag), yardstick=_repeated(bare, WARM),
            rounds=ROUNDS, pids=system.served_by, expect=304,
        ), 0.9  # fmt: skip
        apart = path if "?" in path else f"{path}?"
        yield f"{name}, not warm", "ModelSerializer", compare(
            system.port, ours=_each_new(apart, COLD), yardstick=_each_new(plain[name], COLD),
            rounds=ROUNDS, pids=system.served_by,
        ), 2.0  # fmt: skip


def _seen_after(system: System) -> float:
    """Return how many seconds after the act began a publication was in the list on the last of ``LINES`` connections.

    A connection stays with the web process that took it, so these are all of them; each has the list in memory before.
    """
    lines = [http.client.HTTPConnection("127.0.0.1", system.port, timeout=30) for _each in range(LINES)]

    def first(line: http.client.HTTPConnection) -> str:
        line.request("GET", f"{API}/articles?limit=1")
        return str(json.loads(line.getresponse().read())["results"][0]["id"])

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(system.command, "benchmarks.news_data", "publish")
        seen: dict[int, tuple[str, float]] = {}
        before = first(lines[0])
        while len(seen) < LINES and not (made.done() and made.exception()):
            for place, line in enumerate(lines):
                if place not in seen and (found := first(line)) != before:
                    seen[place] = (found, time.time())
        told = json.loads(made.result())
    for line in lines:
        line.close()
    if {found for found, _at in seen.values()} != {told["id"]}:
        raise RuntimeError("another article came first")
    return max(at for _found, at in seen.values()) - float(told["began"])


def run(system: System) -> Finding:
    """Measure and return the finding."""
    notes: list[str] = []
    waits = [_seen_after(system) for _each in range(PUBLICATIONS)]
    figures = [
        Figure("a publication is in the list of every web process after", round(max(waits), 2), "s", 1.0)
    ]
    for what, against, found, bound in _parts(system):
        figures += _figures(what, against, found, bound)
        notes.append(f"{what}: {_rates(found)}")
    return Finding(
        name="article_reads",
        question="What do the published article list (20) and an article cost, warm and not warm?",
        yardstick="warm: a bare Django view answering the same bytes; not warm: DRF's generic view with a "
        "ModelSerializer, select_related and page numbers; same server, middleware and throttle, in the same run",
        figures=figures,
        rows=system.sizes(),
        notes=notes,
    )


def _rates(found: Compared) -> str:
    def shown(side: Sequence[Ran]) -> str:
        return " ".join(f"{ran.per_s:.0f}" for ran in side)

    share = max(ran.generator_share for ran in [*found.ours, *found.yardstick])
    return f"requests/s ours {shown(found.ours)}; yardstick {shown(found.yardstick)}; generator ≤ {share:.0%} of a core"
