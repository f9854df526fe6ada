"""What do giving places, checking the result, and the program that parents run take, and does it grow with the choices alone?

On rosters by chance: 20,000 children with 6 choices each of 80 intakes, and 200,000 of 800; then 200,000 with twins and places
kept for classes.  The published program runs as parents run it, a process of its own that reads its files.  The yardstick is
the public package ``matching`` (student-optimal hospital-resident): unmaintained, nothing of the project runs on it.  It gets the
same rosters, twice as large each time as long as it is done within a minute; what it is charged for is solving alone, its orders
being sorted and its players made before, while ours draws the lots and sorts too.  The line by number of choices is drawn through
what each number takes ÷ half as many as there can be, measured right after it, times what that half usually takes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, Finding
from benchmarks.system import ROOT, System

SMALL, LARGE = (20_000, 80), (200_000, 800)  # children, intakes
CHOICES, MOST_CHOICES, TWINS, RUNS, FIT_RUNS = 6, 12, 2, 3, 7
PACKAGE_FIRST, PACKAGE_S = 250, 60.0
MOST_SMALL_S, MOST_LARGE_S, MOST_CHECK, MOST_VERIFY, LEAST_FIT, LEAST_FASTER = 1.0, 12.0, 2.0, 3.0, 0.95, 50.0


def run(system: System) -> Finding:
    """Measure and return the finding."""
    folder = Path(system.stack.folder) / "draw"
    with system.workers_paused():
        found = {
            what: _asked("times", *size, CHOICES, twins, RUNS, folder)
            for what, size, twins in (
                ("small", SMALL, 0), ("large", LARGE, 0), ("small, twins", SMALL, TWINS), ("large, twins", LARGE, TWINS)
            )
        }  # fmt: skip
        fit = _asked("choices", *SMALL, MOST_CHOICES, FIT_RUNS)["seconds"]
        sizes = _package()
    return Finding(
        name="school_allocation",
        question=f"What do allocation, check and the published program take for {LARGE[0]:,} children with {CHOICES} choices?",
        yardstick="the package matching 1.4.3 on the same rosters; allocation itself for check and published program, in turns",
        figures=[
            *_series("", found["small"], found["large"]),
            *_series(f" with {TWINS} % twins and reserves", found["small, twins"], found["large, twins"]),
            *_line(fit),
            *_package_figures(sizes),
            Figure("results that a check refused", sum(one["refused"] for one in found.values()), "", 0),
        ],
        rows={"applicants": LARGE[0], "choices": LARGE[0] * CHOICES, "intakes": LARGE[1]},
        notes=[
            *(f"{what}: {json.dumps(one)}" for what, one in found.items()),
            "by choices: " + " ".join(f"{1000 * one:.0f}" for one in fit) + " ms",
            *(f"{size:,} applicants: {json.dumps(one)}" for size, one in sizes.items()),
        ],
    )  # fmt: skip


def _asked(*arguments: object, timeout_s: float | None = None) -> Any:
    """Return what a process of its own measured.  Raises RuntimeError, and TimeoutExpired after ``timeout_s``."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.school_rosters", *(str(one) for one in arguments)], cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=timeout_s,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"school_rosters ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _series(what: str, small: Any, large: Any) -> list[Figure]:
    """Return the figures of one kind of roster."""
    took = large["took"]
    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    alone = middle["verify"] - middle["read"]
    return [
        Figure(_sized("allocation", SMALL, what), round(statistics.median(small["took"]["allocate"]), 3), "s", MOST_SMALL_S),
        Figure(_sized("allocation", LARGE, what), round(middle["allocate"], 2), "s", MOST_LARGE_S),
        Figure(_sized("check ÷ allocation", LARGE, what), _ratio(took, "check"), "×", MOST_CHECK),
        Figure(_sized("the published program ÷ allocation", LARGE, what), _ratio(took, "verify"), "×", MOST_VERIFY),
        Figure(_sized("the published program", LARGE, what), round(middle["verify"], 1), "s"),
        Figure(_sized("of that, starting, reading and parsing", LARGE, what), round(middle["read"], 1), "s"),
        Figure(_sized("the published program's own work ÷ allocation", LARGE, what), round(alone / middle["allocate"], 2), "×"),
    ]  # fmt: skip


def _sized(what: str, size: tuple[int, int], more: str) -> str:
    return f"{what}, {size[0]:,} × {CHOICES} × {size[1]}{more}"


def _ratio(took: dict[str, list[float]], name: str) -> float:
    """Return the median over the turns of what ``name`` took ÷ the allocation."""
    return round(statistics.median(a / b for a, b in zip(took[name], took["allocate"], strict=True)), 2)


def _line(seconds: Sequence[float]) -> list[Figure]:
    """Return the straight line through the cost by number of choices, and how well it fits."""
    numbers = range(1, len(seconds) + 1)
    slope, intercept = statistics.linear_regression(numbers, seconds)
    return [
        Figure(f"{SMALL[0]:,} children, 1 to {MOST_CHOICES} choices: R² of a straight line",
               round(statistics.correlation(numbers, seconds) ** 2, 4), "", LEAST_FIT, "min"),
        Figure("its slope: one choice more of each child", round(1000 * slope, 1), "ms"),
        Figure("its intercept", round(1000 * intercept, 1), "ms"),
    ]  # fmt: skip


def _package() -> dict[int, Any]:
    """Return what was measured beside the package, by number of applicants, up to the last it was done with in time."""
    found: dict[int, Any] = {}
    size = PACKAGE_FIRST
    while True:
        try:
            found[size] = _asked("package", size, timeout_s=PACKAGE_S)
        except subprocess.TimeoutExpired:
            return found
        size *= 2


def _package_figures(sizes: dict[int, Any]) -> list[Figure]:
    largest = max(sizes)
    last = sizes[largest]
    what = f"{largest:,} × {CHOICES}"
    return [
        Figure(f"the package, solving alone, ÷ allocation, {what}", round(last["solved"] / last["ours"]), "×", LEAST_FASTER, "min"),
        Figure("places that differ from the package's, all sizes", sum(one["differing"] for one in sizes.values()), "", 0),
        Figure("most applicants that the package is done with in a minute", largest, ""),
        Figure(f"the package, solving alone, {what}", round(last["solved"], 1), "s"),
        Figure(f"the package, making its players, {what}", round(last["made"], 1), "s"),
        Figure(f"allocation, {what}", round(last["ours"], 3), "s"),
    ]  # fmt: skip
