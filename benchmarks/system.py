"""The running system that the questions are put to: a whole stack of its own, with data, and the ways to look at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
from psycopg.rows import tuple_row

from benchmarks import BODIES
from benchmarks.load import request_bytes
from qingshan.browser import Browser
from qingshan.postgres_account import data_forget
from qingshan.processes import folder_lock
from qingshan.stack import Stack, stack
from qingshan.supervisor import leftovers_stop

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
API = "/api/v1"
# What the RUNBOOK advises for a server of this size is a quarter of its memory; the default is a sixth of one table here.
BUFFERS = "2GB"
# How long WeChat takes to answer where many messages are sent to it: 5 ms of the simulator's own work and the rest waiting.
ANSWER_S, WORK_S = 0.05, 0.005


@dataclass
class System:
    """A stack and what was made in it."""

    stack: Stack
    data: dict[str, Any] = field(default_factory=dict)

    # --- Addresses and processes -----------------------------------------------------------------------------------
    @property
    def port(self) -> int:
        """Return the web server's port."""
        return self.stack.ports.web

    @property
    def about(self) -> dict[str, Any]:
        """Return what the stack says of itself now: process ids change with each restart."""
        return self.stack.describe()

    @property
    def served_by(self) -> dict[str, int]:
        """Return the programs whose CPU a request costs."""
        pids = self.about["pids"]
        return {name: pids[name] for name in ("web", "postgres", "redis")}

    @property
    def postgres_log(self) -> Path:
        """Return the file that PostgreSQL writes to."""
        return self.stack.folder / "postgres.log"

    def control(self) -> Browser:
        """Return a caller of the WeChat simulator's control API."""
        return Browser(self.about["control"])

    def desk(self, role: str) -> Browser:
        """Return a browser signed in to the admin as demonstration staff with ``role``."""
        person = next(one for one in self.about["staff"] if role in one["roles"])
        browser = Browser(self.stack.web)
        page = browser.get("/admin/login/")
        answer = browser.submit(
            page, form="login-form", changes={"username": person["username"], "password": person["password"]}
        )
        if answer.status != 302:
            raise RuntimeError(f"{person['username']} could not sign in: {answer.status}")
        return browser

    # --- Looking into the database ---------------------------------------------------------------------------------
    def rows(self, sql: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """Return what ``sql`` gives, over a connection of its own."""
        url = self.stack.environment["DATABASE_URL"]
        with psycopg.connect(
            url, autocommit=True, application_name="benchmark", row_factory=tuple_row
        ) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def number(self, sql: LiteralString, *values: object) -> int:
        """Return the one number that ``sql`` gives."""
        return int(self.rows(sql, *values)[0][0])

    def sizes(self) -> dict[str, int]:
        """Return how many rows the tables that matter hold."""
        return {
            "cases": self.number("SELECT count(*) FROM feedback_case"),
            "timeline_entries": self.number("SELECT count(*) FROM feedback_timelineentry"),
            "inbox_messages": self.number("SELECT count(*) FROM notifications_inboxmessage"),
            "articles": self.number("SELECT count(*) FROM news_article"),
            "residents": self.number("SELECT count(*) FROM accounts_resident"),
        }

    # --- Doing -------------------------------------------------------------------------------------------------------
    def command(self, module: str, *arguments: str) -> str:
        """Run ``python -m module`` in the stack's environment and return what it printed.  Raises RuntimeError."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env={**os.environ, **self.stack.environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{module} ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def bare(self, name: str, body: bytes) -> str:
        """Give the bare view a body and return its path."""
        folder = Path(self.stack.environment["MEDIA_ROOT"]) / BODIES
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)
        return f"/bench/bare/{name}"

    def body_of(self, path: str, *, token: str = "") -> bytes:
        """Return the body of a GET.  Raises RuntimeError unless it answers 200."""
        caller = Browser(self.stack.web)
        if token:
            caller.headers["Authorization"] = f"Bearer {token}"
        answer = caller.get(path)
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}: {answer.text()[:300]}")
        return answer.body

    def etag_of(self, path: str) -> str:
        """Return the ``ETag`` of a GET."""
        return Browser(self.stack.web).get(path).headers["ETag"]

    def submissions(self, count: int) -> list[bytes]:
        """Return ``count`` submissions ready to be sent, each with a photo that none before it used."""
        taken = int(self.data.get("taken", 0))
        photos = self.data["photos"][taken : taken + count]
        if len(photos) < count:
            raise RuntimeError("benchmarks/data.py makes too few photos")
        self.data["taken"] = taken + count
        return [self._submission(photo, taken + number) for number, photo in enumerate(photos)]

    def _submission(self, photo: Mapping[str, Any], number: int) -> bytes:
        body = {
            "request_type": "report", "category": "0201", "street": "420107003", "identity": "named",
            "text": "建设二路公交站旁的路灯不亮，晚上看不清台阶。", "address": "建设二路公交站",
            "point": {"lng": 114.397853, "lat": 30.633169, "crs": "gcj02"}, "uploads": [photo["id"]],
        }  # fmt: skip
        headers = {
            "Authorization": f"Bearer {self.data['submitters'][photo['submitter']]['token']}",
            "Idempotency-Key": f"bench-{photo['id']}",
        }
        raw = json.dumps(body, ensure_ascii=False).encode()
        return request_bytes("POST", f"{API}/feedback/cases", number=number, headers=headers, body=raw)

    @contextmanager
    def workers_paused(self) -> Iterator[None]:
        """Hold the Celery workers still, so that PostgreSQL's CPU is what the web's requests cost and nothing else."""
        pids = self.about["pids"]
        workers = [pids[name] for name in ("worker-interactive", "worker-background", "worker-bulk")]
        tree = [one for pid in workers for one in _tree(pid)]
        for one in tree:
            one.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for one in tree:
                with suppress(psutil.Error):
                    one.send_signal(signal.SIGCONT)

    def outbox_wait(self, *, timeout_s: float) -> bool:
        """Wait until no delivery is queued or being sent; False when ``timeout_s`` passed first."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if not self.number(
                "SELECT count(*) FROM notifications_delivery WHERE state IN ('queued', 'sending')"
            ):
                return True
            time.sleep(0.2)
        return False


