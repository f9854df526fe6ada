"""``make demo``: one system for a person to try, until Ctrl-C.

While it runs, ``.local/demo.json`` tells other programs where it is, and ``.local/demo.env`` lets ``manage.py`` reach
it.  Its data stay in ``.local/demo`` between runs; ``--reset`` forgets them.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from qingshan import processes
from qingshan.development import Ports
from qingshan.postgres_account import data_forget
from qingshan.processes import AlreadyRunning, ProcessError
from qingshan.stack import TICK_S, Stack, stack
from qingshan.supervisor import leftovers_stop

__all__ = ["main", "stack"]

LOCAL = Path(__file__).resolve().parent.parent / ".local"
FOLDER = LOCAL / "demo"
DESCRIPTION = LOCAL / "demo.json"
ENVIRONMENT = LOCAL / "demo.env"
SECRETS = LOCAL / "demo-secrets.json"
PORTS = {"web": 8000, "simulator": 8001, "control": 8002}


class _Stopped(BaseException):
    """A signal asked us to stop; like KeyboardInterrupt, no handler of errors may swallow it."""


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


def ports_choose() -> Ports:
    """Return the usual ports, and a free one in place of each that is taken, saying which."""
    free = iter(processes.ports_free(len(PORTS)))
    chosen = {}
    for name, usual in PORTS.items():
        chosen[name] = usual
        if processes.port_taken(usual):
            chosen[name] = next(free)
            say(f"Port {usual} is taken; {name} uses {chosen[name]}.")
    return Ports(**chosen)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _signals_ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _signals_stop() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into one exception, once: a second one must not disturb the stop."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        _signals_ignore()
        raise _Stopped

    for number in _SIGNALS:
        signal.signal(number, stop)


def _publish(one: Stack) -> None:
    processes.json_write(DESCRIPTION, one.describe())
    lines = "".join(f"{name}={value}\n" for name, value in one.environment.items())
    processes.text_write(ENVIRONMENT, lines)


def _withdraw() -> None:
    DESCRIPTION.unlink(missing_ok=True)
    ENVIRONMENT.unlink(missing_ok=True)


def _begin() -> Ports:
    """Once the folder is ours: what a killed run told of itself is no longer true."""
    _withdraw()
    ports = ports_choose()
    say("Starting PostgreSQL and Redis …")
    return ports


def _greet(one: Stack, *, took_s: float) -> None:
    told = one.describe()
    say("")
    say(f"Ready after {took_s:.1f} s.")
    say(f"  admin      {told['web']}/admin/")
    say(f"  API        {told['web']}/api/v1/")
    say(f"  simulator  {told['simulator']}  (control: {told['control']})")
    say(f"  logs       {(FOLDER / 'log').relative_to(LOCAL.parent)}/")
    say("")
    if told["staff"]:
        say(f"Logins at the admin, all with the password {one.environment['DEMO_STAFF_PASSWORD']}")
        width = max(len(str(person["username"])) for person in told["staff"])
        for person in told["staff"]:
            roles = ", ".join(str(role) for role in person.get("roles", []))
            say(f"  {person['username']:<{width}}  {roles}  {person.get('department') or ''}".rstrip())
        say("")
    say("Stop with Ctrl-C. The data are kept; make demo-reset forgets them.")


def _already_running(error: AlreadyRunning) -> str:
    address = processes.json_read(DESCRIPTION).get("web")
    return f"The demo already runs at {address}." if address else f"The demo is starting already. {error}"


def run() -> int:
    """Run the demo until a signal; return the exit code."""
    began = time.monotonic()
    one = None
    try:
        _signals_stop()
        one = Stack(folder=FOLDER, secrets=SECRETS, ports=_begin, say=say)
        one.start()
        _publish(one)
        one.changed = lambda: _publish(one)
        _greet(one, took_s=time.monotonic() - began)
        while True:
            time.sleep(TICK_S)
            one.tick()
    except _Stopped:
        say("\nStopping …")
        return 0
    except AlreadyRunning as error:
        print(_already_running(error), file=sys.stderr)
        one = None  # the files it would withdraw are the other run's
        return 1
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        _signals_ignore()
        if one is not None:
            _withdraw()
            one.stop()


def reset() -> int:
    """Forget the demo's data and secrets; refused while it runs.  Return the exit code."""
    try:
        lock = processes.folder_lock(FOLDER / "stack.lock", busy="Process {pid} holds it.")
    except AlreadyRunning as error:
        print(f"{_already_running(error)} Stop it first, then reset.", file=sys.stderr)
        return 1
    # A killed run may have left its processes on the very files that go now.
    leftovers_stop(FOLDER / "children.json")
    leftovers_stop(FOLDER / "servers.json")
    data_forget(FOLDER)
    for path in (DESCRIPTION, ENVIRONMENT, SECRETS):
        path.unlink(missing_ok=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    lock.close()
    say("The demo's data are gone.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m qingshan.demo")
    parser.add_argument("--reset", action="store_true", help="forget the demo's data instead of running it")
    return reset() if parser.parse_args(arguments).reset else run()


if __name__ == "__main__":
    raise SystemExit(main())
