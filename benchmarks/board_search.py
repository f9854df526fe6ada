"""How fast is a search of the public board among 100,000 published entries?

Over HTTP: 60 queries of two words (20 rare, 20 medium, 20 common), three times, one after the other over one connection,
each with an ignored parameter that differs, so that nothing is answered from memory.  The bound is on the 95th
percentile.  The same queries by our statement against ILIKE over the same rows, columns and order (words in the title
first, then the newest), over one connection in turn.  ILIKE newest first stops early where a word is common;
it is told, not bound, since it answers another question.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from benchmarks.report import Figure, Finding
from benchmarks.search_load import p95, search_latencies
from benchmarks.system import System

ENTRIES = 100_000


def run(system: System) -> Finding:
    """Measure and return the finding."""
    made = json.loads(system.command("benchmarks.board_data", "fill", str(ENTRIES)))
    queries = made["queries"]
    file = Path(system.stack.folder) / "board_queries.json"
    file.write_text(json.dumps(queries, ensure_ascii=False), encoding="utf-8")
    spent = search_latencies(system, path="feedback/board", queries=queries)
    pairs = json.loads(system.command("benchmarks.board_data", "compare", str(file)))
    everything = [ms for values in spent.values() for ms in values]
    total = {side: sum(row[side] for rows in pairs.values() for row in rows) for side in ("ours", "ilike")}
    figures = [
        Figure("search over HTTP, p95", round(p95(everything), 1), "ms", 50, "max"),
        *(
            Figure(f"search over HTTP, {kind}: p95", round(p95(values), 1), "ms")
            for kind, values in spent.items()
        ),
        Figure(
            "ILIKE ÷ our statement, all queries", round(total["ilike"] / total["ours"], 1), "×", 20, "min"
        ),
    ]
    for kind, rows in pairs.items():
        ours, ilike, newest = (
            statistics.median(row[side] for row in rows) for side in ("ours", "ilike", "ilike_newest")
        )
        figures += [
            Figure(f"{kind}: our statement, median", round(1000 * ours, 1), "ms"),
            Figure(f"{kind}: ILIKE ÷ our statement", round(ilike / ours, 1), "×", None, "min"),
            Figure(f"{kind}: ILIKE newest first ÷ our statement", round(newest / ours, 1), "×", None, "min"),
        ]
    return Finding(
        name="board_search",
        question="How fast is a search of the public board among 100,000 published entries?",
        yardstick="ILIKE '%word%' for each word over the same rows, columns and order, over one connection in the same run",
        figures=figures,
        rows=system.sizes() | {"board_entries": system.number("SELECT count(*) FROM feedback_boardentry")},
        notes=[
            f"entries written in {made['seconds']} s",
            *(
                f"{kind}: entries that hold both words {[row['hits'] for row in rows]}"
                for kind, rows in queries.items()
            ),
        ],
    )
