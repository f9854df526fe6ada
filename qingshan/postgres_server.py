"""PostgreSQL out of its wheel: the data folder, the start, the lock file that a killed run leaves."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from qingshan import processes
from qingshan.postgres_account import Home, data_forget, home_find
from qingshan.processes import ProcessError, Program
from qingshan.server_start import Unusable, child_environment, ready_wait, with_free_port
from qingshan.supervisor import Supervisor, gone, processes_stop

NAME = "qingshan"
_DURABLE = {"max_connections": "200", "shared_preload_libraries": "pg_stat_statements", "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            "jit": "off",
            # PostgreSQL's own default; a benchmark of a million rows names what a server for these would have.
            "shared_buffers": os.environ.get("EMBEDDED_SHARED_BUFFERS", "128MB")}  # fmt: skip
# Tests lose nothing when the machine loses power.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
              "max_wal_senders": "0"}  # fmt: skip


def postgres_start(supervisor: Supervisor, folder: Path, password: str, *, durable: bool) -> str:
    """Start PostgreSQL on the data of ``folder``, made when missing, and return the address of its database.

    durable  False: data that can't be used are made anew instead of refused
    Raises ProcessError.
    """
    log = folder / "postgres.log"
    log.write_bytes(b"")
    home = home_find(folder, log=log)
    stale_lock_clear(home)
    if not (home.data / "PG_VERSION").exists():
        _initdb(home, folder, log, password, durable=durable)
    settings = _DURABLE if durable else {**_DURABLE, **_FORGETFUL}

    def start(port: int) -> str:
        _postgres_spawn(supervisor, home, folder, log, {**settings, "port": str(port)})
        ready_wait(supervisor, "postgres", log, lambda: _postgres_answers(port, password))
        return f"postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}"

    try:
        url = with_free_port(start)
    except Unusable:
        if durable:
            raise
        # A crash of the machine, another major version, a lost password: nothing here is worth a person's time.
        data_forget(folder)
        _initdb(home, folder, log, password, durable=durable)
        url = with_free_port(start)
    _database_make(url)
    return url


def _postgres_spawn(
    supervisor: Supervisor, home: Home, folder: Path, log: Path, settings: Mapping[str, str]
) -> None:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    supervisor.start(
        Program(
            name="postgres",
            command=(str(home.software / "bin" / "postgres"), "-D", str(home.data), *options),
            environment=child_environment(home.data),
            folder=home.data,
            log=log,
            account=home.account,
            stop_signal=signal.SIGINT,  # "fast": roll back what is open, write a checkpoint, end
            prepare=lambda: stale_lock_clear(home),
        )
    )


def _initdb(home: Home, folder: Path, log: Path, password: str, *, durable: bool) -> None:
    """Make the data folder beside its place and move it there, so that a killed initdb leaves nothing half."""
    fresh = home.data.with_name(home.data.name + ".new")
    password_file = home.data.with_name(home.data.name + ".password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    processes.text_write(password_file, password)
    if home.account is not None:
        os.chown(fresh, home.account.uid, home.account.gid)
        os.chown(password_file, home.account.uid, home.account.gid)
    command = [
        str(home.software / "bin" / "initdb"), "--pgdata", str(fresh), "--username", NAME, "--pwfile",
        str(password_file), "--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--encoding=UTF8",
        "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--text-search-config=simple",
    ]  # fmt: skip
    if not durable:
        command.append("--no-sync")
    try:
        code = processes.command_run(
            command, environment=child_environment(fresh), folder=fresh, log=log, account=home.account
        )
    finally:
        password_file.unlink(missing_ok=True)
    if code != 0:
        tail = processes.log_tail(log)
        shutil.rmtree(fresh, ignore_errors=True)
        raise ProcessError(f"PostgreSQL's data could not be made (initdb, exit code {code}):\n{tail}")
    # Loopback with a password and nothing else: initdb would also allow replication and ::1.
    hba = fresh / "pg_hba.conf"
    hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
    shutil.rmtree(home.data, ignore_errors=True)
    fresh.rename(home.data)


def stale_lock_clear(home: Home) -> None:
    """Stop a server that still runs on these data and remove a lock file that nobody holds.

    PostgreSQL itself refuses to start when the number in ``postmaster.pid`` belongs to *any* live process of its
    account, which after a kill in a container it often does.  The file also leads it to backends that outlived their
    server, and two generations on one folder would ruin it: so the file goes only when nobody is left in the folder.
    The caller holds the folder's lock.
    """
    lock = home.data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return
    inside = _processes_inside(home.data)
    processes_stop([one for one in inside if one.pid == pid], first=signal.SIGINT, grace_s=5)
    processes_stop([one for one in inside if one.pid != pid], first=signal.SIGQUIT, grace_s=2)
    if not _processes_inside(home.data):
        lock.unlink(missing_ok=True)


def _processes_inside(data: Path) -> list[psutil.Process]:
    """Each process of PostgreSQL works in its data folder, also the ones that rewrite their command line."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.cwd() == str(data.resolve()) and "postgres" in process.name() and not gone(process):
                found.append(process)
    return found


def _postgres_answers(port: int, password: str) -> bool:
    try:
        psycopg.connect(
            host="127.0.0.1", port=port, user=NAME, password=password, dbname="postgres", connect_timeout=5
        ).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Unusable(
                "The password kept beside PostgreSQL's data is not theirs: run make demo-reset."
            ) from None
        return False
    return True


def _database_make(url: str) -> None:
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{NAME}"')
