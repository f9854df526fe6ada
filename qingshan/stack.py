"""A whole running system on loopback: servers, web, workers, beat and the WeChat simulator.

``qingshan.demo`` runs one for a person; the walkthrough and the fault proofs run one of their own (``stack``).
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from qingshan import processes
from qingshan.development import Ports, secrets_kept, stack_environment
from qingshan.embedded import Servers, servers_start
from qingshan.postgres_account import data_forget
from qingshan.processes import ProcessError, Program
from qingshan.supervisor import Supervisor, leftovers_stop

ROOT = Path(__file__).resolve().parent.parent
READY_S = 60.0
TICK_S = 0.2


class Stack:
    """One system.  ``start`` raises ProcessError and leaves nothing behind; ``stop`` ends everything.

    folder   holds its data, logs and records; another run on the same folder is refused
    secrets  the file that keeps its generated secrets
    ports    asked for the ports once the folder is ours and what a killed run left there has gone
    durable  False: faster, for a stack that is thrown away
    extra    variables that win over the ones made here
    simulator  further options of the WeChat simulator
    changed  called when a child came back with another process id; may be set later
    """

    def __init__(
        self,
        *,
        folder: Path,
        secrets: Path,
        ports: Callable[[], Ports],
        say: Callable[[str], None],
        durable: bool = True,
        extra: Mapping[str, str] | None = None,
        simulator: Sequence[str] = (),
        changed: Callable[[], None] | None = None,
    ) -> None:
        self.folder, self.ports = folder.resolve(), Ports(web=0, simulator=0, control=0)
        self.environment: dict[str, str] = {}
        self._ports, self._secrets, self._say, self._durable, self._extra = (
            ports,
            secrets,
            say,
            durable,
            dict(extra or {}),
        )
        self._simulator = tuple(simulator)
        self.changed = changed
        self._children = Supervisor(record=self.folder / "children.json", say=say, changed=self._tell)
        self._servers: Servers | None = None
        self._lock: IO[str] | None = None
        self._mutex = threading.Lock()

    @property
    def web(self) -> str:
        """Return the address of the web server."""
        return f"http://127.0.0.1:{self.ports.web}"

    def start(self) -> None:
        """Start everything and return when ``/readyz`` answers 200.  Raises ProcessError, AlreadyRunning."""
        busy = f"Another run (pid {{pid}}) uses {self.folder.name}."
        self._lock = processes.folder_lock(self.folder / "stack.lock", busy=busy)
        try:
            if left := leftovers_stop(self.folder / "children.json"):
                self._say(f"Stopped what a killed run left: {', '.join(left)}.")
            leftovers_stop(self.folder / "servers.json")
            self.ports = self._ports()
            self._servers = servers_start(folder=self.folder, durable=self._durable, say=self._say)
            if self._servers.supervisor is not None:
                self._servers.supervisor.changed = self._tell
            self._prepare(self._servers)
            for program in self._programs():
                self._children.start(program)
            self._ready_wait()
        except BaseException:
            self.stop()
            raise

    def tick(self) -> None:
        """Restart what died.  Call it a few times a second from the thread that called ``start``."""
        with self._mutex:
            self._children.tick()
            if self._servers is not None and self._servers.supervisor is not None:
                self._servers.supervisor.tick()

    def stop(self) -> None:
        """Stop every process: first the ones that use the servers, then the servers.  Nothing when not started."""
        with self._mutex:
            if self._lock is None:
                return
            self._children.stop()
            if self._servers is not None:
                self._servers.stop()
                self._servers = None
            self._lock.close()
            self._lock = None

    def describe(self) -> dict[str, Any]:
        """Return what ``.local/demo.json`` holds: addresses, staff with password, WeChat names, process ids."""
        password = self.environment["DEMO_STAFF_PASSWORD"]
        servers = self._servers.pids if self._servers else {}
        return {
            "web": self.web,
            "simulator": f"http://127.0.0.1:{self.ports.simulator}",
            "control": f"http://127.0.0.1:{self.ports.control}",
            "staff": [{**one, "password": password} for one in _json_list(self.folder / "staff.json")],
            "wechat": {
                "appid": self.environment["WECHAT_APPID"],
                "templates": {
                    str(one["name"]): str(one["priTmplId"])
                    for one in _json_list(ROOT / "fixtures" / "wechat_templates.json")
                },
            },
            "pids": {"supervisor": os.getpid(), **servers, **self._children.pids},
        }

    def manage(self, *arguments: str) -> None:
        """Run a ``manage.py`` command against this stack.  Raises ProcessError with the last lines it wrote."""
        log = self._log(f"manage-{arguments[0]}")
        command = [sys.executable, "manage.py", *arguments]
        code = processes.command_run(command, environment=self._child_environment(), folder=ROOT, log=log)
        if code != 0:
            raise ProcessError(
                f"manage.py {' '.join(arguments)} ended with exit code {code}. Its last lines:\n"
                + processes.log_tail(log, lines=20)
            )

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()

    # --- Steps of the start ---
    def _prepare(self, servers: Servers) -> None:
        self.environment = {
            **stack_environment(
                folder=self.folder,
                secrets=secrets_kept(self._secrets),
                database_url=servers.database_url,
                redis_url=servers.redis_url,
                ports=self.ports,
            ),
            **self._extra,
        }
        (self.folder / "media").mkdir(exist_ok=True)
        # Figures of processes that no longer exist would be added up with the living ones.
        shutil.rmtree(self.folder / "prometheus", ignore_errors=True)
        (self.folder / "prometheus").mkdir()
        self._say("Bringing the database up to date …")
        self.manage("migrate", "--noinput")
        self._static_collect()
        self._say("Loading the demonstration data …")
        self.manage("fixtures_load", "--demo", "--staff-json", str(self.folder / "staff.json"))

    def _static_collect(self) -> None:
        """Collect static files when a package or one of our own files changed: packing them takes seconds."""
        stamp, state = self.folder / "static.stamp", _static_state()
        if (
            stamp.exists()
            and stamp.read_text(encoding="utf-8") == state
            and (self.folder / "static").is_dir()
        ):
            return
        self._say("Collecting static files …")
        self.manage("collectstatic", "--noinput", "--clear", "--verbosity", "0")
        processes.text_write(stamp, state, mode=0o644)

    def _programs(self) -> list[Program]:
        ports, python = self.ports, sys.executable
        celery = (python, "-m", "celery", "-A", "qingshan")
        worker = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        commands = {
            "simulator": (
                python, "manage.py", "wechat_simulator", "--port", str(ports.simulator), "--control-port", str(ports.control),
                # Without a token the door is closed, and nothing is pushed.
                *(("--push-url", f"{self.web}/wechat/push", "--push-mode", "safe") * bool(self.environment["WECHAT_PUSH_TOKEN"])),
                "--sms-receipt-url", f"{self.web}/sms/receipts/{self.environment['SMS_CALLBACK_TOKEN']}",
                *self._simulator,
            ),
            "web": (
                python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(ports.web),
                "--workers", "2", "--blocking-threads", "4", "--no-ws", "--no-access-log", "--respawn-failed-workers",
                "--respawn-interval", "0.5", "--workers-kill-timeout", "5", "qingshan.wsgi:application",
            ),
            "worker-interactive": (*celery, "worker", "-Q", "interactive", "-c", "2", "-n", "interactive@%h", *worker),
            "worker-background": (*celery, "worker", "-Q", "callback,periodic", "-c", "1", "-n", "background@%h", *worker),
            "worker-bulk": (*celery, "worker", "-Q", "bulk", "-c", "1", "-n", "bulk@%h", *worker),
            "beat": (*celery, "beat", "--schedule", str(self.folder / "beat"), "--pidfile=", "--loglevel", "INFO"),
        }  # fmt: skip
        return [
            Program(
                name=name,
                command=command,
                environment=self._child_environment(),
                folder=ROOT,
                log=self._log(name),
            )
            for name, command in commands.items()
        ]

    def _ready_wait(self) -> None:
        """Wait for the web's ``/readyz`` and for the simulator's two ports."""
        deadline = time.monotonic() + READY_S
        while not (
            processes.port_taken(self.ports.simulator)
            and processes.port_taken(self.ports.control)
            and _status(self.ports.web, "/readyz") == 200
        ):
            for name in self._children.pids:
                if (code := self._children.exit_code(name)) is not None:
                    tail = processes.log_tail(self.folder / "log" / f"{name}.log", lines=20)
                    raise ProcessError(
                        f"{name} ended with exit code {code} while starting. Its last lines:\n{tail}"
                    )
            if time.monotonic() > deadline:
                tail = processes.log_tail(self.folder / "log" / "web.log", lines=20)
                raise ProcessError(
                    f"{self.web}/readyz did not answer 200 within {READY_S:.0f} s. Last lines:\n{tail}"
                )
            time.sleep(0.1)

    def _child_environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1", **self.environment}

    def _log(self, name: str) -> Path:
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        log.write_bytes(b"")
        return log


@contextmanager
def stack(
    *,
    folder: Path,
    quiet: bool = True,
    ports: Ports | None = None,
    durable: bool = False,
    extra: Mapping[str, str] | None = None,
    simulator: Sequence[str] = (),
    keep: bool = True,
) -> Iterator[Stack]:
    """Run a stack of one's own for the time of the ``with`` block, on random ports unless given.

    keep  True: ``folder`` stays, and the next start takes half the time; False: it is removed with its data, which
          for root may lie outside of it (``postgres_account``)

    The stack's ``describe()`` is the content of a ``demo.json`` at that moment, ``environment`` what its
    ``manage.py`` commands need.  A thread restarts what dies.  Raises ProcessError when it can't start.
    """
    said: Callable[[str], None] = (lambda _: None) if quiet else (lambda line: print(line, flush=True))  # noqa: T201
    one = Stack(
        folder=folder,
        secrets=folder / "secrets.json",
        ports=lambda: ports or Ports.random(),
        say=said,
        durable=durable,
        extra=extra,
        simulator=simulator,
    )
    one.start()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(TICK_S):
            one.tick()

    # A child that this thread restarts ends with the thread, and the thread ends after everything was stopped.
    watcher = threading.Thread(target=watch, name="stack-watch", daemon=True)
    watcher.start()
    try:
        yield one
    finally:
        over.set()
        watcher.join()
        one.stop()
        if not keep:
            data_forget(one.folder)
            shutil.rmtree(one.folder, ignore_errors=True)


def _status(port: int, path: str) -> int:
    """Return the HTTP status of a GET on loopback, 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        with suppress(OSError):
            connection.close()


def _json_list(path: Path) -> list[dict[str, Any]]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [one for one in value if isinstance(one, dict)]


def _static_state() -> str:
    """Return a fingerprint of everything that ``collectstatic`` reads: locked packages and our own files."""
    state = hashlib.sha256((ROOT / "requirements" / "base.txt").read_bytes())
    folders = [ROOT / "qingshan" / "static", *sorted((ROOT / "apps").glob("*/static"))]
    for file in (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()):
        found = file.stat()
        state.update(f"{file.relative_to(ROOT)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return state.hexdigest()
