"""How fast is a search of the public archive among 100,000 articles, and does it find what is there?

Over HTTP: 60 queries of two words (20 rare, 20 medium, 20 common), three times, one after the other over one connection,
each with an ignored parameter that differs, so that nothing is answered from memory.  The bound is on the 95th
percentile.  The same queries by our statement against ILIKE over the same rows and columns, over one connection in turn.
Recall: of the rows in which ILIKE finds a dictionary word, the share that the index of words finds.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, Finding
from benchmarks.search_load import p95, search_latencies
from benchmarks.system import System

ARTICLES, COLUMNS = 100_000, 600


def archive(system: System) -> dict[str, Any]:
    """Return what was made with the archive, writing it when the system has none yet."""
    if "archive" not in system.data:
        made = json.loads(system.command("benchmarks.news_data", "fill", str(ARTICLES), str(COLUMNS)))
        system.data["archive"] = made
    found: dict[str, Any] = system.data["archive"]
    return found


def run(system: System) -> Finding:
    """Measure and return the finding."""
    made = archive(system)
    queries = made["queries"]
    file = Path(system.stack.folder) / "article_queries.json"
    file.write_text(json.dumps(queries, ensure_ascii=False), encoding="utf-8")
    spent = search_latencies(system, path="articles", queries=queries)
    pairs = json.loads(system.command("benchmarks.news_data", "compare", str(file)))
    recall = json.loads(system.command("benchmarks.news_data", "recall"))
    everything = [ms for values in spent.values() for ms in values]
    total = {side: sum(row[side] for rows in pairs.values() for row in rows) for side in ("ours", "ilike")}
    figures = [
        Figure("search over HTTP, p95", round(p95(everything), 1), "ms", 30, "max"),
        *(
            Figure(f"search over HTTP, {kind}: p95", round(p95(values), 1), "ms")
            for kind, values in spent.items()
        ),
        Figure(
            "ILIKE ÷ our statement, all queries", round(total["ilike"] / total["ours"], 1), "×", 20, "min"
        ),
        Figure(
            "found of what ILIKE finds, dictionary words", round(recall["ours"] / recall["ilike"], 4), "", 1, "min"
        ),
    ]  # fmt: skip
    for kind, rows in pairs.items():
        ours, ilike = (statistics.median(row[side] for row in rows) for side in ("ours", "ilike"))
        figures += [
            Figure(f"{kind}: our statement, median", round(1000 * ours, 1), "ms"),
            Figure(f"{kind}: ILIKE ÷ our statement", round(ilike / ours, 1), "×", None, "min"),
        ]
    return Finding(
        name="article_search",
        question="How fast is a search of the public archive among 100,000 articles, and does it find what is there?",
        yardstick="ILIKE '%word%' for each word over the same rows and columns, over one connection in the same run",
        figures=figures,
        rows=system.sizes() | {"publications": system.number("SELECT count(*) FROM news_publication")},
        notes=[
            f"archive written in {made['seconds']} s, triggers off",
            f"recall: {recall}",
            *(
                f"{kind}: articles that hold both words {[row['hits'] for row in rows]}"
                for kind, rows in queries.items()
            ),
        ],
    )
