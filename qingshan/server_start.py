"""What the start of any server needs: a port that stays free, a bare environment, the wait for the first answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qingshan import processes
from qingshan.processes import ProcessError
from qingshan.supervisor import Supervisor

START_S = 60.0
PORT_TRIES = 5


class PortTaken(Exception):
    """Somebody took the port between the choice and the start."""


class Unusable(ProcessError):
    """The server does not start with the data it finds."""


def child_environment(folder: Path) -> dict[str, str]:
    """Return a bare environment: no secret of the person who starts the demo belongs into a server's."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(folder)}


def with_free_port(start: Callable[[int], str]) -> str:
    """Return what ``start`` returns for a free port, trying another one when it raises PortTaken."""
    for _ in range(PORT_TRIES):
        with suppress(PortTaken):
            return start(processes.ports_free(1)[0])
    raise ProcessError(f"No free port was found in {PORT_TRIES} tries.")


def ready_wait(supervisor: Supervisor, name: str, log: Path, answers: Callable[[], bool]) -> None:
    """Return when ``answers()`` is true; else stop the server.

    Raises PortTaken, Unusable with the reason that the log gives, or ProcessError after ``START_S`` seconds.
    """
    try:
        _answer_wait(supervisor, name, log, answers)
    except BaseException:
        supervisor.drop(name)
        raise


def _answer_wait(supervisor: Supervisor, name: str, log: Path, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not answers():
        if supervisor.exit_code(name) is not None:
            tail = processes.log_tail(log, lines=12)
            if "in use" in tail and "shared memory" not in tail:
                raise PortTaken
            raise Unusable(f"{name} ended while starting. Its last lines:\n{tail}")
        if time.monotonic() > deadline:
            raise ProcessError(f"{name} did not answer within {START_S:.0f} s; see {log}.")
        time.sleep(0.02)
