"""``python -m benchmarks [name …]`` and ``python -m benchmarks --prove [name …]``."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator

from benchmarks.report import Finding, finding_write, table
from benchmarks.system import System, system_for_a_crowd, system_for_proof, system_million, system_with_data
from qingshan.processes import ProcessError

QUESTIONS = (
    "article_reads", "case_submission", "statement_counts", "board_search", "figures", "staff_queue", "case_intake",
    "sender", "campaign_rows", "lanes", "inbox", "sheet_import", "attachment_scan", "text_checks",
    "capacity_take", "nearest", "clinic_rush", "session_search", "school_allocation", "school_rush",
    "article_search", "desk_list",
)  # fmt: skip
# These add many rows, so they come last of those that share a system.
ADDING = ("case_submission", "board_search", "article_search", "desk_list")
# These are put to a million cases, which SQL writes.
AT_A_MILLION = ("figures", "staff_queue", "case_intake")
MILLION = 1_000_000
# These have a system of their own, most of them to fill it.
WITH_A_CROWD = (
    "sender",
    "campaign_rows",
    "lanes",
    "inbox",
    "sheet_import",
    "attachment_scan",
    "capacity_take",
    "nearest",
    "clinic_rush",
    "session_search",
    "school_allocation",
    "school_rush",
)
PROOFS = (
    "workers_killed", "redis_emptied", "postgres_restarted", "wechat_faults", "token_expired", "midnight_quota",
    "redis_lost",
)  # fmt: skip


def _benchmarks(names: list[str], size: int) -> Iterator[tuple[System, Finding]]:
    """Put each question to one system, the one that adds rows last; those at a million cases to one of their own."""
    if usual := [name for name in names if name not in AT_A_MILLION + WITH_A_CROWD]:
        with system_with_data(size=size) as system:
            for name in sorted(usual, key=lambda one: one in ADDING):
                yield system, importlib.import_module(f"benchmarks.{name}").run(system)
    if large := [name for name in names if name in AT_A_MILLION]:
        with system_million(cases=MILLION) as system:
            for name in large:
                yield system, importlib.import_module(f"benchmarks.{name}").run(system)
    for name in names:
        if name in WITH_A_CROWD:
            with system_for_a_crowd(name) as system:
                yield system, importlib.import_module(f"benchmarks.{name}").run(system)


def _proofs(names: list[str]) -> Iterator[tuple[System, Finding]]:
    """Give each proof a system of its own: it breaks it."""
    for name in names:
        with system_for_proof(name) as system:
            yield system, importlib.import_module(f"benchmarks.{name}").run(system)


def main() -> int:
    """Run the command line; 1 when a bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--prove", action="store_true", help="the fault proofs instead of the benchmarks")
    parser.add_argument(
        "--size", type=int, choices=(1, 10, 100), default=100, help="rows: 100 × is 10,000 cases"
    )
    parser.add_argument("--verbose", action="store_true", help="also single rounds and statements")
    parser.add_argument("names", nargs="*", help="all when none is named")
    given = parser.parse_args()
    known = PROOFS if given.prove else QUESTIONS
    if unknown := sorted(set(given.names) - set(known)):
        parser.error(f"{', '.join(unknown)}: there is {', '.join(known)}")
    names = given.names or list(known)
    # CPU and logs are read from servers of our own, never from ones that others use.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    # Like Ctrl-C: the stack is stopped and its folder removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    command = "make prove" if given.prove else "make bench"
    findings: list[Finding] = []
    began = time.monotonic()
    print("Starting a system of its own …", flush=True)
    try:
        for system, finding in _proofs(names) if given.prove else _benchmarks(names, given.size):
            findings.append(finding)
            finding_write(
                finding,
                command=f"{command} ONLY={finding.name}",
                postgres=str(system.rows("SHOW server_version")[0][0]).split()[0],
            )
            print(f"{finding.name}: done after {time.monotonic() - began:.0f} s", flush=True)
            if given.verbose:
                print("\n".join(f"  {line}" for line in finding.notes), flush=True)
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n" + table(findings))
    return 0 if all(figure.holds for finding in findings for figure in finding.figures) else 1


if __name__ == "__main__":
    sys.exit(main())
