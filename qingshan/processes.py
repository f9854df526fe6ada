"""Child processes, ports and small files of the programs that start servers.

A child asks the kernel for a signal when its parent dies, and a lock on a folder keeps two runs apart;
``supervisor.py`` adds what finds and restarts children.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

GRACE_S = 8.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProcessError(Exception):
    """What stops a start, as one sentence for the person at the terminal."""


class AlreadyRunning(ProcessError):
    """Another run holds the folder."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A system account that a child runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """One child: what to run, as whom and where its output goes.

    environment  the whole environment of the child, nothing is inherited
    stop_signal  asked first, and sent by the kernel when the parent dies
    prepare      called in the parent before each start, also before a restart
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    prepare: Callable[[], None] | None = None


# --- Files ---------------------------------------------------------------------------------------------------
def text_write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write ``text`` so that a reader sees the old file or the whole new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.chmod(mode)
    fresh.replace(path)


def json_write(path: Path, value: object, *, mode: int = 0o600) -> None:
    """Write ``value`` as JSON, atomically."""
    text_write(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n", mode=mode)


def json_read(path: Path) -> dict[str, Any]:
    """Return the object in ``path``; an empty one when the file is missing or was cut off."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def folder_lock(path: Path, *, busy: str) -> IO[str]:
    """Take the lock file ``path``, made with its folder, until the returned file is closed.

    The kernel frees the lock with its process, so a killed run leaves none.  Raises AlreadyRunning with the text
    ``busy``, in which ``{pid}`` becomes the holder's process id; ProcessError when the folder is not ours to use.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise ProcessError(f"{path.parent} can not be used by this account: {error.strerror}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunning(busy.format(pid=holder)) from error
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def log_tail(path: Path, *, lines: int = 8) -> str:
    """Return the last ``lines`` lines of a log, at most 4000 characters."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])[-4000:]


# --- Ports ---------------------------------------------------------------------------------------------------
def port_taken(port: int) -> bool:
    """Return whether something listens on ``port`` of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def ports_free(count: int) -> list[int]:
    """Return ``count`` different loopback ports that the system holds free at this moment."""
    with ExitStack() as held:
        # All are held at once, else the system may hand the same one out twice.
        sockets = [
            held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) for _ in range(count)
        ]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


# --- Start and stop ------------------------------------------------------------------------------------------
def _die_with_parent(parent: int, death: signal.Signals) -> None:
    """In the child, after its account was changed: setuid would clear the request."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def program_start(program: Program) -> subprocess.Popen[bytes]:
    """Start ``program`` in a session of its own, so that Ctrl-C reaches the parent alone.

    The kernel counts the *thread* that starts a child as its parent: call this from one that lives as long as the
    child may.  Raises ProcessError when the command can't be run.
    """
    if program.prepare is not None:
        program.prepare()
    parent, account = os.getpid(), program.account
    with program.log.open("ab") as log:
        try:
            return subprocess.Popen(
                program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=lambda: _die_with_parent(parent, program.stop_signal),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ProcessError(f"{program.name} can not be started: {error}.") from error


def command_run(
    command: Iterable[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    account: Account | None = None,
) -> int:
    """Run a command to its end with its output appended to ``log`` and return its exit code."""
    program = Program(
        name=log.stem,
        command=tuple(command),
        environment=environment,
        folder=folder,
        log=log,
        account=account,
    )
    child = program_start(program)
    try:
        return child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise


def command_attached(command: list[str], *, environment: Mapping[str, str]) -> int:
    """Run a command on our own terminal, pass SIGTERM on, and return its exit code as a shell would."""
    parent = os.getpid()
    try:
        child = subprocess.Popen(
            command, env=dict(environment), preexec_fn=lambda: _die_with_parent(parent, signal.SIGTERM)
        )
    except OSError as error:
        raise ProcessError(f"{command[0]} can not be started: {error.strerror}.") from error
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        while True:
            with suppress(KeyboardInterrupt):  # the child got the same Ctrl-C and decides
                code = child.wait()
                return code if code >= 0 else 128 - code
    finally:
        signal.signal(signal.SIGTERM, before)


def exited_keeping_number(child: subprocess.Popen[bytes]) -> bool:
    """Return whether the child ended without reaping it: its number still names its group and nothing else."""
    if child.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def group_kill(child: subprocess.Popen[bytes]) -> None:
    """Kill every process of a child's group.  Nothing once the child was reaped: its number may name others then."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)


def children_stop(
    children: Iterable[tuple[subprocess.Popen[bytes], signal.Signals]], *, grace_s: float
) -> None:
    """Ask each child to stop and kill the groups of those still there after ``grace_s`` seconds; reap all."""
    asked = list(children)
    for child, stop_signal in asked:
        if not exited_keeping_number(child):
            with suppress(ProcessLookupError):
                child.send_signal(stop_signal)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and not all(exited_keeping_number(child) for child, _ in asked):
        time.sleep(0.02)
    for child, _ in asked:
        # Also after a clean end: a leader may leave members of its group behind.
        group_kill(child)
        child.wait()
