"""Children are started, restarted and never left behind; ports and folders are not shared by mistake."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from qingshan import processes, supervisor
from qingshan.processes import AlreadyRunning, Program
from qingshan.supervisor import Supervisor, leftovers_stop

ROOT = Path(__file__).resolve().parents[2]
# A parent that starts one child, tells its number and then waits to be killed.
PARENT = """
import sys, time
from pathlib import Path
from qingshan.processes import Program
from qingshan.supervisor import Supervisor
folder = Path(sys.argv[1])
one = Supervisor(record=folder / "children.json", say=print)
one.start(Program(name="child", command=tuple(sys.argv[2:]), environment={}, folder=folder, log=folder / "child.log"))
print(one.pids["child"], flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def program(folder: Path, *command: str, name: str = "child") -> Program:
    return Program(name=name, command=command, environment={}, folder=folder, log=folder / f"{name}.log")


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and not supervisor.gone(psutil.Process(pid))


def until(truth: Callable[[], bool], *, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while not truth() and time.monotonic() < deadline:
        time.sleep(0.02)
    return truth()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watched(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    one = Supervisor(record=tmp_path / "children.json", say=said.append)
    yield one
    one.stop(grace_s=1)


def parent_killed(folder: Path, *command: str) -> int:
    """Start a parent with one child, kill the parent with SIGKILL and return the child's number."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), *command], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    if command[-1] == STUBBORN:
        assert until(lambda: (folder / "child.log").read_text() == "deaf\n")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    return child


def test_free_ports_are_all_different_and_can_be_listened_on() -> None:
    ports = processes.ports_free(5)

    assert len(set(ports)) == 5
    assert [processes.port_taken(port) for port in ports] == [False] * 5


def test_a_port_that_somebody_listens_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert processes.port_taken(port) is True
    assert processes.port_taken(port) is False


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    held = processes.folder_lock(tmp_path / "lock", busy="held by {pid}")

    with pytest.raises(AlreadyRunning) as refused:
        processes.folder_lock(tmp_path / "lock", busy="held by {pid}")

    assert str(refused.value) == f"held by {os.getpid()}"
    held.close()
    processes.folder_lock(tmp_path / "lock", busy="held by {pid}").close()


def test_a_file_with_secrets_is_open_to_its_owner_only(tmp_path: Path) -> None:
    processes.json_write(tmp_path / "secret.json", {"a": "甲"})

    assert (tmp_path / "secret.json").stat().st_mode & 0o777 == 0o600
    assert processes.json_read(tmp_path / "secret.json") == {"a": "甲"}
    assert [file.name for file in tmp_path.iterdir()] == ["secret.json"]


def test_a_record_that_was_cut_off_reads_as_empty(tmp_path: Path) -> None:
    (tmp_path / "children.json").write_text('{"children": {"web": {"pi')

    assert processes.json_read(tmp_path / "children.json") == {}
    assert leftovers_stop(tmp_path / "children.json") == []


def test_a_killed_child_comes_back_and_the_record_follows(
    tmp_path: Path, watched: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "BACKOFF_S", (0.1,))
    heard: list[int] = []
    watched.changed = lambda: heard.append(watched.pids["child"])
    watched.start(
        program(tmp_path, sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
    )
    first = watched.pids["child"]
    assert until(lambda: (tmp_path / "child.log").read_text() == "up\n")

    os.kill(first, signal.SIGKILL)
    assert until(lambda: watched.tick() or watched.pids.get("child", first) != first)

    second = watched.pids["child"]
    assert said == [
        "child was ended by SIGKILL after 0 s; starting it again in 0.1 s. Its last lines:",
        "  child | up",
        f"child runs again (pid {second}).",
    ]
    assert heard == [second]
    assert json.loads((tmp_path / "children.json").read_text())["children"]["child"]["pid"] == second


def test_a_child_that_can_not_start_shows_its_last_lines_once_and_waits_longer_each_time(
    tmp_path: Path, watched: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervisor, "BACKOFF_S", (0.1, 0.2, 30.0))
    watched.start(program(tmp_path, "/bin/sh", "-c", "echo broken; exit 3"))

    assert until(lambda: watched.tick() or len([line for line in said if "ended" in line]) == 3)

    assert [line for line in said if "runs again" not in line] == [
        "child ended with exit code 3 after 0 s; starting it again in 0.1 s. Its last lines:",
        "  child | broken",
        "child ended with exit code 3 after 0 s; starting it again in 0.2 s.",
        "child ended with exit code 3 after 0 s; starting it again in 30 s.",
    ]
    assert watched.pids == {}


def test_stopping_leaves_neither_a_deaf_child_nor_the_children_of_a_child(
    tmp_path: Path, watched: Supervisor
) -> None:
    watched.start(program(tmp_path, sys.executable, "-c", STUBBORN, name="deaf"))
    watched.start(program(tmp_path, "/bin/sh", "-c", "sleep 60 & echo $!; exec sleep 60", name="parent"))
    assert until(
        lambda: (tmp_path / "parent.log").read_text() != "" and (tmp_path / "deaf.log").read_text() != ""
    )
    grandchild = int((tmp_path / "parent.log").read_text())
    pids = [*watched.pids.values(), grandchild]
    assert [alive(pid) for pid in pids] == [True, True, True]

    watched.stop(grace_s=0.3)

    assert until(lambda: not any(alive(pid) for pid in pids))
    assert not (tmp_path / "children.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux's")
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    child = parent_killed(tmp_path, "/bin/sleep", "60")

    assert until(lambda: not alive(child))


def test_the_next_run_stops_what_a_killed_parent_left(tmp_path: Path) -> None:
    child = parent_killed(tmp_path, sys.executable, "-c", STUBBORN)
    assert alive(child)

    assert leftovers_stop(tmp_path / "children.json", grace_s=0.2) == ["child"]

    assert not alive(child)
    assert not (tmp_path / "children.json").exists()


def test_a_later_process_with_a_recorded_number_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["/bin/sleep", "60"])
    try:
        known = supervisor.identity(other.pid, ("/bin/sleep", "60"))
        records = {
            "started before": {**known, "started": known["started"] - 60},
            "another program": {**known, "program": "redis-server"},
        }
        processes.json_write(tmp_path / "children.json", {"mark": "", "children": records})

        assert leftovers_stop(tmp_path / "children.json", grace_s=0.2) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
