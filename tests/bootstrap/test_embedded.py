"""The servers out of the wheels: closed to strangers, kept over a kill, and never two on one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from qingshan import embedded, postgres_account, processes
from qingshan.embedded import Servers, servers_for_tests, servers_start
from qingshan.postgres_account import passable, reachable
from qingshan.processes import AlreadyRunning, ProcessError
from qingshan.supervisor import gone

ROOT = Path(__file__).resolve().parents[2]
STRANGER = {"uid": 54321, "gid": 54321}
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user needs no other account")
# Starts the servers, leaves a row and is then killed as by the kernel.
KILLED = """
import os, sys
from pathlib import Path
import psycopg
from qingshan.embedded import servers_start
servers = servers_start(folder=Path(sys.argv[1]))
with psycopg.connect(servers.database_url) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
print(*servers.pids.values(), flush=True)
os.kill(os.getpid(), 9)
"""


def folder_open() -> Path:
    """Make a folder that other accounts may pass: pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="qingshan-test-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(autouse=True)
def no_given_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = folder_open()
    yield made
    postgres_account.data_forget(made)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    made = folder_open()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        running = servers_start(folder=made / "shared", durable=False)
    yield running
    running.stop()
    shutil.rmtree(made)


def value(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def home_of(servers: Servers) -> Path:
    return Path(value(servers.database_url, "SHOW data_directory"))  # type: ignore[arg-type]  # SHOW gives a text


def test_the_database_has_the_settings_that_the_project_counts_on(servers: Servers) -> None:
    wanted = {
        "server_encoding": "UTF8",
        "timezone": "Asia/Shanghai",
        "max_connections": "200",
        "shared_preload_libraries": "pg_stat_statements",
        "password_encryption": "scram-sha-256",
        "fsync": "off",
    }

    assert {name: value(servers.database_url, f"SHOW {name}") for name in wanted} == wanted
    assert value(servers.database_url, "SELECT current_database()") == "qingshan"
    assert (
        value(servers.database_url, "SELECT datlocale FROM pg_database WHERE datname = 'qingshan'")
        == "C.UTF-8"
    )


@pytest.mark.parametrize("password", ["wrong", ""])
def test_the_database_asks_for_its_password(servers: Servers, password: str) -> None:
    own = servers.database_url.split(":")[2].split("@")[0]

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(servers.database_url.replace(own, password, 1))


def test_redis_asks_for_its_password(servers: Servers) -> None:
    with (
        redis.Redis.from_url("redis://" + servers.redis_url.split("@")[1]) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_both_listen_on_loopback_alone(servers: Servers) -> None:
    listening = {
        (name, connection.laddr.ip)
        for name, pid in servers.pids.items()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {("postgres", "127.0.0.1"), ("redis", "127.0.0.1")}


def test_no_password_stands_in_a_command_line_or_an_open_file(servers: Servers) -> None:
    assert servers.supervisor is not None
    home = servers.supervisor.record.parent
    passwords = processes.json_read(home / "passwords.json")
    lines = [" ".join(psutil.Process(pid).cmdline()) for pid in servers.pids.values()]

    assert sorted(passwords) == ["postgres", "redis"]
    assert [password for password in passwords.values() if any(password in line for line in lines)] == []
    modes = {name: (home / name).stat().st_mode & 0o777 for name in ("passwords.json", "redis.conf")}
    assert modes == {"passwords.json": 0o600, "redis.conf": 0o600}
    assert not (home / "postgres.password").exists()


def test_a_second_start_on_the_same_folder_is_refused_and_disturbs_nothing(servers: Servers) -> None:
    assert servers.supervisor is not None
    home, before = servers.supervisor.record.parent, servers.pids

    with pytest.raises(AlreadyRunning) as refused:
        servers_start(folder=home, durable=False)

    assert str(refused.value) == f"The servers of {home} are already running (pid {os.getpid()})."
    assert servers.pids == before
    assert value(servers.database_url, "SELECT 1") == 1


def test_given_addresses_are_used_and_never_stopped(
    servers: Servers, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", servers.database_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)

    given = servers_start(folder=folder)
    given.stop()

    assert (given.database_url, given.redis_url, given.pids) == (servers.database_url, servers.redis_url, {})
    assert list(folder.iterdir()) == []
    assert value(servers.database_url, "SELECT 1") == 1


def test_a_given_address_that_does_not_answer_is_one_sentence_without_its_password(
    servers: Servers, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@127.0.0.1:1/0")
    with pytest.raises(ProcessError) as refused:
        servers_start(folder=folder)
    assert str(refused.value) == (
        "REDIS_URL is set, but the server at 127.0.0.1:1 does not answer (ConnectionError)."
    )

    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody:hidden@127.0.0.1:1/qingshan")
    with pytest.raises(ProcessError) as refused:
        servers_start(folder=folder)
    assert str(refused.value) == "DATABASE_URL is set, but 127.0.0.1:1 does not let us in (OperationalError)."


def test_a_worker_of_a_parallel_run_takes_the_addresses_it_inherits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("DATABASE_URL", "postgres://a@127.0.0.1:2/b")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:3/0")

    taken = servers_for_tests()

    assert (taken.database_url, taken.redis_url, taken.supervisor) == (
        "postgres://a@127.0.0.1:2/b",
        "redis://127.0.0.1:3/0",
        None,
    )


def test_rows_outlive_a_killed_run_and_a_lock_file_whose_number_went_to_somebody_else(folder: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    earlier = {int(pid) for pid in killed.stdout.split()}
    for _ in range(500):  # the server would remove the lock file that is put there below
        if not any(psutil.pid_exists(pid) and not gone(psutil.Process(pid)) for pid in earlier):
            break
        time.sleep(0.01)
    owner = (folder / "postgres").stat()
    same_account = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **same_account)
    lock = folder / "postgres" / "postmaster.pid"
    lock.write_text(f"{stranger.pid}\n{folder / 'postgres'}\n1\n5432\n\n127.0.0.1\n")
    try:
        again = servers_start(folder=folder)
        try:
            assert value(again.database_url, "SELECT value FROM kept") == 42
            assert set(again.pids.values()) & earlier == set()
        finally:
            again.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stopped_pair_leaves_no_process_and_no_record(folder: Path) -> None:
    one = servers_start(folder=folder, durable=False)
    pids = list(one.pids.values())

    one.stop()
    one.stop()

    assert [psutil.pid_exists(pid) for pid in pids] == [False, False]
    assert not (folder / "servers.json").exists()


def test_thrown_away_data_that_can_not_be_used_are_made_anew(folder: Path) -> None:
    servers_start(folder=folder, durable=False).stop()
    (folder / "postgres" / "PG_VERSION").write_text("9.6\n")

    again = servers_start(folder=folder, durable=False)

    assert value(again.database_url, "SELECT 1") == 1
    again.stop()


@ROOT_ONLY
def test_root_keeps_data_and_software_apart_where_the_account_can_not_pass(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, shared = folder / "closed", folder / "shared"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres_account, "SHARED", shared)
    monkeypatch.setattr(postgres_account, "reachable", lambda *_args, **_names: False)

    one = servers_start(folder=closed / "data", durable=False)
    try:
        assert home_of(one).is_relative_to(shared)
        program = Path(psutil.Process(one.pids["postgres"]).exe())
        assert program.is_relative_to(shared)
        assert psutil.Process(one.pids["postgres"]).uids().real != 0
        assert closed.stat().st_mode & 0o777 == 0o700
        assert shared.stat().st_mode & 0o777 == 0o711
    finally:
        one.stop()
    postgres_account.data_forget(closed / "data")


def test_a_file_is_reachable_only_when_each_folder_above_lets_the_account_pass(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    file = inner / "file"
    file.write_text("")
    for mode_inner, mode_file, expected in (
        (0o711, 0o644, True),
        (0o710, 0o644, False),
        (0o711, 0o640, False),
        (0o700, 0o644, False),
    ):
        inner.chmod(mode_inner)
        file.chmod(mode_file)
        assert reachable(file, **STRANGER) is expected, (oct(mode_inner), oct(mode_file))
    inner.chmod(0o711)
    assert (passable(inner, **STRANGER), reachable(inner, **STRANGER)) == (True, False)
    assert reachable(inner / "missing", **STRANGER) is False


def test_an_owner_without_the_right_does_not_get_it_from_the_others_bits(folder: Path) -> None:
    file = folder / "file"
    file.write_text("")
    file.chmod(0o044)
    owner = file.stat()

    assert reachable(file, uid=owner.st_uid, gid=owner.st_gid) is False
    assert reachable(file, uid=STRANGER["uid"], gid=owner.st_gid) is True


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 137),
        (["python", "-c", "import psycopg, os; psycopg.connect(os.environ['DATABASE_URL'])"], 0),
        (["no-such-command"], 1),
    ],
)
def test_a_tool_runs_with_servers_of_its_own_and_its_exit_code_is_ours(
    command: list[str], expected: int
) -> None:
    assert embedded.main(["run", "--", *command]) == expected
