"""How long does a table of 20,000 rows take from the file to the rows, with how much memory and how many statements?

Half of the rows are new, half are changed.  The file is read, compared, approved, imported and undone as a worker does
it, in a process of its own, with the system's workers held still.  Yardsticks in the same run: one bare statement that
writes the same rows into a copy of the table, and django-import-export's own preview and import with its defaults, at
2,000 rows because it takes a statement or more a row.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import openpyxl

from benchmarks.report import Figure, Finding
from benchmarks.sheet_rows import STREET, rows_of
from benchmarks.system import System

ROWS, SMALL, ROUNDS = 20_000, 2_000, 3
MOST_S, MOST_MIB, MOST_STATEMENTS, MOST_OF_LIBRARY = 60, 300, 3, 1.0
_BARE = """
INSERT INTO bare_community (code, street_id, name, pinyin, is_village, selectable)
SELECT '4201079' || lpad(n::text, 5, '0'), %s, '新示例社区' || n, 'shi li ' || n, FALSE, TRUE FROM generate_series(0, %s) n
ON CONFLICT (code) DO UPDATE SET name = excluded.name, pinyin = excluded.pinyin
"""


def run(system: System) -> Finding:
    """Measure and return the finding."""
    folder = Path(system.stack.environment["MEDIA_ROOT"])
    folder.mkdir(exist_ok=True)
    files = [(folder / f"sheet-{count}.xlsx", count) for count in (ROWS, SMALL)]
    for path, count in files:
        _write(path, count)
    system.rows("CREATE TABLE bare_community (LIKE common_community INCLUDING ALL)")
    system.rows("ALTER TABLE bare_community ADD FOREIGN KEY (street_id) REFERENCES common_street (code)")
    took, bare = [], []
    with system.workers_paused():
        for _turn in range(ROUNDS):
            took.append(
                json.loads(
                    system.command(
                        "benchmarks.sheet_rows", *(str(path) for path, _count in files),
                        *(str(count // 2) for _path, count in files),
                    )
                )
            )  # fmt: skip
            if [took[-1][part] for part in ("new", "changed")] != [ROWS // 2, ROWS // 2]:
                raise RuntimeError(f"{took[-1]} is not what the file holds")
            bare.append(_bare(system))
    whole = [sum(one[part] for part in ("upload_s", "preview_s", "commit_s")) for one in took]
    middle = {part: statistics.median(one[part] for one in took) for part in took[0]}
    return Finding(
        name="sheet_import",
        question=f"How long do {ROWS:,} changed and new rows take from the file to the table, and how much memory?",
        yardstick="one bare upsert of the same rows; the library's own preview and import of 2,000 rows, in turns",
        figures=[
            Figure(f"reading, comparing and importing {ROWS:,} rows", round(max(whole), 1), "s", MOST_S),
            Figure("peak memory of the process", round(max(one["peak_mib"] for one in took)), "MiB", MOST_MIB),
            Figure(
                "statements of 100 more unchanged rows", max(one["statements"] for one in took), "statements",
                MOST_STATEMENTS,
            ),
            Figure(
                f"{SMALL:,} rows ÷ the library's own preview and import", round(middle["small_s"] / middle["library_s"], 2),
                "×", MOST_OF_LIBRARY,
            ),
            Figure("the whole ÷ one bare upsert", round(statistics.median(whole) / statistics.median(bare), 1), "×"),
            Figure("comparing alone", round(middle["preview_s"], 1), "s"),
            Figure("importing alone", round(middle["commit_s"], 1), "s"),
            Figure("undoing", round(middle["undo_s"], 1), "s"),
        ],
        rows={"lines": ROWS, "new": ROWS // 2, "changed": ROWS // 2},
        notes=[f"whole {' '.join(f'{one:.1f}' for one in whole)}, bare {' '.join(f'{one:.2f}' for one in bare)}"],
    )  # fmt: skip


def _write(path: Path, count: int) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("communities")
    for row in rows_of(count):
        sheet.append(row)
    book.save(path)


def _bare(system: System) -> float:
    """Return the seconds of the bare statement, half of its rows being there already."""
    system.rows("TRUNCATE bare_community")
    system.rows(_BARE, STREET, ROWS // 2 - 1)
    began = time.perf_counter()
    system.rows(_BARE, STREET, ROWS - 1)
    return time.perf_counter() - began
