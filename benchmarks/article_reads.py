"""How much do the public's two most frequent reads cost, warm and not warm?

warm      the same path again and again: the project answers from memory (``public_cache``).  Held against a bare view
          that answers the same bytes: at least 0.6 × its requests/s.
not warm  an ignored query parameter that differs each time, so that every request does the whole work.  Held against
          DRF's generic view with a ``ModelSerializer`` over the same rows and fields: at least 2 × its requests/s.

The bound is on requests/s.  Where the load generator itself would be the limit (``load.py``), it is on the ratio of CPU
a request of web and PostgreSQL together, and the figure says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from benchmarks.load import Compared, Ran, compare, cpu_mean, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.system import API, System

# Many short rounds: what else runs on the machine then meets both sides of a pair.
ROUNDS = 15
WARM, COLD = 1200, 200  # requests a round
PROGRAMS = (("web", "web"), ("postgres", "PostgreSQL"), ("redis", "Redis"))


def _repeated(path: str, count: int) -> Callable[[int], list[bytes]]:
    requests = [request_bytes("GET", path, number=number) for number in range(count)]
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
        ), 0.6  # fmt: skip
        apart = path if "?" in path else f"{path}?"
        yield f"{name}, not warm", "ModelSerializer", compare(
            system.port, ours=_each_new(apart, COLD), yardstick=_each_new(plain[name], COLD),
            rounds=ROUNDS, pids=system.served_by,
        ), 2.0  # fmt: skip


def run(system: System) -> Finding:
    """Measure and return the finding."""
    figures: list[Figure] = []
    notes: list[str] = []
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
