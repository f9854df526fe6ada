"""CPU that programs used, from the operating system's accounting: it stays true while others use the machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(pid: int) -> float:
    """Return the user and system time of ``pid``, its living descendants and those that it reaped, in ms.

    Resolution is a clock tick (mostly 10 ms) for each process: measure seconds, not single requests.
    """
    with suppress(psutil.Error):
        alive = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        return sum(_ticks(one) for one in alive) * TICK_MS
    return 0.0


def _ticks(pid: int) -> int:
    """Return utime + stime + cutime + cstime: fields 14 to 17 of ``/proc/<pid>/stat``."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return sum(int(field) for field in text.rpartition(")")[2].split()[11:15])


def cpu_of(pids: Mapping[str, int]) -> dict[str, float]:
    """Return ``cpu_ms`` of each program by name."""
    return {name: cpu_ms(pid) for name, pid in pids.items()}
