"""Watches over children: restarts the ones that die and finds what a killed run left behind.

Each start is recorded on disk with number, start time and program, so that the next run stops exactly those.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from qingshan.processes import (
    GRACE_S,
    ProcessError,
    Program,
    children_stop,
    exited_keeping_number,
    group_kill,
    json_read,
    json_write,
    log_tail,
    program_start,
)

MARK = "QINGSHAN_RUN"


# --- What an earlier run left ----------------------------------------------------------------------------------
def identity(pid: int, command: tuple[str, ...]) -> dict[str, Any]:
    """Return what tells a process from a later one with the same number."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        started = 0.0
    return {"pid": pid, "started": started, "program": Path(command[0]).name}


def identity_matches(known: Mapping[str, Any]) -> psutil.Process | None:
    """Return the live process that ``known`` describes: same number, start time and program name; else None."""
    try:
        process = psutil.Process(int(known["pid"]))
        # The system derives the start from the clock, which may have been set by a second meanwhile.
        if (
            abs(process.create_time() - float(known["started"])) > 2
            or process.status() == psutil.STATUS_ZOMBIE
        ):
            return None
        return process if str(known["program"]) in " ".join(process.cmdline()) else None
    except (psutil.Error, KeyError, TypeError, ValueError):
        return None


def _marked(mark: str) -> list[psutil.Process]:
    """Find what a recorded child left after its own death, by the mark in the environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def processes_stop(processes: list[psutil.Process], *, first: signal.Signals, grace_s: float) -> None:
    """Send ``first`` to each process and SIGKILL to those alive after ``grace_s`` seconds; wait for their end."""
    for sent, patience_s in ((first, grace_s), (signal.SIGKILL, 2.0)):
        processes = [process for process in processes if not gone(process)]
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(sent)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and not all(gone(process) for process in processes):
            time.sleep(0.02)


def gone(process: psutil.Process) -> bool:
    """Return whether a process ended.  One that nobody reaps (a container without init) has ended, too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def leftovers_stop(record: Path, *, grace_s: float = 3.0) -> list[str]:
    """Stop what the run that wrote ``record`` left alive and return the names of the stopped children.

    grace_s  seconds until SIGKILL; the caller holds the folder's lock, so that nobody else uses them
    """
    kept = json_read(record)
    found: list[tuple[str, psutil.Process, signal.Signals]] = []
    for name, known in kept.get("children", {}).items():
        if isinstance(known, dict) and (process := identity_matches(known)) is not None:
            found.append((str(name), process, signal.Signals(int(known.get("stop", signal.SIGTERM)))))
    for stop_signal in {stop_signal for _, _, stop_signal in found}:
        same = [process for _, process, its in found if its is stop_signal]
        processes_stop(same, first=stop_signal, grace_s=grace_s)
    if mark := str(kept.get("mark", "")):
        processes_stop(_marked(mark), first=signal.SIGTERM, grace_s=2)
    record.unlink(missing_ok=True)
    return [name for name, _, _ in found]


# --- The supervisor ------------------------------------------------------------------------------------------
@dataclass(kw_only=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Holds children, restarts the ones that die, and stops all of them.

    record   the file that the next run reads to find leftovers
    say      takes one line for the person at the terminal
    changed  called after a restart, with no argument
    """

    # Pauses before a restart in seconds; a child that ran longer than the last one starts at the first again.
    BACKOFF_S = (0.3, 1.0, 2.0, 5.0, 10.0, 30.0)

    def __init__(
        self, *, record: Path, say: Callable[[str], None], changed: Callable[[], None] | None = None
    ) -> None:
        self.record, self._say, self.changed = record, say, changed
        self._children: dict[str, _Child] = {}
        self._lock = threading.RLock()
        self._mark = secrets.token_hex(16)

    @property
    def pids(self) -> dict[str, int]:
        """Return the process id of each child that runs now, by name."""
        with self._lock:
            return {
                name: child.process.pid for name, child in self._children.items() if child.restart_at is None
            }

    def start(self, program: Program) -> None:
        """Start one more child and record it.  Raises ProcessError."""
        with self._lock:
            self._children[program.name] = self._spawn(program)
            self._record_write()

    def exit_code(self, name: str) -> int | None:
        """Return the exit code of a child that ended, None while it runs."""
        return self._children[name].process.poll()

    def drop(self, name: str) -> None:
        """Stop one child and forget it."""
        with self._lock:
            if (child := self._children.pop(name, None)) is not None:
                children_stop([(child.process, child.program.stop_signal)], grace_s=GRACE_S)
                self._record_write()

    def tick(self) -> None:
        """Notice the dead, say so, and restart those whose pause is over.  Call it a few times a second."""
        restarted = False
        with self._lock:
            for child in self._children.values():
                if child.restart_at is None and exited_keeping_number(child.process):
                    self._bury(child)
                elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                    restarted = self._revive(child) or restarted
            if restarted:
                self._record_write()
        if restarted and self.changed is not None:
            self.changed()

    def stop(self, *, grace_s: float = GRACE_S) -> None:
        """Stop every child at once; none is left when this returns."""
        with self._lock:
            pairs = [(child.process, child.program.stop_signal) for child in self._children.values()]
            children_stop(pairs, grace_s=grace_s)
            self._children.clear()
            self.record.unlink(missing_ok=True)

    def _spawn(self, program: Program) -> _Child:
        marked = {**program.environment, MARK: self._mark}
        process = program_start(replace(program, environment=marked))
        return _Child(program=program, process=process, started=time.monotonic())

    def _bury(self, child: _Child) -> None:
        group_kill(child.process)
        code = child.process.wait()
        lasted = time.monotonic() - child.started
        child.failures = 0 if lasted > self.BACKOFF_S[-1] else child.failures
        pause = self.BACKOFF_S[min(child.failures, len(self.BACKOFF_S) - 1)]
        child.failures += 1
        child.restart_at = time.monotonic() + pause
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        name = child.program.name
        # A child that can't start says the same each time; its log has all of it.
        tail = log_tail(child.program.log).splitlines() if child.failures == 1 else []
        self._say(
            f"{name} {how} after {lasted:.0f} s; starting it again in {pause:g} s."
            + " Its last lines:" * bool(tail)
        )
        for line in tail:
            self._say(f"  {name} | {line}")

    def _revive(self, child: _Child) -> bool:
        try:
            fresh = self._spawn(child.program)
        except ProcessError as error:
            self._say(str(error))
            child.restart_at = time.monotonic() + self.BACKOFF_S[-1]
            return False
        child.process, child.started, child.restart_at = fresh.process, fresh.started, None
        self._say(f"{child.program.name} runs again (pid {child.process.pid}).")
        return True

    def _record_write(self) -> None:
        children = {
            name: {
                **identity(child.process.pid, child.program.command),
                "stop": int(child.program.stop_signal),
            }
            for name, child in self._children.items()
            if child.restart_at is None
        }
        json_write(self.record, {"mark": self._mark, "children": children})
