"""What a benchmark finds: figures with bounds, written as JSON and printed as one table."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import psutil

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.  ``bound`` None: told for the reader, holds in any case."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    direction: Literal["min", "max"] = "max"

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bound."""
        if self.bound is None:
            return True
        return self.value >= self.bound if self.direction == "min" else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question; ``rows`` the sizes of the tables it was measured on; ``notes`` for the terminal."""

    name: str
    question: str
    yardstick: str
    figures: Sequence[Figure]
    rows: Mapping[str, int]
    notes: Sequence[str] = field(default_factory=tuple)


def machine(postgres: str) -> dict[str, object]:
    """Return what a reader must know of the machine: no host name, no path."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "postgres": postgres,
    }


def _commit() -> str:
    """Return the commit, ``-dirty`` when the tree differs from it elsewhere than in the results."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":(exclude)benchmarks/results")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + ("-dirty" if changed else "")


def finding_write(finding: Finding, *, command: str, postgres: str) -> Path:
    """Write ``results/<name>.json`` and return its path."""
    value = {
        "name": finding.name,
        "question": finding.question,
        "figures": [{**asdict(figure), "holds": figure.holds} for figure in finding.figures],
        "yardstick": finding.yardstick,
        "rows": dict(finding.rows),
        "command": command,
        "commit": _commit(),
        "machine": machine(postgres),
        "measured_at": dt.datetime.fromtimestamp(time.time(), tz=dt.UTC).isoformat(timespec="seconds"),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{finding.name}.json"
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def table(findings: Sequence[Finding]) -> str:
    """Return all figures as one table."""
    rows = [("what", "value", "unit", "bound", "direction", "holds")]
    for finding in findings:
        for figure in finding.figures:
            bound = figure.bound
            rows.append(
                (
                    f"{finding.name}: {figure.what}", f"{figure.value:g}", figure.unit,
                    "-" if bound is None else f"{bound:g}", "-" if bound is None else figure.direction,
                    "-" if bound is None else "yes" if figure.holds else "NO",
                )
            )  # fmt: skip
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 10), *lines[1:]])