def _tree(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants."""
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def killed(pid: int) -> int:
    """Send SIGKILL to a process and its descendants; returns how many there were."""
    tree = _tree(pid)
    for one in tree:
        with suppress(psutil.Error):
            one.kill()
    return len(tree)


def _fresh(name: str) -> Path:
    """Return the folder of a new stack, without what a killed run left in it.  Raises AlreadyRunning."""
    folder = LOCAL / name
    if folder.exists():
        lock = folder_lock(folder / "stack.lock", busy=f"Another run (pid {{pid}}) uses {name}.")
        leftovers_stop(folder / "children.json")
        leftovers_stop(folder / "servers.json")
        data_forget(folder)
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@contextmanager
def system_with_data(*, size: int) -> Iterator[System]:
    """Run a stack for benchmarks, filled anew, so that each run measures the same rows."""
    with stack(folder=_fresh("bench"), extra=SETTINGS, keep=False) as running:
        one = System(running)
        out = running.folder / "bench.json"
        one.command("benchmarks.data", "--size", str(size), "--out", str(out))
        one.data = json.loads(out.read_text(encoding="utf-8"))
        one.rows("ANALYZE")
        yield one


@contextmanager
def system_million(*, cases: int) -> Iterator[System]:
    """Run a stack with ``cases`` cases of the last year, written by SQL: a million takes three minutes."""
    os.environ["EMBEDDED_SHARED_BUFFERS"] = BUFFERS
    with stack(folder=_fresh(f"bench-{cases}"), extra=SETTINGS, keep=False) as running:
        one = System(running)
        one.data = {
            "cases": cases,
            "seconds": json.loads(one.command("benchmarks.million", "--cases", str(cases))),
        }
        yield one


@contextmanager
def system_for_proof(name: str) -> Iterator[System]:
    """Run a stack whose claims run out and whose sweeps come quickly, for one proof."""
    extra = {**SETTINGS, "OUTBOX_CLAIM_S": "6", "OUTBOX_SWEEP_S": "2", "OUTBOX_RECEIPT_WAIT_S": "5"}
    with stack(folder=_fresh(f"prove-{name}"), extra=extra, keep=False) as running:
        yield System(running)


@contextmanager
def system_for_a_crowd(name: str) -> Iterator[System]:
    """Run a stack for one question about many messages; no event is pushed, for it asks about sending alone."""
    os.environ["EMBEDDED_SHARED_BUFFERS"] = BUFFERS
    extra = {**SETTINGS, "WECHAT_PUSH_TOKEN": ""}
    answering = ("--answer-delay-s", str(ANSWER_S - WORK_S))
    with stack(folder=_fresh(f"bench-{name}"), extra=extra, simulator=answering, keep=False) as running:
        yield System(running)
